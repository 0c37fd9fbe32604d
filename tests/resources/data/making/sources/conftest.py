"""What the tests of sources share."""

from pathlib import Path

import pytest

from tests.resources.data.making.sources.taken import Taker


@pytest.fixture
def taker(tmp_path: Path) -> Taker:
    """Takes sources that lie in ``tmp_path``."""
    return Taker(tmp_path)
