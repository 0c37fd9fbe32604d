"""Asks what a person answered to a conflict, and keeps what nobody has answered yet."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from resources.data.merging.globs import matches
from resources.data.merging.model import (
    SHOWN_CHARACTERS,
    Choice,
    Conflict,
    ConflictKind,
    Resolution,
    Resolved,
    Unused,
    Versions,
)
from resources.data.merging.sentences import sentence
from resources.errors import BadInput
from resources.texts import Filled, filled, mark

T = TypeVar("T")
Kept = tuple[int, int, dict[Resolution, Unused]]
"""How much was asked at some moment."""


@dataclass
class Questions:
    """What was asked so far in one merge, against the answers that are known."""

    resolutions: Sequence[Resolution]
    open: list[Conflict] = field(default_factory=list)
    resolved: list[Resolved] = field(default_factory=list)
    refused: dict[Resolution, Unused] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id = {one.conflict: one for one in self.resolutions if one.conflict is not None}
        self._by_glob = [one for one in self.resolutions if one.conflict is None and one.glob is not None]

    def ask(
        self,
        path: str,
        states: Versions[T | None],
        shown: Callable[[T], str],
        *,
        record: str | None = None,
        field: str | None = None,
        kind: ConflictKind,
        given: Callable[[str], T] | None = None,
        both: T | None = None,
        reason: str = "",
    ) -> T | None:
        """The state that a thing in conflict is to have; None: none.

        ``given`` reads what a person wrote in place of all three, and raises :class:`BadInput` for what
        cannot be used; ``both`` is the state that keeps what both added. Unanswered, the thing stays as in
        the base.
        """
        texts = [None if one is None else shown(one) for one in (states.base, states.ours, states.theirs)]
        choices = [Choice.OURS, Choice.THEIRS, Choice.BASE, Choice.DELETE]
        choices += [Choice.BOTH] if both is not None else []
        choices += [Choice.GIVEN] if given is not None else []
        content = json.dumps([path, record, field, kind, *texts])
        base, ours, theirs = (None if text is None else _cut(text) for text in texts)
        conflict = Conflict(
            hashlib.sha256(content.encode()).hexdigest()[:16],
            path,
            record,
            field,
            kind,
            base,
            ours,
            theirs,
            tuple(choices),
            reason,
            sentence(path, record, field, kind, base, ours, theirs, reason),
        )
        resolution = self._answer(conflict)
        if resolution is None:
            self.open.append(conflict)
            return states.base
        try:
            state = _state(resolution, conflict, states, given, both)
        except BadInput as problem:
            self._refuse(resolution, conflict, problem)
            return states.base
        self.resolved.append(Resolved(conflict, resolution))
        return state

    def unused(self) -> tuple[Unused, ...]:
        """Answers that changed nothing, once all was asked."""
        used = {one.resolution for one in self.resolved}
        return tuple(
            self.refused.get(one) or Unused(one, _why_unused(one, self._by_id))
            for one in dict.fromkeys(self.resolutions)
            if one not in used
        )

    def kept(self) -> Kept:
        """Where to go :meth:`back` to."""
        return len(self.open), len(self.resolved), dict(self.refused)

    def back(self, kept: Kept) -> None:
        """Take back all that was asked since."""
        opened, resolved, self.refused = kept
        del self.open[opened:]
        del self.resolved[resolved:]

    def _answer(self, conflict: Conflict) -> Resolution | None:
        known = self._by_id.get(conflict.id)
        if known is not None:
            return known
        return next((one for one in self._by_glob if matches(one.glob or "", conflict.path)), None)

    def _refuse(self, resolution: Resolution, conflict: Conflict, problem: BadInput) -> None:
        why = filled(
            mark("{choice} is no answer to {conflict}: {problem}"),
            choice=resolution.choice,
            conflict=conflict.id,
            problem=problem.one_line,
        )
        self.refused[resolution] = Unused(resolution, why)
        self.open.append(conflict)


@dataclass(frozen=True)
class FileQuestions:
    """The questions about one file."""

    questions: Questions
    path: str

    def ask(
        self,
        states: Versions[T | None],
        shown: Callable[[T], str],
        *,
        record: str | None = None,
        field: str | None = None,
        kind: ConflictKind,
        given: Callable[[str], T] | None = None,
        both: T | None = None,
    ) -> T | None:
        """As :meth:`Questions.ask`."""
        return self.questions.ask(
            self.path, states, shown, record=record, field=field, kind=kind, given=given, both=both
        )


def _state(
    resolution: Resolution,
    conflict: Conflict,
    states: Versions[T | None],
    given: Callable[[str], T] | None,
    both: T | None,
) -> T | None:
    by_choice = {
        Choice.OURS: states.ours,
        Choice.THEIRS: states.theirs,
        Choice.BASE: states.base,
        Choice.BOTH: both,
        Choice.DELETE: None,
    }
    if resolution.choice not in conflict.choices:
        raise BadInput(
            f"it can be answered by {', '.join(conflict.choices)}", "Choose one of these for this conflict."
        )
    if resolution.choice is not Choice.GIVEN:
        return by_choice[resolution.choice]
    if given is None or resolution.value is None:
        raise BadInput("no value was given", "Give the value that it is to have.")
    return given(resolution.value)


def _why_unused(resolution: Resolution, by_id: dict[str, Resolution]) -> Filled:
    if resolution.conflict is None:
        return filled(
            mark("nothing that {glob} means is in conflict and not answered otherwise"),
            glob=repr(resolution.glob),
        )
    if by_id[resolution.conflict] != resolution:
        return filled(mark("{conflict} was answered again later"), conflict=resolution.conflict)
    return filled(
        mark("there is no conflict {conflict} any more: its contents have changed, or it was merged"),
        conflict=resolution.conflict,
    )


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
