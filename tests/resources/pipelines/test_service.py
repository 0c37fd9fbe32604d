"""Versions are numbered by what files say, once each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.errors import Conflict
from resources.home import Home
from resources.pipelines.folder import Broken, Folder
from resources.pipelines.service import PipelineService
from resources.terms import Actor
from tests.resources.pipelines.texts import PRETRAIN, with_lines

ANN = Actor("user:ann")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path, trainplat_home: Path) -> PipelineService:
    return PipelineService(Folder(tmp_path / "pipelines"), Home(trainplat_home).database(), lambda: NOW)


def test_each_content_is_one_version_whoever_sees_it_again(service: PipelineService) -> None:
    first = service.make("wine", PRETRAIN, ANN)
    second = service.make("wine", with_lines("seeds: [1]"), ANN, force=True)
    again = service.make("wine", "# as it was\n" + PRETRAIN, Actor("user:ben"), force=True)
    assert (first.number, second.number, again.number) == (1, 2, 1)
    assert [one.content_hash for one in service.versions("wine")] == [
        first.content_hash,
        second.content_hash,
    ]
    assert (first.made_at, first.actor, first.owner) == (NOW, ANN, "team:ml")
    actions = [(row.action, row.subject) for row in recent(service.database)]
    assert actions == [("pipelines.version", "wine:2"), ("pipelines.version", "wine:1")]


def test_one_that_is_there_is_not_written_over(service: PipelineService) -> None:
    service.make("wine", PRETRAIN, ANN)
    with pytest.raises(Conflict):
        service.make("wine", with_lines("seeds: [1]"), ANN)
    assert len(service.versions("wine")) == 1


def test_what_an_editor_changed_is_the_next_version_until_it_is_seen(service: PipelineService) -> None:
    service.make("wine", PRETRAIN, ANN)
    service.folder.write("wine", with_lines("seeds: [1]"), force=True)
    (listed,) = service.listed()
    assert (listed.number, listed.current) == (2, None)
    service.seen(service.folder.read("wine"), ANN)
    (listed,) = service.listed()
    assert listed.current is not None
    assert listed.current.number == 2


def test_a_broken_file_has_the_versions_that_it_had(service: PipelineService) -> None:
    service.make("wine", PRETRAIN, ANN)
    service.folder.file("wine").write_text("type: none\n")
    (listed,) = service.listed()
    assert isinstance(listed.pipeline, Broken)
    assert (listed.current, len(listed.versions)) == (None, 1)
