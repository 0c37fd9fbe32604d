"""Whether to train now: a pure function of a policy, a snapshot and the time."""

from collections.abc import Iterator
from datetime import datetime

from resources.learning.triggering.holding import guards_of
from resources.learning.triggering.model import (
    ConditionRow,
    DriftReading,
    PickQuality,
    TriggerSnapshot,
    Verdict,
)
from resources.learning.triggering.words import Said, Value, span
from resources.texts import mark
from resources.triggers import (
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Condition,
    Drift,
    DriftOf,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)


def judge(policy: TriggerPolicy, at: TriggerSnapshot, now: datetime) -> Verdict:
    """Whether to train now, and why or why not.

    1. The conditions are judged one by one; a group of any needs one, a group of all each of its conditions.
       A wish is enough where the policy names no ByHand; where it does, the policy says what a wish is for.
    2. What holds a training back is judged besides: a round that is not done, nothing new to train on, a
       pause, answers that still come, the cool-down, the budget. A wish passes the pause and the coming
       answers, and nothing else.
    3. It fires when the policy's condition is met and nothing holds it back.
    """
    rows = tuple(_Judge(at, now).all_rows(policy))
    guards = guards_of(policy, at, now, by_hand=bool(at.wishes))
    fires = rows[0].met and not any(one.holds for one in guards)
    return Verdict(fires, bool(at.wishes), rows, guards)


class _Judge:
    def __init__(self, at: TriggerSnapshot, now: datetime) -> None:
        self._at, self._now = at, now
        self._quality, self._drift = iter(at.quality), iter(at.drift)

    def all_rows(self, policy: TriggerPolicy) -> Iterator[ConditionRow]:
        """Those of the policy, and a wish beside them where there is one and the policy forgot it."""
        if policy.asks_for(ByHand) or not self._at.wishes:
            yield from self.rows(policy.when, "")
            return
        declared, wished = tuple(self.rows(policy.when, "0")), self._wished("1")
        yield _group(AnyOf((ByHand(),)), "", declared[0].met + wished.met, 2)
        yield from (*declared, wished)

    def rows(self, condition: Condition, place: str) -> Iterator[ConditionRow]:
        """The row of a condition, and for a group those of what is in it after it."""
        if not isinstance(condition, AnyOf | AllOf):
            yield self._leaf(condition, place)
            return
        inner: list[ConditionRow] = []
        direct: list[ConditionRow] = []
        for number, one in enumerate(condition.conditions):
            found = list(self.rows(one, f"{place}.{number}" if place else str(number)))
            direct.append(found[0])
            inner += found
        yield _group(condition, place, sum(one.met for one in direct), len(direct))
        yield from inner

    def _leaf(self, condition: Condition, place: str) -> ConditionRow:
        match condition:
            case LabelCount():
                return self._labels(condition, place)
            case AllAnswered():
                return self._answered(place)
            case QualityDrop():
                return _quality(condition, place, next(self._quality, None))
            case Drift():
                return _drift(condition, place, next(self._drift, None))
            case Elapsed():
                return self._elapsed(condition, place)
            case _:
                return self._wished(place)

    def _labels(self, condition: LabelCount, place: str) -> ConditionRow:
        wanted = condition.at_least or self._at.labels_per_round
        have = self._at.new_labels
        return ConditionRow(
            place,
            "LabelCount",
            met=have >= wanted,
            value=have,
            threshold=wanted,
            unit="labels",
            missing=max(0, wanted - have),
            said=Said(
                mark("{value} of {threshold} new labels, {missing} missing")
                if have < wanted
                else mark("{value} new labels, {threshold} are enough"),
                {"value": have, "threshold": wanted, "missing": max(0, wanted - have)},
            ),
        )

    def _answered(self, place: str) -> ConditionRow:
        at, still = self._at, self._at.questions_open
        if not at.questions_sent:
            said = Said(mark("not all questions are in Label Studio yet"))
        elif still:
            said = Said(mark("{value} questions wait for an answer"), {"value": still})
        elif not at.new_labels:
            said = Said(mark("no question waits for an answer, but there is no new label"))
        else:
            said = Said(mark("no question waits for an answer any more"))
        met = at.questions_sent and still == 0 and at.new_labels > 0
        missing = None if not at.questions_sent else still
        return ConditionRow(
            place,
            "AllAnswered",
            met=met,
            value=still,
            threshold=0,
            unit="questions",
            missing=missing,
            said=said,
        )

    def _elapsed(self, condition: Elapsed, place: str) -> ConditionRow:
        last, wanted = self._at.last_training_at, condition.at_least_s
        if last is None:
            return ConditionRow(
                place,
                "Elapsed",
                met=False,
                value=None,
                threshold=wanted,
                unit="s",
                missing=None,
                said=Said(mark("there was no training yet")),
            )
        passed = max(0.0, (self._now - last).total_seconds())
        missing = max(0.0, wanted - passed)
        said = Said(
            mark("{value} of {threshold} since the last training, {missing} missing")
            if missing
            else mark("{value} since the last training, {threshold} are enough"),
            {"value": span(passed), "threshold": span(wanted), "missing": span(missing)},
        )
        return ConditionRow(
            place,
            "Elapsed",
            met=passed >= wanted,
            value=passed,
            threshold=wanted,
            unit="s",
            missing=missing,
            said=said,
        )

    def _wished(self, place: str) -> ConditionRow:
        wishes = self._at.wishes
        said = Said(mark("nobody asked for it by hand"))
        if wishes:
            newest = wishes[-1]
            template = (
                mark("{actor} asked for it by hand: {reason}")
                if newest.reason
                else mark("{actor} asked for it by hand")
            )
            said = Said(template, {"actor": newest.actor, "reason": newest.reason})
        return ConditionRow(
            place,
            "ByHand",
            met=bool(wishes),
            value=len(wishes),
            threshold=1,
            unit="wishes",
            missing=0 if wishes else 1,
            said=said,
        )


