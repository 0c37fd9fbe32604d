import threading
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from resources.database.audit import recent
from resources.errors import BadInput, Conflict, NotFound, Unavailable
from resources.home import Home
from resources.registry import service as service_module
from resources.registry import store
from resources.registry.client import CANDIDATE, Mlflow
from resources.registry.facts import ModelFacts
from resources.registry.model import Decision
from resources.terms import DatasetName, VersionKey
from tests.resources.registry.examples import ACTOR, candidate, evaluation, scores, service
from tests.servers.mlflow import MlflowServer, free_port

pytestmark = pytest.mark.usefixtures("mlflow_in_home")

V0, V1, V2 = VersionKey("v1.0"), VersionKey("v1.1"), VersionKey("v1.2")


@pytest.fixture(params=["server", "home"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With a real server, and with the home's own database."""
    if request.param == "server":
        monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", request.getfixturevalue("mlflow_server").url)
    return str(request.param)


@pytest.mark.real
def test_three_rounds_leave_a_champion_that_mlflow_shows(place: str, trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("rounds")
    first = registry.register(candidate(name, V0, "0" * 64), ACTOR)
    again = registry.register(candidate(name, V0, "0" * 64), ACTOR)
    assert (first.created, again.created) == (True, False)
    assert again.model == first.model == registry.find(name, "0" * 64, ACTOR)
    assert registry.champion(name) is None

    registry.record_evaluation(evaluation(name, V0, first.model.number, scores(80, 20)), ACTOR)
    one = registry.decide(name, V0, labels=100, lease_s=4.5, actor=ACTOR)
    assert (one.promoted, one.accuracy_old, one.champion_number) == (True, None, first.model.number)

    second = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    worse = evaluation(name, V1, second.number, scores(70, 30), first.model.number, scores(80, 20))
    registry.record_evaluation(worse, ACTOR)
    two = registry.decide(name, V1, labels=150, lease_s=2.0, actor=ACTOR)
    assert (two.promoted, two.champion_number, two.champion_version) == (False, first.model.number, V0)
    assert registry.champion(name) == first.model

    third = registry.register(candidate(name, V2, "2" * 64), ACTOR).model
    better = evaluation(name, V2, third.number, scores(90, 10), first.model.number, scores(80, 20))
    registry.record_evaluation(better, ACTOR)
    three = registry.decide(name, V2, labels=200, lease_s=2.0, actor=ACTOR)
    assert registry.decide(name, V2, labels=200, lease_s=9.0, actor=ACTOR) == three
    assert registry.champion(name) == third
    assert registry.champion_after(name, V1) == first.model
    assert registry.champion_after(name, VersionKey("v1.3")) is None
    assert registry.decisions(name) == [one, two, three]
    assert registry.decision(name, V2) == three
    assert registry.evaluation(name, V2) == better
    assert registry.evaluations(name)[V2] == better
    assert registry.evaluations(DatasetName("nothing")) == {}
    assert registry.model(name, third.number) == third

    with Mlflow(registry.home)._asked() as client:
        assert int(client.get_model_version_by_alias(name, "champion").version) == third.number
        assert int(client.get_model_version_by_alias(name, "challenger").version) == third.number
        shown = client.get_run(third.mlflow_run_id)
        assert shown.data.metrics["test_accuracy"] == 0.9
        assert shown.data.metrics["champion_test_accuracy"] == 0.8
        assert shown.data.params == {"seed": "3"}
        assert [point.value for point in client.get_metric_history(third.mlflow_run_id, "train_loss")] == [
            0.7,
            0.4,
        ]
        assert shown.info.status == "FINISHED"
    actions = [row.action for row in recent(registry.database)]
    assert actions.count("registry.register") == 3
    assert actions.count("registry.decide") == 3
    link = registry.link(third)
    assert (link is None) == (place == "home")


@pytest.mark.real
def test_what_a_server_wrote_is_read_without_it_and_the_other_way_round(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    made = candidate("moved")
    model = service(trainplat_home).register(made, ACTOR).model
    with_server = service(trainplat_home).weights(model)
    monkeypatch.delenv("TRAINPLAT_MLFLOW_URL")
    assert service(trainplat_home).weights(model) == with_server == made.weights
    relative = replace(
        model, source=model.source.replace(trainplat_home.as_uri() + "/mlflow/artifacts", "mlflow-artifacts:")
    )
    assert service(trainplat_home).weights(relative) == made.weights


@pytest.mark.real
def test_a_server_on_another_machine_keeps_the_artifacts_itself(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    monkeypatch.setattr("resources.registry.client._LOOPBACK", set())
    made = candidate("remote")
    model = service(trainplat_home).register(made, ACTOR).model
    assert model.source.startswith("mlflow-artifacts:")
    assert not (trainplat_home / "mlflow" / "artifacts").exists()
    assert service(trainplat_home).weights(model) == made.weights


def test_damaged_weights_are_refused_with_the_place_and_what_to_do(trainplat_home: Path) -> None:
    registry = service(trainplat_home)
    model = registry.register(candidate("damaged"), ACTOR).model
    file = next((trainplat_home / "mlflow" / "artifacts").rglob("weights.pt"))
    file.write_bytes(b"other")
    with pytest.raises(BadInput, match=r"weights of models:/damaged/1 .* not the ones") as caught:
        registry.weights(model)
    assert "train damaged v1.0 again" in caught.value.next_step


def test_a_version_that_was_registered_twice_is_taken_back(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("twice")
    made = candidate("twice")
    first = registry.register(made, ACTOR).model
    mlflow = Mlflow(registry.home)
    mlflow.create_version(made, mlflow.log(made, registry.clock()))
    assert len(mlflow.versions(name, made.snapshot_id)) == 2
    assert registry.find(name, made.snapshot_id, ACTOR) == first
    assert mlflow.versions(name, made.snapshot_id) == [first]
    mlflow.delete_version(replace(first, number=2))  # gone already: nothing happens
    assert "registry.take_back" in [row.action for row in recent(registry.database)]


def test_a_model_that_was_deleted_in_mlflow_is_registered_and_decided_anew(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("deleted")
    old = registry.register(candidate(name, V0, "0" * 64), ACTOR).model
    registry.record_evaluation(evaluation(name, V0, old.number, scores(80, 20)), ACTOR)
    registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR)
    next_one = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    registry.record_evaluation(
        evaluation(name, V1, next_one.number, scores(70, 30), old.number, scores(80, 20)), ACTOR
    )
    registry.decide(name, V1, labels=2, lease_s=1, actor=ACTOR)
    Mlflow(registry.home).delete_version(old)
    assert registry.find(name, "0" * 64, ACTOR) is None
    new = registry.register(candidate(name, V0, "0" * 64), ACTOR)
    assert new.created
    assert new.model.number == 3
    assert registry.champion(name) == new.model  # found by its data version
    registry.record_evaluation(evaluation(name, V0, new.model.number, scores(90, 10)), ACTOR)
    assert registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR).champion_number == 3


def decided(trainplat_home: Path, name: str) -> service_module.RegistryService:
    """v1.0 and v1.1 registered and decided, without MLflow taking part in the decisions."""
    registry = service(trainplat_home)
    made = registry.register(candidate(name, V0, "0" * 64), ACTOR).model
    registry.record_evaluation(evaluation(name, V0, made.number, scores(80, 20)), ACTOR)
    registry.decide(DatasetName(name), V0, labels=1, lease_s=1, actor=ACTOR)
    return registry


def test_another_challenger_is_decided_anew_only_while_nothing_is_built_upon_it(trainplat_home: Path) -> None:
    name = DatasetName("anew")
    registry = decided(trainplat_home, name)
    other = registry.register(candidate(name, V0, "9" * 64), ACTOR).model
    registry.record_evaluation(evaluation(name, V0, other.number, scores(90, 10)), ACTOR)
    assert registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR).model_number == other.number
    later = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    registry.record_evaluation(
        evaluation(name, V1, later.number, scores(100, 10), other.number, scores(90, 20)), ACTOR
    )
    registry.decide(name, V1, labels=2, lease_s=1, actor=ACTOR)
    registry.record_evaluation(evaluation(name, V0, 1, scores(100, 10)), ACTOR)
    assert registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR).model_number == other.number
    assert registry.champion(name) == later


def test_nothing_is_decided_without_an_evaluation(trainplat_home: Path) -> None:
    with pytest.raises(NotFound, match=r"digits v1.0 has no evaluation"):
        service(trainplat_home).decide(DatasetName("digits"), V0, labels=1, lease_s=0, actor=ACTOR)


def test_a_champion_is_carried_over_a_version_once_and_only_where_there_is_one(trainplat_home: Path) -> None:
    name = DatasetName("digits")
    registry = decided(trainplat_home, name)
    before = registry.decisions(name)[-1]
    assert registry.carry(name, V1, VersionKey("v9.0"), ACTOR) is None
    carried = registry.carry(name, V1, before.version, ACTOR)
    assert carried is not None
    assert registry.carry(name, V1, before.version, ACTOR) == carried
    assert registry.decision(name, V1) == carried
    assert (carried.carried, before.carried) == (True, False)
    assert (carried.champion_number, carried.champion_accuracy) == (
        before.champion_number,
        before.champion_accuracy,
    )
    assert (carried.labels, carried.lease_s) == (before.labels, 0)
    actions = [row.action for row in recent(Home(trainplat_home).database())]
    assert actions.count("registry.carry") == 1


def test_nobody_is_promoted_upon_an_unsound_evaluation(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("digits")
    registry.record_evaluation(evaluation(name, V0, 1, scores(50, 50)), ACTOR)
    with pytest.raises(Conflict, match="which guessing can reach"):
        registry.decide(name, V0, labels=1, lease_s=0, actor=ACTOR)
    assert registry.decisions(name) == []


def test_a_better_model_that_its_gates_bar_leaves_the_champion_until_they_bar_it_no_more(
    trainplat_home: Path,
) -> None:
    registry, name = decided(trainplat_home, "barred"), DatasetName("barred")
    (first,) = registry.models(name)
    second = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    better = evaluation(name, V1, second.number, scores(90, 10), first.number, scores(80, 20))
    registry.record_evaluation(better, ACTOR)

    def decide(*barred: str) -> Decision:
        return registry.decide(name, V1, labels=1, lease_s=1, actor=ACTOR, barred=barred)

    kept = decide("size: too large", "licence: none")
    assert (kept.promoted, kept.barred) == (False, "size: too large; licence: none")
    assert registry.champion(name) == first
    assert decide("size: still too large") == kept, "a decision stands while anything bars it"
    assert "size: too large" in recent(registry.database)[0].detail
    assert decide().promoted
    assert decide("size: too large").promoted, "a decision stands"
    assert registry.champion(name) == second


def test_a_first_model_that_its_gates_bar_is_nobodys_champion(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("nobody")
    made = registry.register(candidate(name, V0), ACTOR).model
    registry.record_evaluation(evaluation(name, V0, made.number, scores(80, 20)), ACTOR)
    with pytest.raises(Conflict, match="may not be champion, and nobody is: size: too large"):
        registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR, barred=["size: too large"])
    assert registry.champion(name) is None


def test_a_champion_that_is_not_registered_cannot_stay(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("digits")
    registry.record_evaluation(evaluation(name, V1, 2, scores(80, 20), 1, scores(90, 10)), ACTOR)
    with pytest.raises(NotFound, match="model 1 of digits was measured but is not registered"):
        registry.decide(name, V1, labels=1, lease_s=0, actor=ACTOR)


def test_a_version_that_vanishes_at_once_is_named(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mlflow, "create_version", lambda *_: None)
    with pytest.raises(Conflict, match=r"new model version of gone v1.0 is gone from MLflow"):
        service(trainplat_home).register(candidate("gone"), ACTOR)


def test_a_registration_that_holds_the_lock_too_long_is_named(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "LOCK_TIMEOUT_S", 0.01)
    path = trainplat_home / "mlflow" / "locks" / "digits.lock"
    path.parent.mkdir(parents=True)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(path):
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        with pytest.raises(Conflict, match="another process has been registering a model of digits"):
            service(trainplat_home).find(DatasetName("digits"), "a" * 64, ACTOR)
    finally:
        done.set()
        holder.join()


def test_a_new_mlflow_with_old_numbers_does_not_trip_over_our_rows(trainplat_home: Path) -> None:
    registry = service(trainplat_home)
    model = registry.register(candidate("fresh"), ACTOR).model
    with registry.database.write() as connection:
        store.put_model(connection, replace(model, snapshot_id="b" * 64))
    assert registry.model_of(DatasetName("fresh"), "a" * 64) is None
    assert registry.model(DatasetName("fresh"), 1) == replace(model, snapshot_id="b" * 64)


def test_a_server_that_is_down_is_told_before_anything_is_trained(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(trainplat_home).check()  # no server: the home's own database needs none
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unavailable, match="does not answer"):
        service(trainplat_home).check()


@pytest.mark.real
def test_a_decision_that_mlflow_did_not_hear_of_is_shown_there_when_it_is_made_again(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    registry, name = service(trainplat_home), DatasetName("unheard")
    first = registry.register(candidate(name, V0, "0" * 64), ACTOR).model
    registry.record_evaluation(evaluation(name, V0, first.number, scores(80, 20)), ACTOR)
    registry.decide(name, V0, labels=1, lease_s=1, actor=ACTOR)
    second = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    better = evaluation(name, V1, second.number, scores(90, 10), first.number, scores(80, 20))
    registry.record_evaluation(better, ACTOR)

    with monkeypatch.context() as down:
        down.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Unavailable, match="does not answer"):
            registry.decide(name, V1, labels=2, lease_s=1, actor=ACTOR)
    made = registry.decision(name, V1)
    assert made is not None
    assert registry.champion(name) == second
    assert champion_in_mlflow(registry, name) == first.number

    assert registry.decide(name, V1, labels=2, lease_s=5, actor=ACTOR) == made
    assert champion_in_mlflow(registry, name) == second.number


@pytest.mark.real
def test_a_registration_that_mlflow_did_not_take_is_made_once_when_it_is_back(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, registry = candidate("untaken"), service(trainplat_home)
    with monkeypatch.context() as down:
        down.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Unavailable, match="does not answer"):
            registry.register(made, ACTOR)
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    assert registry.register(made, ACTOR).created
    assert not registry.register(made, ACTOR).created


def test_the_alias_candidate_is_the_newest_model_that_waits_for_its_decision(trainplat_home: Path) -> None:
    registry, name = service(trainplat_home), DatasetName("waiting")
    first = registry.register(candidate(name, V0, "0" * 64), ACTOR).model
    assert (aliased(registry, name), registry.candidate(name)) == (first.number, first)
    registry.register(candidate(name, "waiting_v1.0_anna_20260301T120000Z", "9" * 64), ACTOR)
    assert aliased(registry, name) == first.number, "a branch is merged before anybody decides about it"
    registry.record_evaluation(evaluation(name, V0, first.number, scores(80, 20)), ACTOR)
    registry.decide(name, V0, labels=100, lease_s=4.5, actor=ACTOR)
    assert (aliased(registry, name), registry.candidate(name)) == (None, None)
    assert registry.challenger(name) == first
    second = registry.register(candidate(name, V1, "1" * 64), ACTOR).model
    assert aliased(registry, name) == second.number
    assert [model.number for model in registry.models(name)] == [1, 2, 3]


def test_what_a_model_came_from_and_took_is_the_same_in_mlflow_and_in_our_row(
    place: str, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, name = service(trainplat_home), DatasetName("told")
    monkeypatch.setenv("TRAINPLAT_DAGSTER_URL", "http://here:3000/")
    facts = ModelFacts("models:/told/7", "code-1", "derpp", "3", "told/model", V0)
    made = registry.register(replace(candidate(name, V0), tags=facts.tags), ACTOR).model
    assert made.facts == facts
    with Mlflow(registry.home)._asked() as client:
        words = client.get_model_version(name, str(made.number)).description
    assert words == "Trained from told v1.0. [In Dagster](http://here:3000/assets/told/model?partition=v1.0)"
    spent = registry.spent(made, 12.345, "1.50 EUR", ACTOR)
    assert registry.spent(spent, 12.345, "1.50 EUR", ACTOR) == spent
    assert spent.facts == replace(facts, lease_s=12.3, cost="1.50 EUR")
    assert registry.model(name, made.number) == spent == registry.find(name, made.snapshot_id, ACTOR)
    with Mlflow(registry.home)._asked() as client:
        version = client.get_model_version(name, str(made.number)).tags
        run = client.get_run(made.mlflow_run_id).data.tags
    assert spent.facts.tags.items() <= version.items()
    assert spent.facts.tags.items() <= run.items()
    actions = [row.action for row in recent(registry.database)]
    assert (actions.count("registry.register"), actions.count("registry.spent")) == (1, 1)


def aliased(registry: service_module.RegistryService, name: DatasetName) -> int | None:
    with Mlflow(registry.home)._asked() as client:
        number = client.get_registered_model(name).aliases.get(CANDIDATE)
    return None if number is None else int(number)


def champion_in_mlflow(registry: service_module.RegistryService, name: DatasetName) -> int:
    with Mlflow(registry.home)._asked() as client:
        return int(client.get_model_version_by_alias(name, "champion").version)
