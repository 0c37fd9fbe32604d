"""``trainplat data remote``, ``push``, ``pull`` and ``status``."""

import shutil
from pathlib import Path

from tests.resources.data.auditor import md5_of
from tests.resources.data.interop.conftest import FILES, write
from tests.resources.data.interop.dvc import contents
from tests.trainplat_cli.commands.data.running import data, told


def test_a_version_goes_to_a_remote_and_comes_back(tmp_path: Path, trainplat_home: Path) -> None:
    assert "no remote yet" in data("remote", "list").stdout
    assert "no remote yet" in data("status").stdout
    data("commit", "shapes", write(tmp_path / "work", FILES))
    assert "Next: trainplat data remote check" in data("remote", "add", "disk", tmp_path / "disk").stdout
    assert told("remote", "list")["remotes"][0]["url"] == f"file://{tmp_path / 'disk'}"
    assert "can be written and read" in data("remote", "check").stdout
    assert told("status")["remotes"][0]["missing"] == ["shapes v1.0"]
    assert "disk" in data("status", "shapes").stdout
    assert data("push", "shapes").stdout.startswith("1 versions are new there; 3 objects, 2.2 MiB")
    assert told("push", "shapes", "--again")["sent"] == 0
    shutil.rmtree(trainplat_home / "data" / ".cache")
    data("restore", "shapes", "v1.0", "--to", tmp_path / "mended")
    assert contents(tmp_path / "mended") == FILES
    shutil.rmtree(trainplat_home / "data" / ".cache")
    assert "4 objects were fetched" in data("pull", "shapes").stdout
    assert told("pull", "shapes")["fetched"] == 0
    assert told("remote", "check", "disk")["usable"] is True
    assert "disk" in data("remote", "list").stdout
    data("remote", "remove", "disk")
    assert told("remote", "list") == {"remotes": []}
    assert told("remote", "add", "disk", tmp_path / "disk")["remote"] == "disk"


def test_a_second_remote_gets_all_by_rule_and_its_lag_is_shown(tmp_path: Path) -> None:
    data("commit", "shapes", write(tmp_path / "work", FILES))
    data("remote", "add", "far", tmp_path / "far")
    assert "data status" in data("remote", "replicate", "far", "shapes").stdout
    [lag] = told("status")["replicas"]
    assert (lag["remote"], lag["dataset"], lag["versions_behind"]) == ("far", "shapes", 1)
    assert "far is 1 version of shapes behind, for" in data("status").stdout
    (tmp_path / "far").write_bytes(b"no folder")
    assert "remote far" in data("remote", "replicate", "far", "shapes", "--now", code=1).stderr
    (tmp_path / "far").unlink()
    assert told("remote", "replicate", "far", "--now")["pushed"] == 1
    assert told("status", "shapes")["replicas"][0]["behind_since"] is None
    assert "far has all versions of shapes" in data("status").stdout
    shutil.rmtree(tmp_path / "far" / "files")
    said = data("remote", "replicate", "far", "--now").stderr
    assert "far has lost shapes v1.0; it was sent again." in said
    assert list((tmp_path / "far").rglob("*.dir"))
    shutil.rmtree(tmp_path / "far" / "files")
    again = told("remote", "replicate", "far", "--now")
    assert (again["lost"], again["pushed"]) == ([{"remote": "far", "version": "shapes v1.0"}], 1)
    shutil.rmtree(tmp_path / "far" / "files")
    (tmp_path / "far" / "files").write_bytes(b"no folder")
    assert "far" in data("remote", "replicate", "far", "--now", code=1).stderr
    (tmp_path / "far" / "files").unlink()
    (tmp_path / "far" / "files" / "md5").mkdir(parents=True)
    name = md5_of(FILES["train/a.txt"])
    (tmp_path / "far" / "files" / "md5" / name[:2]).write_bytes(b"no folder")
    said = data("remote", "replicate", "far", "--now", code=1).stderr
    assert "far has lost shapes v1.0; it could not be sent again now." in said
    shutil.rmtree(tmp_path / "far")
    said = data("remote", "check", "far", code=1).stderr
    assert "remote far is not at" in said
    assert "trainplat data remote check far --accept" in said
    assert told("remote", "check", "far", "--accept")["usable"] is True
    assert told("remote", "replicate", "far", "--now")["pushed"] == 1
    assert "stays" in data("remote", "replicate", "far", "--remove").stdout
    data("remote", "replicate", "far", "--remove", code=4)
