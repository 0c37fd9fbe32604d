"""What holds a training back, whatever the conditions say: pure."""

from collections.abc import Iterator
from datetime import datetime

from resources.learning.triggering.model import GuardRow, Pause, TriggerSnapshot
from resources.learning.triggering.words import Said, Value, span
from resources.texts import mark
from resources.triggers import TriggerPolicy


def guards_of(
    policy: TriggerPolicy, at: TriggerSnapshot, now: datetime, *, by_hand: bool
) -> tuple[GuardRow, ...]:
    """What may hold a training back, those that do and those that do not."""
    return tuple(_guards(policy, at, now, by_hand=by_hand))


def _guards(
    policy: TriggerPolicy, at: TriggerSnapshot, now: datetime, *, by_hand: bool
) -> Iterator[GuardRow]:
    yield _busy(at)
    yield _nothing_new(at)
    if at.pause is not None:
        yield _paused(at.pause, by_hand=by_hand)
    if policy.quiet_for_s:
        yield _quiet(policy, at, now, by_hand=by_hand)
    if policy.cool_down_s:
        yield _cool_down(policy, at, now)
    if policy.budget_gpu_hours is not None:
        yield _budget(policy.budget_gpu_hours, policy.budget_window_h, at)


def _busy(at: TriggerSnapshot) -> GuardRow:
    if at.under_way is None:
        said = Said(mark("no round is under way"))
    elif at.stopped_by:
        values = {"version": at.under_way, "why": at.stopped_by.rstrip(".")}
        said = Said(
            mark("the round of {version} was stopped ({why}); asking by hand after that starts it again"),
            values,
        )
    else:
        said = Said(mark("the round of {version} is not done"), {"version": at.under_way})
    return GuardRow("busy", at.under_way is not None, None, None, "", said)


def _nothing_new(at: TriggerSnapshot) -> GuardRow:
    said = (
        Said(mark("there is something new to train on"))
        if at.new_labels
        else Said(mark("there is no new label to train on"))
    )
    return GuardRow("nothing_new", not at.new_labels, at.new_labels, 1, "labels", said)


def _paused(pause: Pause, *, by_hand: bool) -> GuardRow:
    values = {"actor": pause.actor, "reason": pause.reason}
    said = (
        Said(mark("{actor} paused it, but somebody asks for it by hand"), values)
        if by_hand
        else Said(mark("{actor} paused it: {reason}"), values)
    )
    return GuardRow("paused", not by_hand, None, None, "", said)


def _quiet(policy: TriggerPolicy, at: TriggerSnapshot, now: datetime, *, by_hand: bool) -> GuardRow:
    wanted = policy.quiet_for_s
    if at.last_answer_at is None:
        return GuardRow("quiet", False, None, wanted, "s", Said(mark("no new answer is there to wait for")))
    passed = max(0.0, (now - at.last_answer_at).total_seconds())
    waited = (now - (at.first_answer_at or at.last_answer_at)).total_seconds()
    holds = passed < wanted and waited < policy.quiet_at_most_s and not by_hand
    values = {"passed": span(passed), "wanted": span(wanted), "most": span(policy.quiet_at_most_s)}
    said = (
        Said(mark("answers still come: the last one {passed} ago, it waits for {wanted} of quiet"), values)
        if holds
        else Said(
            mark("the last answer came {passed} ago, {wanted} of quiet or {most} in all end it"), values
        )
    )
    return GuardRow("quiet", holds, passed, wanted, "s", said)


def _cool_down(policy: TriggerPolicy, at: TriggerSnapshot, now: datetime) -> GuardRow:
    wanted = policy.cool_down_s
    if at.last_training_at is None:
        said = Said(mark("there was no training yet to cool down from"))
        return GuardRow("cool_down", False, None, wanted, "s", said)
    passed = max(0.0, (now - at.last_training_at).total_seconds())
    holds = passed < wanted
    values = {"passed": span(passed), "wanted": span(wanted), "left": span(max(0.0, wanted - passed))}
    template = (
        mark("the last training ended {passed} ago, the cool-down of {wanted} lasts for {left} more")
        if holds
        else mark("the cool-down of {wanted} is over")
    )
    return GuardRow("cool_down", holds, passed, wanted, "s", Said(template, values))


def _budget(budget: float, window_h: float, at: TriggerSnapshot) -> GuardRow:
    needed = at.used_gpu_hours + at.next_gpu_hours
    holds = needed > budget
    values: dict[str, Value] = {
        "used": round(at.used_gpu_hours, 3),
        "next": round(at.next_gpu_hours, 3),
        "budget": budget,
        "window": span(3600 * window_h),
    }
    template = (
        mark(
            "the budget is used up: {used} of {budget} GPU-hours in {window}, and the next training takes "
            "about {next}"
        )
        if holds
        else mark("{used} of {budget} GPU-hours are used in {window}")
    )
    return GuardRow("budget", holds, needed, budget, "GPU-hours", Said(template, values))
