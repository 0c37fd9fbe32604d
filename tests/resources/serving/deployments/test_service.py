from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update

from resources.database.audit import recent
from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import BadInput, Conflict, NotFound, TrainplatError
from resources.registry import store as registry_store
from resources.serving.deployments.changes import fold
from resources.serving.deployments.model import EndpointState, EventKind, Served
from resources.serving.deployments.service import DeploymentService, PromotionPlan
from resources.serving.deployments.store import DEPLOYMENTS
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR, NAME, deployments, model, register

SERVER = ACTOR
COUNT = count()
ROLLING = DeployPlan(strategy=Strategy.ROLLING)


@pytest.fixture
def service(trainplat_home: Path, sqlite_at_head: Path) -> DeploymentService:
    return deployments(trainplat_home, at_head=sqlite_at_head)


def promote(
    service: DeploymentService, number: int, plan: DeployPlan | None = None, name: DatasetName = NAME
) -> EndpointState:
    return service.promote(parse_reference(f"{name}:{number}"), ACTOR, f"try {number}", declared=plan)


def finish(service: DeploymentService, name: DatasetName = NAME) -> EndpointState:
    """What a server does with a rollout that goes well."""
    while (rollout := service.state(name).rollout) is not None:
        if rollout.weight_percent == 100 or rollout.is_rollback:
            service.complete(rollout, SERVER, "all is well")
        else:
            service.advance(rollout, SERVER, "ready")
    return service.state(name)


def live(service: DeploymentService, name: DatasetName = NAME) -> int | None:
    one = service.state(name).live
    return None if one is None else one.number


def kinds(service: DeploymentService) -> list[EventKind]:
    return [event.kind for event in service.history(NAME)]


def test_the_first_promotion_is_live_at_once_and_the_next_rolls_out_by_its_strategy(
    service: DeploymentService,
) -> None:
    first = promote(service, 1, DeployPlan())
    assert (first.live, first.rollout) == (Served(1), None)
    second = promote(service, 2, DeployPlan())
    assert second.live == Served(1)
    rollout = second.rollout
    assert rollout is not None
    assert (rollout.new, rollout.old, rollout.step, rollout.weight_percent) == (Served(2), Served(1), 0, 0)
    weights = []
    for _ in range(3):
        stepped = service.advance(rollout, SERVER, "ready").rollout
        assert stepped is not None
        rollout = stepped
        weights.append(rollout.weight_percent)
    assert weights == [10, 50, 100]
    with pytest.raises(Conflict, match="step 3 of 3"):
        service.advance(rollout, SERVER, "more")
    done = service.complete(rollout, SERVER, "60 requests, 0 failed")
    assert (done.live, done.rollout) == (Served(2), None)
    assert service.states() == [done]
    assert [event.number for event in service.history(NAME)] == [1, 2, 3, 4, 5, 6]
    last = service.history()[-1]
    assert (last.kind, last.actor, last.why) == (EventKind.COMPLETED, SERVER, "60 requests, 0 failed")
    assert last.weights_sha256 == model(2).weights_sha256


@pytest.mark.parametrize(
    "act",
    [
        lambda service: promote(service, 2),
        lambda service: service.advance(service.state(NAME).rollout, SERVER, ""),
        lambda service: service.rollback(NAME, ACTOR),
        lambda service: service.stop(NAME, ACTOR),
    ],
)
def test_what_was_done_before_a_kill_and_is_done_again_is_done_once(
    service: DeploymentService, act: Callable[[DeploymentService], EndpointState]
) -> None:
    promote(service, 1)
    before = promote(service, 2)
    act(service)
    again = len(service.history())
    assert before.rollout is not None
    # Each of these is asked for again by whoever was killed after its row.
    if kinds(service)[-1] is EventKind.ADVANCED:
        service.advance(before.rollout, SERVER, "")
    elif kinds(service)[-1] is EventKind.STOPPED:
        service.stop(NAME, ACTOR)
    elif kinds(service)[-1] is EventKind.PROMOTED:
        promote(service, 2)
    else:
        service.abort(before.rollout, SERVER, "it is over already")
    assert len(service.history()) == again


def test_complete_and_abort_are_done_once_and_refuse_a_rollout_that_is_over(
    service: DeploymentService,
) -> None:
    promote(service, 1, ROLLING)
    first = promote(service, 2, ROLLING).rollout
    assert first is not None
    service.complete(first, SERVER, "")
    rows = len(service.history())
    assert service.complete(first, SERVER, "").live == Served(2)
    assert len(service.history()) == rows
    promote(service, 3, ROLLING)
    for act in (service.complete, service.abort, service.advance):
        with pytest.raises(Conflict, match="model 3 is on its way"):
            act(first, SERVER, "")


