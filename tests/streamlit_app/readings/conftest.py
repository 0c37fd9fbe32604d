"""A home whose moments are known to the second."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.home import Home
from tests.streamlit_app import data_home, homes


@pytest.fixture
def home(trainplat_home: object) -> Home:
    made = Home.from_environment()
    homes.fill(made, datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    return made


@pytest.fixture
def letters(trainplat_home: Path, tmp_path: Path) -> Home:
    """A data set that two people have changed at once."""
    made = Home(trainplat_home)
    data_home.fill(made, tmp_path / "source")
    return made


@pytest.fixture
def home_of_objects(trainplat_home: Path) -> Home:
    """A home for objects alone."""
    return Home(trainplat_home)
