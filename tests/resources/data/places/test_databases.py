"""What remotes have is written down the same way in each database."""

import shutil
from pathlib import Path

import pytest

from resources.data.places.service import PlaceService
from resources.data.versions import store
from resources.data.versions.model import State
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from tests.resources.data.interop.conftest import ACTOR, FILES, SHAPES, commit, write
from tests.resources.data.interop.dvc import contents


def test_a_version_goes_to_a_folder_is_known_there_comes_back_and_is_erased(
    any_database: Database, trainplat_home: Path, tmp_path: Path
) -> None:
    home = Home(trainplat_home)
    versions, places = VersionService(home, any_database), PlaceService(home, any_database)
    version = commit(versions, write(tmp_path / "work", FILES))
    added = places.add("disk", str(tmp_path / "disk"), ACTOR)
    assert places.add("disk", str(tmp_path / "disk"), ACTOR) == added
    with pytest.raises(Conflict, match="already"):
        places.add("disk", str(tmp_path / "another"), ACTOR)
    assert [(one.there, len(one.missing)) for one in places.status(SHAPES)] == [((), 1)]
    assert places.push(SHAPES, None, None, ACTOR).sent == 3
    assert places.push(SHAPES, None, None, ACTOR).versions == ()
    assert len(places.status(SHAPES)[0].there) == 1
    for name in (*versions.tree(version).names, version.tree_md5):
        versions.objects.path(name).unlink()
    shutil.rmtree(versions.objects.cache / "trees")
    mending = VersionService(home, any_database, repair=places.repair)
    mending.restore(SHAPES, "v1.0", tmp_path / "back")
    assert contents(tmp_path / "back") == FILES
    names = [*versions.tree(version).names, version.tree_md5]
    places.erase(names)
    assert len(contents(tmp_path / "disk" / "files")) == len(set(names)), "the version needs them still"
    with any_database.write_plainly() as rows:
        store.set_state(rows, SHAPES, version.key, State.ERASED)
    places.erase(names)
    assert contents(tmp_path / "disk" / "files") == {}
    assert places.status()[0].there == ()
    places.remove("disk", ACTOR)
    with pytest.raises(NotFound, match="no remote yet"):
        places.remote(None)
