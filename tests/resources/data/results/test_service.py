"""Results are kept once, as versions of the store, and keep what they rest on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.collecting.dependents import Kind
from resources.data.collecting.service import CollectingService
from resources.data.results.model import Follow, ResultSnapshot, TrainingResult
from resources.data.results.service import ResultService, results_of
from resources.data.storage.worktree import quiet
from resources.data.versions import journal, sweeps
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

RUN = Actor("run:1234")
DEMO = DatasetName("demo")
RESULT = TrainingResult(
    dataset=DEMO,
    version=VersionKey("v1.0"),
    branch=None,
    snapshot_id="a" * 64,
    weights=b"weights",
    memory=b"samples",
    metrics=(("train_loss", 1, 0.5), ("train_loss", 2, 0.25)),
    configuration={"settings": {"epochs": "2"}},
    log="epoch 1\nepoch 2\n",
    run_id="1234",
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def results(home: Home, any_database: Database, tmp_path: Path) -> ResultService:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    versions = VersionService(home, any_database)
    versions.commit(Wanted(DEMO, folder, "", Actor("user:ann"), "ann"))
    folder.rename(tmp_path / "moved")  # no work tree keeps the version
    return ResultService(home, any_database)


def test_a_result_is_a_version_with_model_metrics_configuration_and_log(
    home: Home, results: ResultService, tmp_path: Path
) -> None:
    kept = results.keep(RESULT, RUN)
    assert kept.id == "demo_results v1.0"
    versions = VersionService(home, results.database)
    found = versions.restore(results_of(DEMO), kept.key, tmp_path / "out")
    assert (found.message, found.author, found.parents) == ("result of demo v1.0", RUN, ())
    out = tmp_path / "out"
    assert (out / "model" / "weights.pt").read_bytes() == b"weights"
    assert (out / "model" / "memory.bin").read_bytes() == b"samples"
    assert (out / "metrics.csv").read_text() == "name,step,value\ntrain_loss,1,0.5\ntrain_loss,2,0.25\n"
    assert (out / "logs" / "training.log").read_text() == RESULT.log
    told = json.loads((out / "configuration.json").read_text())
    assert (told["dataset_version"], told["snapshot"], told["settings"]) == (
        "v1.0",
        "a" * 64,
        {"epochs": "2"},
    )


def test_the_same_training_again_makes_no_second_result(results: ResultService) -> None:
    kept = results.keep(RESULT, RUN)
    assert results.keep(replace(RESULT, log="another time", run_id="5678"), RUN) == kept
    other = results.keep(replace(RESULT, weights=b"others"), RUN)
    assert (other.key, len(results.results(DEMO))) == ("v1.1", 2)


def test_a_training_that_remembers_nothing_keeps_no_memory(home: Home, results: ResultService) -> None:
    kept = results.keep(replace(RESULT, memory=None), RUN)
    tree = VersionService(home, results.database).tree(
        VersionService(home, results.database).show(results_of(DEMO), kept.key)
    )
    assert tree.position("model/memory.bin") is None
    assert tree.position("model/weights.pt") is not None


def test_what_a_model_rests_on_is_not_erased(home: Home, results: ResultService) -> None:
    collecting = CollectingService(home, results.database)
    bound = results.bind(results.keep(RESULT, RUN), "models:/demo/1", RUN)
    assert results.bind(bound, "models:/demo/1", RUN) == bound
    assert [(one.kind, one.name) for one in collecting.dependents(DEMO)] == [(Kind.MODEL, "models:/demo/1")]
    for dataset in (DEMO, results_of(DEMO)):
        with pytest.raises(Conflict, match="model models:/demo/1 depend on it"):
            collecting.erase(dataset, "v1.0", RUN)
    assert collecting.verify(results_of(DEMO), None, quiet).damaged == ()


def test_what_came_of_a_branch_is_kept_with_the_result(results: ResultService) -> None:
    kept = results.keep(RESULT, RUN)
    assert results.follow(kept, Follow.MERGED, RUN).follow is Follow.MERGED
    assert [one.follow for one in results.results(DEMO)] == [Follow.MERGED]
    unknown = ResultSnapshot(**{**vars(kept), "weights_sha256": "0" * 64})
    with pytest.raises(NotFound, match=r"the result demo_results v1\.0 is not known here"):
        results.bind(unknown, "models:/demo/1", RUN)


def test_a_result_that_is_swept_while_it_is_kept_is_written_again(
    results: ResultService, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, swept = results._write, list[str]()

    def write_then_swept(result: TrainingResult) -> object:
        tree = write(result)
        if not swept:
            swept.append(tree.names[0])
            results.objects.path(tree.names[0]).unlink()
            with results.database.write_plainly() as rows:
                sweeps.count(rows)
        return tree

    monkeypatch.setattr(results, "_write", write_then_swept)
    results.keep(RESULT, RUN)
    assert results.objects.path(swept[0]).exists()
    with results.database.read_plainly() as rows:
        assert journal.intents(rows) == []

    def always_swept(result: TrainingResult) -> object:
        swept.clear()
        return write_then_swept(result)

    monkeypatch.setattr(results, "_write", always_swept)
    with pytest.raises(Conflict, match="was swept away 3 times"):
        results.keep(replace(RESULT, weights=b"others"), RUN)
