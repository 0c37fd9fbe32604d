from pathlib import Path

import pytest

from resources.data.resource import DataResource
from tests.resources.data.shapes import ACTOR, SHAPES


def test_the_home_is_the_one_that_the_environment_names_at_use_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = DataResource()
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "one"))
    resource.service().plan_first(SHAPES, ACTOR)
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "other"))
    assert resource.service().versions(SHAPES.name) == []
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "one"))
    assert [one.version for one in resource.service().versions(SHAPES.name)] == ["v1.0"]
