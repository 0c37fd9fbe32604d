from collections.abc import Callable
from pathlib import Path

import pytest

from resources.learning.evaluation import Evaluation, evaluate
from resources.learning.kinds import image_classes
from resources.terms import FIRST_VERSION
from sensors.attempts import WHAT_NEXT
from tests.trainplat_assets.rounds import SPEC, make_first, make_next, registry_service, run_round
from trainplat_assets import model_round

pytestmark = pytest.mark.usefixtures("mlflow_in_home")


def materialized(result: object) -> set[str]:
    events = result.get_asset_materialization_events()  # type: ignore[attr-defined]
    return {event.asset_key.path[-1] for event in events}


def failed_checks(result: object) -> dict[str, str]:
    checks = result.get_asset_check_evaluations()  # type: ignore[attr-defined]
    return {check.check_name: check.description for check in checks if not check.passed}


def swapped(*arguments: object, **options: object) -> Evaluation:
    """What a model that learnt nothing would score."""
    real: Callable[..., Evaluation] = evaluate
    found = real(*arguments, **options)
    return Evaluation(found.classes, tuple(row[::-1] for row in found.confusion))


def test_a_model_no_better_than_chance_is_not_promoted(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_first(trainplat_home)
    monkeypatch.setattr(image_classes, "evaluate", swapped)
    result = run_round(FIRST_VERSION, raise_on_error=False)
    assert not result.success
    assert materialized(result) == {"model", "evaluation"}
    assert "which guessing can reach" in failed_checks(result)["accuracy_above_chance"]
    (told,) = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert str(told.metadata[WHAT_NEXT].value).startswith("Mend its labels by a commit")
    registry = registry_service(trainplat_home)
    assert registry.champion(SPEC.name) is None


def test_another_test_set_stops_the_promotion_and_a_forgotten_class_only_warns(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    second = make_next(data)
    with monkeypatch.context() as patched:
        patched.setattr(model_round, "identity_of", lambda _: "0" * 64)
        result = run_round(second, raise_on_error=False)
    assert materialized(result) == {"model", "evaluation"}
    assert "is not that of v1.0" in failed_checks(result)["same_test_set"]

    measured = iter([((5, 3), (0, 8)), ((8, 0), (0, 8))])

    def forgetful(*_arguments: object, **_options: object) -> Evaluation:
        return Evaluation(SPEC.classes, next(measured))

    monkeypatch.setattr(image_classes, "evaluate", forgetful)
    monkeypatch.setattr("resources.registry.sanity.CHANCE_DEVIATIONS", 0)
    result = run_round(second)
    assert failed_checks(result) == {
        "no_class_forgotten": "class dark: recall 62.5%, the champion's was 100.0%"
    }
    decision = registry_service(trainplat_home).decision(SPEC.name, second)
    assert decision is not None
    assert (decision.promoted, decision.champion_version) == (False, "v1.0")
    assert "the champion stays" in model_round.sentence(decision)