def test_an_abort_leaves_what_is_live_and_makes_it_champion_again(service: DeploymentService) -> None:
    promote(service, 4, ROLLING)
    rollout = promote(service, 5, ROLLING).rollout
    assert rollout is not None
    assert service.registry.champion(NAME) == model(5)
    after = service.abort(rollout, SERVER, "9 of 10 requests failed")
    assert (after.live, after.rollout) == (Served(4), None)
    assert service.registry.champion(NAME) == model(4)
    assert service.registry.crownings(NAME)[-1].why == "9 of 10 requests failed"


def test_a_promotion_amid_a_rollout_ends_that_one_and_says_so(service: DeploymentService) -> None:
    promote(service, 1, ROLLING)
    promote(service, 2, ROLLING)
    after = promote(service, 3, ROLLING)
    assert after.rollout is not None
    assert (after.live, after.rollout.new) == (Served(1), Served(3))
    assert kinds(service) == ["promoted", "promoted", "aborted", "promoted"]
    assert service.history()[2].why == "model 3 goes live instead"
    back = promote(service, 1, ROLLING)
    assert (back.live, back.rollout) == (Served(1), None)


def test_a_rollback_amid_a_rollout_ends_it_and_later_goes_to_what_was_live_before(
    service: DeploymentService,
) -> None:
    promote(service, 1, ROLLING)
    promote(service, 2, ROLLING)
    after = service.rollback(NAME, ACTOR, why="it smells")
    assert (after.live, after.rollout) == (Served(1), None)
    promote(service, 2, ROLLING)
    finish(service)
    going = service.rollback(NAME, ACTOR)
    assert going.rollout is not None
    assert (going.rollout.new, going.rollout.is_rollback) == (Served(1), True)
    assert service.rollback(NAME, ACTOR) == going
    assert finish(service).live == Served(1)
    assert service.registry.champion(NAME) == model(1)


def test_a_rollback_goes_to_any_state_that_ever_was(service: DeploymentService) -> None:
    for number in (1, 2, 3):
        promote(service, number, ROLLING)
        finish(service)
    lives = {event.number: event.after.live for event in service.history(NAME)}
    for number, was in lives.items():
        service.rollback(NAME, ACTOR, to=number)
        assert finish(service).live == was
    service.stop(NAME, ACTOR, "holidays")
    stopped = service.history(NAME)[-1].number
    assert service.rollback(NAME, ACTOR).live == Served(3)
    assert service.rollback(NAME, ACTOR, to=stopped).live is None


def test_a_rollback_to_what_never_was_is_refused(service: DeploymentService) -> None:
    with pytest.raises(NotFound, match="nothing was ever live as digits"):
        service.rollback(NAME, ACTOR)
    promote(service, 1)
    with pytest.raises(NotFound, match="has no state 7; it has 1 to 1"):
        service.rollback(NAME, ACTOR, to=7)
    with pytest.raises(NotFound, match="nothing else was ever live"):
        service.rollback(NAME, ACTOR)


def test_a_model_that_fails_a_gate_is_promoted_only_by_a_named_override(service: DeploymentService) -> None:
    with service.database.write() as connection:
        registry_store.put_model(connection, model(9))
    with pytest.raises(Conflict, match="was never measured") as refused:
        promote(service, 9)
    assert "--override" in refused.value.next_step
    assert service.history() == []
    service.promote(parse_reference("digits:9"), ACTOR, "urgent", override="the customer asked for it")
    assert service.history()[0].override == "the customer asked for it"
    assert service.registry.crownings(NAME)[0].override == "the customer asked for it"
    assert "override: the customer asked for it" in recent(service.database)[0].detail


def test_what_the_loop_asks_by_is_not_put_live(service: DeploymentService) -> None:
    with pytest.raises(BadInput, match=r"digits:2\+outlook cannot be put live: that is how the loop asks it"):
        service.promote(parse_reference("digits:2+outlook"), ACTOR)
    assert service.history() == []


def test_a_promotion_of_what_is_live_with_another_plan_keeps_the_plan(service: DeploymentService) -> None:
    promote(service, 1, ROLLING)
    assert promote(service, 1, DeployPlan(most_replicas=4)).plan.most_replicas == 4
    assert live(service) == 1