def _group(condition: AnyOf | AllOf, place: str, met: int, count: int) -> ConditionRow:
    wanted = 1 if isinstance(condition, AnyOf) else count
    template = (
        mark("{value} of {count} conditions are met, one is enough")
        if isinstance(condition, AnyOf)
        else mark("{value} of {count} conditions are met, all are needed")
    )
    return ConditionRow(
        place,
        type(condition).__name__,
        met=met >= wanted,
        value=met,
        threshold=wanted,
        unit="conditions",
        missing=max(0, wanted - met),
        said=Said(template, {"value": met, "count": count}),
    )


def _quality(condition: QualityDrop, place: str, found: PickQuality | None) -> ConditionRow:
    wanted = condition.by_points
    if found is None or found.reference is None or found.picks < condition.least_picks:
        picks = 0 if found is None else found.picks
        template = (
            mark("only {picks} of {least} random picks are answered, nothing is said about quality")
            if picks < condition.least_picks
            else mark("there is nothing yet to compare the random picks with")
        )
        said = Said(template, {"picks": picks, "least": condition.least_picks})
        return ConditionRow(
            place,
            "QualityDrop",
            met=False,
            value=None,
            threshold=wanted,
            unit="points",
            missing=None,
            said=said,
        )
    seen = found.high if condition.beyond_chance else found.right / found.picks
    drop = round(100 * (found.reference - seen), 6)
    values: dict[str, Value] = {
        "share": f"{found.right / found.picks:.1%}",
        "picks": found.picks,
        "high": f"{found.high:.1%}",
        "reference": f"{found.reference:.1%}",
        "drop": max(0.0, drop),
        "threshold": wanted,
    }
    template = (
        mark(
            "{share} of {picks} random picks were guessed ({high} at most, by chance) against {reference}: "
            "{drop} points lower for sure, the limit is {threshold}"
        )
        if condition.beyond_chance
        else mark(
            "{share} of {picks} random picks were guessed against {reference}: {drop} points lower, "
            "the limit is {threshold}"
        )
    )
    return ConditionRow(
        place,
        "QualityDrop",
        met=drop >= wanted,
        value=drop,
        threshold=wanted,
        unit="points",
        missing=max(0.0, wanted - drop),
        said=Said(template, values),
    )


def _drift(condition: Drift, place: str, found: DriftReading | None) -> ConditionRow:
    if found is None:
        return ConditionRow(
            place,
            f"Drift.{condition.of}",
            met=False,
            value=None,
            threshold=0.0,
            unit="",
            missing=None,
            said=Said(mark("too few new samples are in the pool to speak of drift")),
        )
    values: dict[str, Value] = {"what": found.what, "value": found.value, "limit": found.limit}
    template = {
        (DriftOf.POOL, True): mark("new samples in the pool drifted: {what} {value}, the limit is {limit}"),
        (DriftOf.POOL, False): mark("new samples in the pool: {what} {value}, the limit is {limit}"),
        (DriftOf.PREDICTIONS, True): mark(
            "guesses for new samples drifted: {what} {value}, the limit is {limit}"
        ),
        (DriftOf.PREDICTIONS, False): mark("guesses for new samples: {what} {value}, the limit is {limit}"),
    }[(DriftOf(condition.of), found.drifted)]
    return ConditionRow(
        place,
        f"Drift.{condition.of}",
        met=found.drifted,
        value=found.value,
        threshold=found.limit,
        unit="",
        missing=0.0 if found.drifted else max(0.0, found.limit - found.value),
        said=Said(template, values),
    )
