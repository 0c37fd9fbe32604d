"""Measured model versions beside one of them: what a page and the command line tell alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.errors import BadInput, NotFound
from resources.registry.comparing.choosing import Choice, chosen, newest_of_each
from resources.registry.evaluations.bootstrap import Difference, paired_differences
from resources.registry.evaluations.model import Measurement, SampleScores
from resources.registry.evaluations.service import EvaluationService
from resources.terms import DatasetName
from resources.texts import filled, mark


@dataclass(frozen=True, eq=False)
class Sheet:
    """Some models, and how far each is from the baseline."""

    baseline: Measurement
    measurements: tuple[Measurement, ...]
    """On the baseline's test set where they were measured on it."""
    differences: Mapping[int, Difference]
    """By number; without those that have no sample in common with the baseline, or whose answers are gone."""


def read_sheet(
    service: EvaluationService,
    dataset: DatasetName,
    choice: Choice,
    *,
    baseline: int | None = None,
    usual: int | None = None,
    numbers: Sequence[int] = (),
    most: int | None = None,
) -> Sheet:
    """Those that fit the choice, of ``numbers`` or of all, beside the baseline.

    Where none is named it is the ``usual`` one, or the first that was measured. Differences are told of the
    first ``most``, whose files are read for it; of all where it is None. Raises :class:`NotFound` for
    a number that was never measured.
    """
    measured = service.measurements(dataset)
    newest = {one.number: one for one in newest_of_each(measured)}
    if not newest:
        raise NotFound(
            filled(mark("no model of {name} was measured yet"), name=dataset),
            filled(mark("Materialize {name}/evaluation for one of its versions."), name=dataset),
        )
    asked = (*numbers, *(() if baseline is None else (baseline,)))
    unknown = [number for number in asked if number not in newest]
    if unknown:
        raise NotFound(
            filled(
                mark("{name} {number} was never measured; of {name} there are {count}, {first} to {last}"),
                name=dataset,
                number=", ".join(map(str, unknown)),
                count=len(newest),
                first=min(newest),
                last=max(newest),
            ),
            mark("Name one that was measured, or materialize the evaluation of its data version."),
        )
    if baseline is None:
        baseline = usual if usual in newest else min(newest)
    against = newest[baseline]
    wanted = newest_of_each(measured, against.test_set)
    fitting = chosen([one for one in wanted if not numbers or one.number in numbers], choice)
    scores = [_scores(service, one) for one in (against, *fitting[:most])]
    return Sheet(against, tuple(fitting), differences(scores[0], scores[1:]))


def differences(old: SampleScores | None, others: Sequence[SampleScores | None]) -> Mapping[int, Difference]:
    """Each model less the baseline, by number, without those that have no sample in common with it."""
    if old is None:
        return {}
    known, first = set(old.sample_ids), old.sample_ids[:1]
    fitting = [
        one
        for one in others
        if one is not None and (one.sample_ids[:1] == first or known.intersection(one.sample_ids))
    ]
    if not fitting:
        return {}
    return dict(zip((one.number for one in fitting), paired_differences(old, fitting), strict=True))


def _scores(service: EvaluationService, measured: Measurement) -> SampleScores | None:
    try:
        return service.scores_behind(measured)
    except BadInput:  # one damaged file among many: the others are told all the same
        return None