def test_a_history_that_somebody_rewrote_all_the_same_is_found_out(service: DeploymentService) -> None:
    for number in (1, 2, 3):
        promote(service, number)
    assert service.verify() == []
    with service.database.write() as connection:
        for trigger in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER deployments_no_{trigger}"))
        connection.execute(update(DEPLOYMENTS).where(DEPLOYMENTS.c.id == 2).values(actor="user:other"))
    assert service.verify() == ["row 2, promoted of digits, was changed"]
    with service.database.write() as connection:
        connection.execute(delete(DEPLOYMENTS).where(DEPLOYMENTS.c.id == 2))
    assert service.verify() == ["row 2 is before row 3 lacking"]
    with service.database.write() as connection:
        connection.execute(delete(DEPLOYMENTS).where(DEPLOYMENTS.c.id > 1))
    assert service.verify() == ["rows 2 to 4 are lacking at the end: the audit tells of them"]


ACTS = st.one_of(
    st.tuples(st.just("promote"), st.integers(1, 4)),
    st.tuples(st.just("rollback"), st.none() | st.integers(1, 12)),
    st.tuples(st.sampled_from(["advance", "complete", "abort", "stop"]), st.none()),
)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> DeploymentService:
    """A home for many examples, each with an endpoint of its own."""
    return deployments(tmp_path_factory.mktemp("many"), ())


def another(service: DeploymentService) -> DatasetName:
    name = DatasetName(f"endpoint_{next(COUNT)}")
    register(service.database, range(1, 5), name)
    return name


@settings(max_examples=8, deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_whatever_is_done_the_state_is_a_fold_over_a_history_that_loses_no_row(
    many: DeploymentService, acts: list[tuple[str, int | None]]
) -> None:
    name = another(many)
    before: list[object] = []
    for act, value in acts:
        rollout = many.state(name).rollout
        with suppress(TrainplatError):
            if act == "promote":
                promote(many, value or 1, DeployPlan(steps_percent=(50, 100)), name)
            elif act == "rollback":
                many.rollback(name, ACTOR, to=value)
            elif act == "stop":
                many.stop(name, ACTOR)
            elif rollout is not None:
                getattr(many, act)(rollout, ACTOR, "")
        history = many.history(name)
        assert history[: len(before)] == before
        assert len(history) - len(before) <= 2
        before = list(history)
        state = many.state(name)
        assert fold(name, history) == state
        assert state.rollout is None or (state.live is not None and state.rollout.new != state.live)
    assert many.verify() == []


@settings(max_examples=4, deadline=None)
@given(numbers=st.lists(st.integers(1, 4), min_size=2, max_size=4).filter(lambda tried: len(set(tried)) > 1))
def test_the_rollback_of_a_rollback_is_as_if_none_had_been(
    many: DeploymentService, numbers: list[int]
) -> None:
    name = another(many)
    for number in numbers:
        promote(many, number, ROLLING, name)
        finish(many, name)
    before = live(many, name)
    for _ in range(2):
        many.rollback(name, ACTOR)
        finish(many, name)
    assert live(many, name) == before


def test_a_rollback_to_a_model_that_was_removed_is_refused_with_a_state_that_is_there(
    service: DeploymentService,
) -> None:
    for number in (1, 2, 3):
        promote(service, number, ROLLING)
        finish(service)
    with service.database.write() as connection:
        registry_store.drop_model(connection, NAME, 2)
    rows = len(service.history())
    gone = service.history(NAME)[1]
    assert gone.kind is EventKind.PROMOTED
    for to in (None, 4):
        with pytest.raises(NotFound, match=r"model 2, which was live after row \d .* was removed") as refused:
            service.rollback(NAME, ACTOR, to)
        assert "model 1: trainplat model rollback digits --to 3" in str(refused.value)
    assert len(service.history()) == rows
    service.rollback(NAME, ACTOR, 1)
    finish(service)
    assert (live(service), service.registry.champion(NAME)) == (1, model(1))


def test_a_rollback_brings_back_no_other_weights_that_have_the_number_by_now(
    service: DeploymentService,
) -> None:
    for number in (1, 2):
        promote(service, number, ROLLING)
        finish(service)
    with service.database.write() as connection:
        registry_store.drop_model(connection, NAME, 1)
        registry_store.put_model(connection, replace(model(1), weights_sha256="f" * 64))
    with pytest.raises(NotFound, match="was removed"):
        service.rollback(NAME, ACTOR)
    assert live(service) == 2


def test_a_model_that_is_removed_while_it_is_promoted_does_not_go_live(service: DeploymentService) -> None:
    class Slow(DeploymentService):
        def plan(self, *arguments: Any, **named: Any) -> PromotionPlan:
            planned = super().plan(*arguments, **named)
            with self.database.write() as connection:  # as somebody does meanwhile
                registry_store.drop_model(connection, NAME, planned.model.number)
            return planned

    with pytest.raises(NotFound, match="digits:2 was removed just now"):
        promote(Slow(service.home, service.database, service.clock), 2)
    assert service.history() == []
