"""What tests of trainings share."""

from collections.abc import Iterator

import pytest


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Two share each sum, for tests of those who see to it that one does, and of what they leave behind."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with threadpool_limits(2):
        yield
    torch.set_num_threads(before)
