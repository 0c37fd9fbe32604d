"""A home whose moments are known to the second."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.home import Home
from tests.streamlit_app import data_home, homes
from tests.streamlit_app.filled import copied


@pytest.fixture
def home(trainplat_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    def then(made: Home) -> None:
        homes.fill(made, datetime(2026, 3, 1, 12, 0, tzinfo=UTC))

    return copied(Home(trainplat_home), "readings", then, tmp_path_factory)


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
