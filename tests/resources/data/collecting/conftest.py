"""A store on each database."""

from pathlib import Path

import pytest

from resources.database.engine import Database
from resources.home import Home
from tests.resources.data.collecting.stores import Store


@pytest.fixture
def kept(any_database: Database, trainplat_home: Path) -> Store:
    """An empty store."""
    return Store(Home(trainplat_home), any_database)
