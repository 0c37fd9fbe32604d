"""The plain rule of Kubernetes with one CPU target after another: the cheapest that waits no longer."""

from collections.abc import Sequence

from benchmarks.scaling.load import Load
from benchmarks.scaling.service import Model, Outcome, scaled
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.parsing import parse_scaling

STEP = 5
TARGETS_PCT = tuple(range(95, 25, -STEP))
HIGHEST_PCT = 100


class PlainRule:
    """A day under that rule; each target is played once."""

    def __init__(self, load: Load, model: Model, seed: int, *, most: int, settings: str = "") -> None:
        """``settings`` stand behind the target, such as ``,down:60s``; without any it has its defaults."""
        self._load, self._model, self._seed = load, model, seed
        self._most, self._settings = most, settings
        self._played: dict[int, Outcome] = {}

    def at(self, target_pct: int) -> Outcome:
        """The day with this target."""
        if target_pct not in self._played:
            spec = parse_scaling(f"cpu:{target_pct}%{self._settings}", least=1, most=self._most)
            self._played[target_pct] = scaled(self._load, self._model, Autoscaler(spec), self._seed)
        return self._played[target_pct]

    def cheapest(self, p99_ms: float, targets_pct: Sequence[int] = TARGETS_PCT) -> Outcome | None:
        """The one with the fewest hours that waits no longer than ``p99_ms``, to one per cent; None where
        each of ``targets_pct`` waits longer.
        """
        fitting = self._fitting(p99_ms, targets_pct)
        if not fitting:
            return None
        best = min(fitting, key=self._hours)
        above = range(best + 1, min(best + STEP, HIGHEST_PCT + 1))
        return self.at(min([best, *self._fitting(p99_ms, above)], key=self._hours))

    def _fitting(self, p99_ms: float, targets_pct: Sequence[int]) -> list[int]:
        return [target for target in targets_pct if self.at(target).p99_ms <= p99_ms]

    def _hours(self, target_pct: int) -> float:
        return self.at(target_pct).replica_h
