import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.errors import BadInput, NotFound
from resources.home import Home
from resources.texts import translator
from streamlit_app.readings.source import NO_HOME, EmptyHome, dataset_names, failure_of, open_home
from tests.streamlit_app import homes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_home_that_is_not_there_is_empty_and_stays_so(trainplat_home: object) -> None:
    with pytest.raises(EmptyHome, match="there is no home at"):
        open_home()
    home = Home.from_environment()
    home.path.mkdir()
    with pytest.raises(EmptyHome, match="has no database yet"):
        open_home()
    assert dataset_names(home, home.database()) == ()


def test_folders_that_hold_no_version_are_no_data_sets(home: Home) -> None:
    for name in (".cache", "empty"):
        (home.data / name).mkdir()
    assert dataset_names(home, home.database()) == (homes.DIGITS,)


def test_only_what_was_foreseen_is_told_in_words() -> None:
    told = failure_of(BadInput("the port is 0", "Give one."), translator("en"))
    assert told is not None
    assert (told.problem, told.next_step) == ("the port is 0", "Give one.")
    assert isinstance(EmptyHome(NO_HOME, Path("here")), NotFound)
    assert failure_of(ZeroDivisionError(), translator("en")) is None


def test_no_page_loads_anything_heavy() -> None:
    """First paint within a second: neither torch nor MLflow nor Dagster come with the pages."""
    modules = ["frame", "readings.loop", "readings.cluster", "readings.comparison", "charts", "problems"]
    code = "import sys\n" + "".join(f"import streamlit_app.{module}\n" for module in modules)
    heavy = ("torch", "mlflow", "dagster", "dvc", "sklearn", "label_studio_sdk", "matplotlib", "pandas")
    code += f"print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
