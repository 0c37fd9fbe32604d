"""What the tests of enforcement share."""

from pathlib import Path

import pytest

from resources.gpu.enforcement.cgroup import NoGroups, parent_of_groups


@pytest.fixture
def groups() -> Path:
    """Where control groups with limits can be made. No package brings them: it is the kernel's set-up."""
    found = parent_of_groups()
    if isinstance(found, NoGroups):
        pytest.skip(f"no run can have a control group here: {found.reason}")
    return found
