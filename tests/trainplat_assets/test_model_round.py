"""Rounds out of their order, and rounds that are killed, without Dagster."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.locks.service import LockService
from resources.data.model import ImageSet, Split
from resources.errors import NotFound
from resources.home import Home
from resources.learning.network import from_bytes, to_bytes
from resources.registry.model import Candidate, Decision
from resources.serving.deployments.model import Served
from resources.terms import FIRST_VERSION, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.rounds import (
    SPEC,
    data_service,
    make_first,
    make_next,
    mlflow_tags,
    registry_service,
    results_service,
)
from trainplat_assets.model_round import Round, identity_of, sentence


def round_of(home: Path, version: VersionKey = FIRST_VERSION) -> Round:
    return Round(SPEC, version, data_service(home), registry_service(home), ACTOR)


def test_a_round_out_of_its_order_says_what_comes_first(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    with pytest.raises(NotFound, match=r"the snapshot of shapes v1.0 has no model") as caught:
        round_of(trainplat_home).evaluate()
    assert "Materialize shapes/model for partition v1.0 first." in str(caught.value)
    with pytest.raises(NotFound, match=r"shapes v1.0 has no evaluation"):
        round_of(trainplat_home).decide()
    second = make_next(data)
    with pytest.raises(NotFound, match=r"shapes v1.0 has no champion, which v1.1 is") as caught:
        round_of(trainplat_home, second).train(device="cpu", threads=1, run_id="r")
    assert "Run shapes_round for partition v1.0 first." in str(caught.value)


def test_a_round_trains_as_its_data_set_declares(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    round_ = round_of(trainplat_home)
    short = replace(round_, spec=replace(SPEC, training=TrainSettings(epochs=2, channels=4)))
    done = short.train(device="cpu", threads=1, run_id="r")
    assert [point.epoch for point in done.weights.curve] == [1, 2]


def test_a_training_under_kill_9_is_resumed_and_registered_once(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.trainplat_assets.test_model_round import round_of\n"
        "def stop(point):\n"
        "    if point.epoch == 25: os.kill(os.getpid(), signal.SIGKILL)\n"
        "round_of(Path(sys.argv[1])).train(device='cpu', threads=1, run_id='r', progress=stop)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(trainplat_home)], env=os.environ, timeout=200)
    assert killed.returncode == -signal.SIGKILL
    assert len(list((trainplat_home / "checkpoints" / "shapes").iterdir())) == 1
    done = round_of(trainplat_home).train(device="cpu", threads=1, run_id="r")
    assert done.created
    assert done.weights.resumed_from_epoch == 20
    assert [point.epoch for point in done.weights.curve] == list(range(1, 61))
    assert not list((trainplat_home / "checkpoints" / "shapes").iterdir())
    assert round_of(trainplat_home).registered() == done.model


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["register", "_settled", "bind"])
def test_a_training_killed_beside_its_result_keeps_it_once(trainplat_home: Path, moment: str) -> None:
    """Before the model is registered, when it is, and before the result is said to be of it."""
    make_first(trainplat_home)
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from resources.data.results.service import ResultService\n"
        "from resources.registry.service import RegistryService\n"
        "from tests.trainplat_assets.test_model_round import round_of\n"
        "def killed(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "register = RegistryService.register\n"
        "def registered(*given): register(*given); killed()\n"
        f"moment = {moment!r}\n"
        "if moment == 'bind': ResultService.bind = killed\n"
        "else: RegistryService.register = killed if moment == 'register' else registered\n"
        "round_ = round_of(Path(sys.argv[1]))\n"
        "with round_.locked(): round_.train(device='cpu', threads=1, run_id='r')\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(trainplat_home)], env=os.environ, timeout=200)
    assert killed.returncode == -signal.SIGKILL
    results, locks = results_service(trainplat_home), LockService(Home(trainplat_home).database())
    assert [one.model for one in results.results(SPEC.name)] == [None]
    assert locks.locks() == [], "the dead hold nothing"
    round_ = round_of(trainplat_home)
    with round_.locked():
        assert [one.owner for one in locks.locks()] == [ACTOR]
        model = round_.registered()
        if model is None:
            model = round_.train(device="cpu", threads=1, run_id="r").model
        kept = round_.result_of(model)
    assert [one.id for one in results.results(SPEC.name)] == [kept.id]
    assert kept.model == "models:/shapes/1"
    assert mlflow_tags(trainplat_home, 1)["trainplat.result_snapshot"] == kept.id
    assert locks.locks() == []


def test_a_model_of_an_earlier_release_gets_its_result_when_it_is_met_again(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    round_ = round_of(trainplat_home)
    model = round_.train(device="cpu", threads=1, run_id="r").model
    with Home(trainplat_home).database().write_plainly() as rows:
        rows.run("DELETE FROM data_results")
        rows.run("DELETE FROM data_parents")
        rows.run("DELETE FROM data_versions")
    with round_.locked():
        kept = round_.result_of(model)
    assert kept.model == model.uri
    assert mlflow_tags(trainplat_home, 1)["trainplat.result_snapshot"] == kept.id


def test_the_identity_of_a_test_set_follows_samples_and_labels_not_their_order(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    test = data.images(SPEC.name, FIRST_VERSION, Split.TEST)
    assert test.labels is not None
    backwards = ImageSet(test.ids[::-1], test.images[::-1], test.labels[::-1])
    relabelled = replace(test, labels=1 - test.labels)
    assert identity_of(test) == identity_of(backwards) != identity_of(relabelled)
    with pytest.raises(NotFound, match="came without answers"):
        identity_of(data.images(SPEC.name, FIRST_VERSION, Split.POOL))


def test_a_decision_is_a_sentence() -> None:
    from datetime import UTC, datetime

    promoted = Decision(
        SPEC.name, VersionKey("v1.1"), 150, 2, 0.96, 0.94, True, 2, VersionKey("v1.1"), 3.0, datetime.now(UTC)
    )
    barred = replace(promoted, promoted=False, champion_version=FIRST_VERSION, barred="size: too large")
    assert sentence(barred) == (
        "Model 2 from v1.1 reaches 96.0% accuracy, the champion from v1.0 94.0%: the champion stays, as its "
        "gates bar the new one: size: too large."
    )
    assert sentence(promoted) == (
        "Model 2 from v1.1 reaches 96.0% accuracy, the champion before it 94.0%: it is the new champion."
    )


@pytest.mark.slow
def test_a_version_that_was_measured_before_somebody_was_crowned_is_measured_again(
    trainplat_home: Path,
) -> None:
    data = make_first(trainplat_home)
    first = round_of(trainplat_home)
    model = first.train(device="cpu", threads=1, run_id="r").model
    first.evaluate()
    assert first.decide().champion_number == model.number
    second = round_of(trainplat_home, make_next(data))
    newer = second.train(device="cpu", threads=1, run_id="s").model
    assert second.evaluate().champion == model.number
    registry = registry_service(trainplat_home)
    registry.crown(newer, ACTOR, "by hand")
    decision = second.decide()
    evaluation = registry.evaluation(SPEC.name, second.version)
    assert evaluation is not None
    assert evaluation.champion == decision.champion_number == newer.number
    assert second.decide() == decision
    assert second.deploy(decision) is None, "nobody was promoted by the round"


@pytest.mark.slow
def test_a_round_that_is_run_again_brings_back_nothing_that_was_replaced(trainplat_home: Path) -> None:
    make_first(trainplat_home)
    round_ = round_of(trainplat_home)
    model = round_.train(device="cpu", threads=1, run_id="r").model
    round_.evaluate()
    decision = round_.decide()
    deployed = round_.deploy(decision)
    assert deployed is not None
    assert deployed.live == Served(model.number)
    assert round_.deploy(decision) == deployed
    registry = registry_service(trainplat_home)
    network = from_bytes(registry.weights(model))
    candidate = Candidate(
        dataset=SPEC.name,
        version=VersionKey("v1.1"),
        snapshot_id="7" * 64,
        weights=to_bytes(network),
        network=network,
        image_size_px=SPEC.image_size_px,
        classes=SPEC.classes,
    )
    other = registry.register(candidate, ACTOR).model
    registry.crown(other, ACTOR, "by hand")
    assert round_.deploy(decision) is None
