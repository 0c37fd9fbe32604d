"""The data sets of a test's own home."""

from pathlib import Path

import pytest

from resources.data.service import DataService
from tests.resources.data import shapes


@pytest.fixture
def data(trainplat_home: Path) -> DataService:
    """An empty store of data sets, whose clock stands still."""
    return shapes.service(trainplat_home)
