"""Which model versions none is better than: at once as good and as cheap."""

from collections.abc import Sequence

from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement


def pareto_front(measurements: Sequence[Measurement], cost: Metric) -> frozenset[int]:
    """The numbers of those for which no other costs no more and is better, or is as good and costs less.

    Of those that are alike in both, all are in it.
    """
    told = [(value, one.value, one.number) for one in measurements if (value := cost.of(one)) is not None]
    front: set[int] = set()
    best, cheapest = float("-inf"), float("-inf")
    for value, good, number in sorted(told, key=lambda one: (one[0], -one[1])):
        if good > best or (good == best and value == cheapest):
            front.add(number)
            best, cheapest = good, value
    return frozenset(front)
