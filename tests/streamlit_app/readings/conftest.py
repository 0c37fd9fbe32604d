"""A home whose moments are known to the second."""

from datetime import UTC, datetime

import pytest

from resources.home import Home
from tests.streamlit_app import homes


@pytest.fixture
def home(trainplat_home: object) -> Home:
    made = Home.from_environment()
    homes.fill(made, datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
    return made
