"""How far what is new in a version is from its parent: pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from resources.data.model import DriftMeasure
from resources.data.spec import DriftLimits
from resources.terms import Label

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def class_drift(
    before: Sequence[Label], new: Sequence[Label], now: Sequence[Label], limits: DriftLimits
) -> DriftMeasure | None:
    """The classes of a training split ``now`` against those ``before``; ``new`` are the labels given since.

    The index compares what models see, before and now; the chi-square test asks whether the new labels could
    have been drawn from the same classes as those before. None with too few of either.
    """
    if min(len(before), len(new)) < limits.least_new:
        return None
    import numpy as np
    from scipy.stats import chi2_contingency  # type: ignore[import-untyped]

    classes = sorted({*before, *new, *now})
    counted = np.array([[Counter(side)[one] for one in classes] for side in (before, new)])
    p_value = float(chi2_contingency(counted).pvalue) if len(classes) > 1 else 1.0
    value = stability_index(Counter(before), Counter(now))
    return DriftMeasure(
        "classes", "PSI", value, limits.class_psi, p_value, limits.p_value, len(before), len(new)
    )


def stability_index(before: Mapping[Label, int], now: Mapping[Label, int]) -> float:
    """Population stability index: the sum of (p - q) ln(p / q) over the shares p and q of each class.

    Half a sample is added to each count, so that a class that one side lacks does not make it infinite.
    """
    import numpy as np

    classes = sorted({*before, *now})
    p, q = (np.array([side.get(one, 0) + 0.5 for one in classes]) for side in (before, now))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


def value_drift(
    what: str, before: "NDArray[np.float32]", new: "NDArray[np.float32]", limits: DriftLimits
) -> DriftMeasure | None:
    """One value of each picture, of the parent's samples and of the new ones. None with too few of either."""
    if min(len(before), len(new)) < limits.least_new:
        return None
    from scipy.stats import ks_2samp

    tested = ks_2samp(before, new, method="asymp")
    return DriftMeasure(
        what,
        "KS",
        float(tested.statistic),
        limits.distribution_ks,
        float(tested.pvalue),
        limits.p_value,
        len(before),
        len(new),
    )
