"""Which trainings' folders are removed by rule: pure, but for reading the rule from the environment."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from resources.errors import BadInput
from resources.learning.trainings.model import Training
from resources.learning.trainings.standing import LIVE, State

KEEP_VARIABLE = "TRAINPLAT_KEEP_TRAININGS"
KEEP_DAYS_VARIABLE = "TRAINPLAT_KEEP_TRAININGS_DAYS"
KEEP_FAILED_DAYS_VARIABLE = "TRAINPLAT_KEEP_FAILED_TRAININGS_DAYS"


@dataclass(frozen=True)
class Rule:
    """How long the folder of a training stays."""

    keep_last: int = 5
    """So many finished ones of each name stay, however old: the newest is what others start from."""
    keep_days: float = 30.0
    """A finished one that is younger stays, too."""
    keep_failed_days: float = 90.0
    """One that failed, was cancelled or killed: it can be gone on from so long."""

    @classmethod
    def from_environment(cls) -> "Rule":
        """What the environment says; the defaults else. Raises :class:`BadInput` for what is no number."""
        usual = cls()
        return cls(
            int(_number(KEEP_VARIABLE, usual.keep_last, least=1)),
            _number(KEEP_DAYS_VARIABLE, usual.keep_days),
            _number(KEEP_FAILED_DAYS_VARIABLE, usual.keep_failed_days),
        )


@dataclass(frozen=True)
class Held:
    """A training as retention sees it."""

    training: Training
    state: State
    folder: Path
    awaited_by: str | None = None
    """A run that holds devices or waits for them, and works on it then; None where there is none."""

    @property
    def last_at(self) -> datetime:
        """When it was last worked on, as far as is known."""
        end = self.training.end
        return self.training.last.at if end is None else end.at


def to_remove(held: Sequence[Held], rule: Rule, now: datetime) -> list[Held]:
    """Those that the rule keeps no longer, oldest first.

    1. One that runs, or whose run waits, stays; so does one that another, unfinished one starts from.
    2. A finished one that became no model in MLflow stays: its folder is the only place of its weights.
    3. Of other finished ones of a name the newest stay, and those that are younger than the rule says.
    4. All others stay for as long as they may be gone on from.
    """
    needed = set(_needed(held))
    newest_first = sorted(held, key=lambda one: (one.last_at, one.training.id), reverse=True)
    found, finished = list[Held](), Counter[str]()
    for one in newest_first:
        if has_the_only_weights(one):
            continue
        is_done = one.state is State.DONE
        finished[one.training.id.name] += is_done
        days = rule.keep_days if is_done else rule.keep_failed_days
        is_among_last = is_done and finished[one.training.id.name] <= rule.keep_last
        is_young = now - one.last_at < timedelta(days=days)
        if not (is_among_last or is_young or in_use(one) or one.folder in needed):
            found.append(one)
    return found[::-1]


def in_use(one: Held) -> bool:
    """Whether somebody works on it, or will by himself."""
    return one.awaited_by is not None or one.state in LIVE


def has_the_only_weights(one: Held) -> bool:
    """Whether it is finished and its weights are nowhere else: only a person may remove them."""
    return one.state is State.DONE and one.training.model is None


def awaiting(training: Training, at_work: Mapping[str, str]) -> str | None:
    """The run of ``at_work`` that goes on with a training: one that took it up, or executes such a one again.

    ``at_work`` names, for each run that holds devices or waits for them, the first of those that it executes
    again, which is itself for one that is no re-execution.
    """
    own = {training.id.key, *(one.run_id for one in training.taken_up)}
    found = [run for run, root in at_work.items() if run in own or root in own]
    last = training.last.run_id
    return last if last in found else min(found, default=None)


def starts_from(held: Sequence[Held], folder: Path) -> list[Training]:
    """The unfinished trainings that go on from a checkpoint in a folder."""
    return [one.training for one in held if one.state is not State.DONE and folder in _start(one)]


def _needed(held: Sequence[Held]) -> Iterator[Path]:
    for one in held:
        if one.state is not State.DONE:
            yield from _start(one)


def _start(one: Held) -> Collection[Path]:
    """The folders that the checkpoint lies in which it starts from."""
    begin = one.training.plan.start_from
    return () if begin is None else Path(begin).parents


def _number(variable: str, usual: float, least: float = 0) -> float:
    told = os.environ.get(variable)
    if told is None:
        return usual
    try:
        value = float(told)
    except ValueError:
        value = -1.0
    if not least <= value < 1e6 or (isinstance(usual, int) and value != int(value)):
        raise BadInput(
            f"{variable} is {told!r}; expected a number of at least {least:g}",
            f"Set it to one, or unset it: then it is {usual:g}.",
        )
    return value
