"""The Dagster resource."""

from pathlib import Path

import pytest

from resources.labeling.resource import LabelStudioResource


def test_it_works_on_the_home_that_the_environment_names_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = LabelStudioResource()

    for name in ("one", "two"):
        monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / name))
        assert resource.service().home.path == tmp_path / name


def test_making_it_and_its_service_asks_nobody(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", "http://127.0.0.1:9")

    LabelStudioResource().service()
