"""``trainplat model``: what people type, and what they read."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from resources.errors import Conflict
from resources.home import Home
from resources.registry import store as registry_store
from resources.registry.evaluations import store as measured_store
from resources.registry.evaluations.model import Measurement
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.service import GateService
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.serving import removing
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from tests.resources.registry.evaluations.examples import answers_of, measurement_of
from tests.resources.registry.examples import candidate, scores
from tests.resources.registry.examples import evaluation as example_evaluation
from tests.resources.serving.examples import ACTOR, BEGAN, NAME, deployments, model
from trainplat_cli.main import main


def run(*arguments: str, answer: str | None = None) -> Result:
    """``trainplat model`` on a wide terminal."""
    return CliRunner().invoke(main, ["model", *arguments], env={"COLUMNS": "240"}, input=answer)


def told(*arguments: str) -> Any:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def service(trainplat_home: Path, sqlite_at_head: Path) -> DeploymentService:
    """Five models, each champion after its round."""
    return deployments(trainplat_home, at_head=sqlite_at_head)


def measure(
    service: DeploymentService, number: int, value: float, test_set: str = "t", **params: str
) -> None:
    one = model(number)
    measured = Measurement(
        dataset=NAME,
        number=number,
        dataset_version=one.dataset_version,
        test_set=test_set * 64,
        test_count=100,
        measure=example_evaluation(NAME, "v1.0", 1, scores(1, 1)).challenger_scores.measure,
        value=value,
        recalls={"cat": value, "dog": 0.5} if number == 4 else {"cat": value},  # type: ignore[dict-item]
        slices={},
        calibration_error=0.1,
        latency_p50_ms=1.0,
        latency_p99_ms=2.0,
        size_bytes=2048,
        parameters=500,
        forgetting=None,
        params={"epochs": str(number), "seed": "3", **params},
        lease_s=1.0,
        cost=None,
        measured_at=BEGAN,
    )
    with service.database.write() as connection:
        measured_store.put_measurement(connection, measured)


def test_models_are_listed_the_newest_first_with_all_that_they_are_called(service: DeploymentService) -> None:
    measure(service, 5, 0.9)
    run("cp", "digits:2", "digits:steady")
    run("promote", "digits:4", "-y")
    lines = [line.rstrip() for line in run("list").stdout.splitlines()]
    assert lines[0].split() == ["NAME", "DIGEST", "SIZE", "DATA", "VERSION", "REGISTERED", "ALIASES"]
    assert [line.split()[0] for line in lines[1:]] == [f"digits:{number}" for number in (5, 4, 3, 2, 1)]
    assert model(5).weights_sha256[:12] in lines[1]
    assert "2.0 KiB" in lines[1]
    assert lines[1].endswith("challenger")
    assert lines[2].endswith("champion, live")
    assert lines[4].endswith("steady")
    documents = told("list", "digits")["models"]
    assert [one["number"] for one in documents] == [5, 4, 3, 2, 1]
    assert (documents[1]["live"], documents[1]["aliases"]) == (True, ["champion"])
    assert documents[0]["digest"] == model(5).weights_sha256


def test_a_home_without_models_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_HOME", str(tmp_path / "other"))
    assert "trainplat demo" in run("list").stdout
    assert "trainplat model promote" in run("history").stdout
    assert "trainplat model pull" in run("list", "--pulled").stdout
    assert told("list") == {"models": []}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("list", "digts"), 4, "there is digits"),
        (("show", "digits:nobody"), 4, "no version or tag 'nobody'"),
        (("show", "digits:7+fast"), 2, "bf16 or int8"),
        (("cp", "digits:1", "other:steady"), 2, "models of two data sets"),
        (("cp", "digits:1", "7"), 2, "cannot be given"),
        (("rm", "digits:5", "-y"), 5, "it is the champion"),
        (("rollback", "digits"), 4, "nothing was ever live as digits"),
        (("rm", "digits:1", "--pulled"), 4, "was not pulled"),
        (("pull", "digits:1", "--from", "nowhere"), 2, "is no address"),
    ],
)
def test_what_cannot_be_done_says_why_and_ends_with_a_code(
    arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == code
    assert said in done.stderr
    assert "Next:" in done.stderr


def test_one_model_is_shown_with_what_was_measured_and_whether_it_is_live(service: DeploymentService) -> None:
    measure(service, 4, 0.8)
    run("promote", "digits:4", "-y")
    shown = run("show", "digits:4").stdout
    for part in ("digits:4  champion, live", model(4).weights_sha256, "80.00% of 100 samples", "2.0 KiB"):
        assert part in shown
    assert "Model 4 is live as digits." in shown
    document = told("show", "digits:4")
    assert document["measured"]["value"] == 0.8
    assert document["state"]["live"] == "4"
    assert told("show", "digits:1")["measured"] is None


def test_the_difference_of_two_models_is_what_differs(service: DeploymentService) -> None:
    measure(service, 3, 0.7)
    measure(service, 4, 0.8)
    shown = run("diff", "digits:4", "digits:3").stdout
    assert "digits:3 → digits:4" in shown
    rows = {line.split("  ")[0]: line.split() for line in shown.splitlines() if line}
    assert rows["epochs"][1:3] == ["3", "4"]
    assert "seed" not in rows
    assert rows["right on the test set"][-1] == "+10.00%"
    assert rows["cat"][1:] == ["70.00%", "80.00%", "+10.00%"]
    assert "only the new one knows: dog" in shown
    document = told("diff", "digits:4", "digits:3")
    assert document["numbers"]["value"]["change"] == pytest.approx(0.1)
    assert document["classes_added"] == ["dog"]
    assert document["difference"] is None
    same = run("diff", "digits:5").stdout
    assert "Both have the same weights." in same


def test_numbers_of_two_test_sets_are_said_to_be_such(service: DeploymentService) -> None:
    measure(service, 3, 0.7)
    measure(service, 4, 0.8, "u")
    assert "They were measured on two test sets" in run("diff", "digits:4", "digits:3").stdout
    document = told("diff", "digits:4", "digits:3")
    assert (document["same_test_set"], document["data"]) == (False, None)
    measure(service, 3, 0.75, "u")
    assert "two test sets" not in run("diff", "digits:4", "digits:3").stdout
    assert told("diff", "digits:4", "digits:3")["numbers"]["value"]["old"] == 0.75


def test_a_promotion_shows_its_plan_and_asks(service: DeploymentService) -> None:
    run("promote", "digits:4", "-y", "--why", "the first")
    asked = run("promote", "digits:5", answer="n\n")
    assert asked.exit_code == 1
    for part in (
        "Model 4 is live as digits.",
        "digits:5,",
        "would be live by canary 10 % → 50 % → 100 %.",
        "Its gates let it pass.",
        "Promote digits:5?",
    ):
        assert part in asked.stderr
    assert service.state(NAME).rollout is None
    done = run("promote", "digits:5", answer="y\n")
    assert done.exit_code == 0
    assert "model 5 gets ready to follow by canary 10 % → 50 % → 100 %" in done.stdout
    again = told("promote", "digits:5")
    assert (again["changed"], again["rollout"]["new"], again["rollout"]["weight_percent"]) == (False, "5", 0)
    other = told("promote", "digits:3", "-y", "--strategy", "shadow")
    assert other["rollout"]["strategy"] == "shadow"
    nobody = run("promote", "digits:2", answer="")
    assert nobody.exit_code == 2
    assert "nobody is there to answer" in nobody.stderr


def test_a_failing_gate_stops_a_promotion_unless_somebody_answers_for_it(service: DeploymentService) -> None:
    with service.database.write() as connection:
        registry_store.put_model(connection, model(9))
    refused = run("promote", "digits:9", "-y")
    assert refused.exit_code == 5
    assert "was never measured" in refused.stderr
    assert "--override" in refused.stderr
    done = run("promote", "digits:9", "-y", "--override", "the customer waits")
    assert done.exit_code == 0
    override = GateService(service.home, service.database).override_of(NAME, 9)
    assert override is not None
    assert (override.why, override.actor) == ("the customer waits", told("history")["events"][0]["actor"])
    event = told("history", "digits")["events"][0]
    assert event["override"] == "the customer waits"
    assert event["actor"].startswith("user:")
    assert "override: the customer waits" in run("history").stdout


def test_a_rollback_is_one_command_and_the_history_tells_it_all(service: DeploymentService) -> None:
    for number in (3, 4):
        run("promote", f"digits:{number}", "-y", "--why", f"try {number}")
    assert "Model 3 is live as digits." in run("rollback", "digits", "--why", "it smells").stdout
    assert told("rollback", "digits", "--to", "1")["live"] == "3"
    lines = run("history", "digits", "--verify").stdout.splitlines()
    assert lines[0].split()[:5] == ["#", "AT", "ENDPOINT", "WHAT", "MODEL"]
    assert [line.split()[0] for line in lines[1:4]] == ["3", "2", "1"]
    assert "rolled back" in lines[1]
    assert lines[1].endswith("it smells")
    assert lines[4] == "3 rows, each as it was written."
    assert told("history", "--verify")["verified"] is True
    with service.database.write() as connection:
        connection.execute(text("DROP TRIGGER deployments_no_update"))
        connection.execute(text("UPDATE deployments SET actor = 'user:other' WHERE id = 1"))
    broken = run("history", "--verify")
    assert broken.exit_code == 5
    assert "row 1, promoted of digits, was changed" in broken.stderr


def test_a_tag_is_given_moved_and_taken_away(service: DeploymentService) -> None:
    assert "digits:steady is model 2 now." in run("cp", "digits:2", "steady").stdout
    assert told("cp", "digits:3", "digits:steady") == {"name": "digits", "tag": "steady", "number": 3}
    assert "model 3 stays" in run("rm", "digits:steady").stdout
    assert run("show", "digits:steady").exit_code == 4
    assert service.registry.model(NAME, 3) is not None


def promote_meanwhile(service: DeploymentService, wanted: ModelVersion) -> None:
    """Somebody promotes a model just when another one has begun to remove it, and takes that back later."""

    class Slow(RegistryService):
        def remove(self, model: ModelVersion, *arguments: Any) -> None:
            service.promote(parse_reference(f"{model.dataset}:{model.number}"), ACTOR, override="at once")
            super().remove(model, *arguments)

    other = DeploymentService(service.home, service.database)
    champion = service.registry.champion(wanted.dataset)
    assert champion is not None
    other.registry = Slow(service.home, service.database)
    with pytest.raises(Conflict, match="it is live as pairs"):
        removing.remove(other, wanted, ACTOR)
    assert service.registry.model(wanted.dataset, wanted.number) == wanted
    service.stop(wanted.dataset, ACTOR)
    service.registry.crown(champion, ACTOR, "as before")


@pytest.mark.slow
def test_a_model_is_removed_with_its_tags_and_files(
    trainplat_home: Path, mlflow_in_home: None, service: DeploymentService
) -> None:
    home = Home(trainplat_home)
    registry = RegistryService(home, home.database())
    one, two = (registry.register(candidate("pairs", f"v1.{k}", str(k) * 64), ACTOR).model for k in range(2))
    registry.crown(two, ACTOR, "better")
    run("cp", "pairs:1", "old")
    files = registry.files(one)
    assert files is not None
    kept = EvaluationService(home, home.database())
    for number in (1, 2):
        said = answers_of(number, dataset="pairs")
        kept.keep(said, measurement_of(said), ACTOR)
    assert "is here, verified" in run("pull", "pairs:1").stdout
    assert told("list", "--pulled")["pulled"][0]["layers"][0]["digest"] == one.weights_sha256
    assert "pairs:1" in run("list", "--pulled").stdout
    assert run("rm", "pairs:1", answer="n\n").exit_code == 1
    promote_meanwhile(service, one)
    assert files.exists()
    assert "old" in service.references.tags(one.dataset)
    assert "pairs:1 is removed." in run("rm", "pairs:1", "-y").stdout
    assert not files.exists()
    assert [one.number for one in kept.measurements(one.dataset)] == [2], "a comparison shows what there is"
    assert len(list((home.evaluations / "pairs").iterdir())) == 1
    assert [model.number for model in registry.models(one.dataset)] == [two.number]
    assert service.references.tags(one.dataset) == {"champion": two.number, "candidate": two.number}
    assert run("rm", "pairs:1", "-y").exit_code == 4
    assert "is removed" in run("rm", "pairs:1", "--pulled").stdout
    assert registry.find(one.dataset, "0" * 64, ACTOR) is None


@pytest.mark.parametrize("command", ["rollback", "history", "list", "scaling"])
def test_a_version_where_a_name_is_asked_is_refused_and_nothing_else_is_done(
    service: DeploymentService, command: str
) -> None:
    for number in (1, 2):
        run("promote", f"digits:{number}", "-y")
    refused = run(command, "digits:2")
    assert refused.exit_code == 2
    assert "'digits:2' names a version; expected a name alone, such as digits" in refused.stderr
    assert "trainplat model promote digits:2" in refused.stderr
    assert service.state(NAME).rollout is not None


def test_the_history_of_a_name_that_is_unknown_is_not_empty_but_refused() -> None:
    assert run("history", "digts").exit_code == 4
    assert "no model is named 'digts'; there is digits" in run("history", "digts").stderr
    assert told("history", "digits") == {"verified": True, "events": []}


def test_a_history_that_somebody_changed_says_so_whoever_reads_it(service: DeploymentService) -> None:
    for number in (1, 2):
        run("promote", f"digits:{number}", "-y")
    with service.database.write() as connection:
        connection.execute(text("DROP TRIGGER deployments_no_update"))
        connection.execute(text("UPDATE deployments SET actor = 'user:other' WHERE id = 1"))
    shown = run("history")
    assert shown.exit_code == 0
    assert "row 1, promoted of digits, was changed" in shown.stderr
    assert told("history")["verified"] is False
    with service.database.write() as connection:
        connection.execute(text("UPDATE deployments SET after = '{' WHERE id = 2"))
    for broken in (run("history"), run("show", "digits"), run("rollback", "digits")):
        assert broken.exit_code == 5
        assert "row 2 of the history of deployments, of digits, cannot be read" in broken.stderr
