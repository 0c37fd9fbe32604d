"""Whether a batch waits for more samples: where each batch costs much, whatever its size, fewer are better.

A replica that is free could begin at once with the few requests that are there; those that come a moment
later then wait for a whole batch. How long a batch takes is seen as a fixed part and one that grows with its
samples; a batch waits only a share of the fixed part, and only while more keeps coming. Of a model
whose time is all in the samples nothing waits: two half batches take as long as a whole one.
"""

from dataclasses import dataclass, field

WORTH_S = 0.002
"""Of a fixed part below this a wait gains less than it costs."""
MOST_SHARE = 0.5
"""The longest wait, as a share of the fixed part."""
PAUSE_SHARE, LEAST_PAUSE_S = 0.05, 0.0005
"""Who comes after such a pause is not waited for."""
_NEWEST = 0.2
"""How much the newest batch says of its size."""


@dataclass
class Gathering:
    """What the batches so far tell about the next one."""

    most_rows: int
    _took_s: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By the power of two that its rows reach: rows and seconds of a batch, newer ones counting more."""
    _usual_rows: float = 0.0

    def add(self, rows: int, took_s: float) -> None:
        """A batch of so many samples took so long."""
        size = rows.bit_length()
        rows_before, took_before_s = self._took_s.get(size, (rows, took_s))
        self._took_s[size] = (
            rows_before + _NEWEST * (rows - rows_before),
            took_before_s + _NEWEST * (took_s - took_before_s),
        )

    def seen(self, outstanding_rows: int) -> None:
        """So many samples are asked for at once, those that wait and those of replicas."""
        self._usual_rows = max(outstanding_rows, self._usual_rows / 2)

    @property
    def fixed_s(self) -> float:
        """What each batch costs, however few its samples: all of it while only one size was seen."""
        if not self._took_s:
            return 0.0
        few_rows, few_s = self._took_s[min(self._took_s)]
        many_rows, many_s = self._took_s[max(self._took_s)]
        by_row_s = max(0.0, many_s - few_s) / (many_rows - few_rows) if many_rows > few_rows else 0.0
        return max(0.0, min(few_s, many_s) - by_row_s * few_rows)

    @property
    def is_worth_it(self) -> bool:
        """Whether batches of this model wait at all."""
        return self.fixed_s >= WORTH_S

    def enough_rows(self, rows_at_work: int, free_replicas: int) -> int:
        """With so many a batch goes out at once: nobody else is likely to come."""
        expected = (self._usual_rows - rows_at_work) / max(1, free_replicas)
        return max(1, min(self.most_rows, round(expected)))

    @property
    def longest_s(self) -> float:
        """How long a batch waits at most."""
        return MOST_SHARE * self.fixed_s

    @property
    def pause_s(self) -> float:
        """After such a time without a request the batch goes out."""
        return max(LEAST_PAUSE_S, PAUSE_SHARE * self.fixed_s)
