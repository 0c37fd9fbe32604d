"""The databases of a Dagster instance, made once and copied: to make them takes longer than most tests."""

import shutil
from pathlib import Path

import pytest

from resources.runs.instance import make_storages

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def dagster_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an instance that holds nothing yet."""
    base = tmp_path_factory.mktemp("dagster-template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINPLAT_HOME", str(base / "home"))
        folder = base / "dagster"
        folder.mkdir()
        link_settings(folder)
        make_storages(folder)
    return folder


def copy_instance(template: Path, folder: Path) -> Path:
    """Make ``folder`` an instance of its own with the databases of ``template``. Returns ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    link_settings(folder)
    for databases in ("history", "schedules"):
        shutil.copytree(template / databases, folder / databases)
    return folder


def link_settings(folder: Path) -> None:
    """Link the checkout's ``dagster.yaml`` into ``folder``."""
    (folder / "dagster.yaml").symlink_to(CHECKOUT / "dagster.yaml")
