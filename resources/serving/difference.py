"""What one model version does otherwise than another: settings, numbers, classes, and each class."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.registry.evaluations.bootstrap import Difference, paired_difference
from resources.registry.evaluations.model import Measurement, TestAnswers
from resources.registry.model import ModelVersion
from resources.terms import Label

NUMBERS = (
    "value",
    "calibration_error",
    "latency_p50_ms",
    "latency_p99_ms",
    "size_bytes",
    "parameters",
    "forgetting",
)
"""What is compared of two measurements, by the names of their fields."""


@dataclass(frozen=True)
class Pair:
    """One thing, as it was and as it is; None where it is not known."""

    old: str | float | None
    new: str | float | None

    @property
    def change(self) -> float | None:
        """New minus old; None where one of them is no number."""
        if isinstance(self.old, int | float) and isinstance(self.new, int | float):
            return self.new - self.old
        return None


@dataclass(frozen=True)
class ModelDifference:
    """All of it."""

    old: ModelVersion
    new: ModelVersion
    params: Mapping[str, Pair]
    """Only those that differ."""
    numbers: Mapping[str, Pair] = field(default_factory=dict)
    """By the names in ``NUMBERS``; those that neither was measured for are left out."""
    recalls: Mapping[Label, Pair] = field(default_factory=dict)
    """Of each class that one of them knows."""
    added: tuple[Label, ...] = ()
    removed: tuple[Label, ...] = ()
    difference: Difference | None = None
    """New minus old, sample by sample, with its interval; None where what they said is not kept."""
    is_same_test: bool = True
    """Whether both were measured on the same test set, so that their numbers tell them apart."""


def difference(
    old: ModelVersion,
    new: ModelVersion,
    measured_old: Measurement | None,
    measured_new: Measurement | None,
    answers: tuple[TestAnswers, TestAnswers] | None = None,
) -> ModelDifference:
    """What differs, as far as it was measured."""
    params_old = _params(old, measured_old)
    params_new = _params(new, measured_new)
    recalls_old = dict(measured_old.recalls) if measured_old else {}
    recalls_new = dict(measured_new.recalls) if measured_new else {}
    both = measured_old is not None and measured_new is not None
    numbers = {name: Pair(_number(measured_old, name), _number(measured_new, name)) for name in NUMBERS}
    return ModelDifference(
        old,
        new,
        {
            name: Pair(params_old.get(name), params_new.get(name))
            for name in sorted({*params_old, *params_new})
            if params_old.get(name) != params_new.get(name)
        },
        {name: pair for name, pair in numbers.items() if (pair.old, pair.new) != (None, None)},
        {
            label: Pair(recalls_old.get(label), recalls_new.get(label))
            for label in dict.fromkeys([*recalls_old, *recalls_new])
        },
        tuple(label for label in recalls_new if label not in recalls_old) if both else (),
        tuple(label for label in recalls_old if label not in recalls_new) if both else (),
        _paired(answers),
        not both or _test_set(measured_old) == _test_set(measured_new),
    )


def _params(model: ModelVersion, measured: Measurement | None) -> dict[str, str]:
    facts = model.facts
    told = {
        "data version": model.dataset_version,
        "goes on from": facts.parent,
        "method": facts.method,
        "seed": facts.seed,
        "code version": facts.code_version,
    }
    known = {name: value for name, value in told.items() if value}
    more = {} if measured is None else {name.replace("_", " "): one for name, one in measured.params.items()}
    more.pop("dataset version", None)  # it is said already
    return more | known


def _test_set(measured: Measurement | None) -> str | None:
    return None if measured is None else measured.test_set


def _number(measured: Measurement | None, name: str) -> float | None:
    return None if measured is None else getattr(measured, name)


def _paired(answers: tuple[TestAnswers, TestAnswers] | None) -> Difference | None:
    if answers is None or not {*answers[0].sample_ids} & {*answers[1].sample_ids}:
        return None
    return paired_difference(*answers)
