"""What happened since a mark, so that it can be undone; and since when nothing was given back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from resources.errors import BadInput
from resources.gpu.placement.model import Placement, Shape

NOTHING = Shape(0)
ERAS_KEPT = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One change."""

    taken: bool
    """Whether it left less room; else it may have left more."""
    shape: Shape = NOTHING
    placement: Placement = ()
    usable: tuple[int, int, bool] | None = None
    """Row, device, and whether it was usable before, where that is what changed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to which everything can be rolled back."""

    number: int
    position: int
    era: int
    eras: frozenset[int] = field(repr=False)


class Journal:
    """The changes since the first open mark, and the eras in which a failure to find a place still counts.

    A new era begins whenever room may have grown. A what-if has an era of its own: what fails in it may fit
    when it is rolled back, and what failed before it fails in it too until something is given back.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._steps: list[Step] = []
        self._marks: list[Mark] = []
        self.era = next(self._numbers)
        self._eras = frozenset({self.era})

    def still(self, era: int) -> bool:
        """Whether nothing was given back since ``era``."""
        return era in self._eras

    def add(self, step: Step) -> None:
        """Something changed."""
        if self._marks:
            self._steps.append(step)
        if not step.taken:
            self._begin(frozenset())

    def mark(self) -> Mark:
        """Open a mark."""
        mark = Mark(next(self._numbers), len(self._steps), self.era, self._eras)
        self._marks.append(mark)
        self._begin(self._eras if len(self._eras) < ERAS_KEPT else frozenset())
        return mark

    def undone(self, mark: Mark) -> Iterator[Step]:
        """Close ``mark`` and every later one: the steps since, the last first, which the caller undoes."""
        self._close(mark)
        while len(self._steps) > mark.position:
            yield self._steps.pop()
        self.era, self._eras = mark.era, mark.eras

    def keep(self, mark: Mark) -> None:
        """Close ``mark`` and every later one, and let the steps since stand."""
        self._close(mark)
        if not self._marks:
            self._steps.clear()

    def _begin(self, still: frozenset[int]) -> None:
        self.era = next(self._numbers)
        self._eras = still | {self.era}

    def _close(self, mark: Mark) -> None:
        if mark not in self._marks:
            raise BadInput(
                f"mark {mark.number} has ended already", "Roll back or keep each mark once, the last first."
            )
        del self._marks[self._marks.index(mark) :]
