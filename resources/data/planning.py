"""Which version comes next: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from resources.data.arrivals.model import Arrival
from resources.data.model import ConfirmedLabel, Split, VersionRecord, VersionState
from resources.data.spec import DatasetSpec
from resources.data.splitting import Place
from resources.errors import BadInput, Conflict
from resources.marks import flaw
from resources.terms import FIRST_VERSION, DatasetName, SampleId, VersionKey, next_minor, version_order


@dataclass(frozen=True)
class Beside:
    """What else a version that takes up labels is planned with."""

    starts_from: str | None = None
    """See :class:`VersionRecord`."""
    pool: frozenset[SampleId] = frozenset()
    """Samples that are labelled as soon as they come: the parent does not have them."""
    arrivals: tuple[Arrival, ...] = ()
    """Of these the ones that have no row yet; their content is stored."""
    epoch: int = 0
    """The number of the last sweep before it was."""


NOTHING_BESIDE = Beside()


def first_planned(dataset: DatasetName, now: datetime) -> VersionRecord:
    """The record of a first version."""
    return _planned(dataset, FIRST_VERSION, parent=None, new_labels=0, now=now)


def next_planned(
    dataset: DatasetName,
    versions: Sequence[VersionRecord],
    taken: Mapping[str, VersionKey],
    labels: Sequence[ConfirmedLabel],
    now: datetime,
    last: VersionKey | None = None,
) -> VersionRecord:
    """The version that takes up ``labels``.

    1. Labels that one version has taken up already are answered with that version, whatever its state.
    2. Labels of which some are taken and others not, or by several versions, are refused.
    3. While the newest version is not sealed, nothing new is planned.
    4. Else it is the next minor version after the newest, or after the ``last`` key that anybody was given:
       people may have committed a version since that was retired or erased.
    """
    if not labels:
        raise BadInput(
            f"no labels were given for the next version of {dataset}; expected one or more",
            "Plan the next version when people have confirmed labels.",
        )
    takers = {taken.get(label.ref) for label in labels}
    if len(takers) > 1:
        listed = ", ".join(f"{label.ref} by {taken[label.ref]}" for label in labels if label.ref in taken)
        raise Conflict(
            f"some of the labels for the next version of {dataset} are taken up already: {listed}",
            "Leave those out and plan the others.",
        )
    by_version = {record.version: record for record in versions}
    taker = takers.pop()
    if taker is not None:
        return by_version[taker]
    if not versions:
        raise Conflict(
            f"{dataset} has no version yet, so labels have nothing to go on",
            f"Materialize {dataset}/collected and what follows it for partition {FIRST_VERSION} first.",
        )
    newest = versions[-1]
    if newest.state is not VersionState.SEALED:
        raise Conflict(
            f"the newest version of {dataset}, {newest.version}, is {newest.state}, not sealed",
            f"Finish it first: materialize {dataset}/collected to {dataset}/dataset for {newest.version}.",
        )
    return _planned(
        dataset, _after(newest.version, last), parent=newest.version, new_labels=len(labels), now=now
    )


def arrivals_planned(
    dataset: DatasetName,
    versions: Sequence[VersionRecord],
    waiting: int,
    now: datetime,
    last: VersionKey | None = None,
) -> VersionRecord | None:
    """The version that takes up samples that came, without new labels. None while none waits, or none can be.

    As for labels: while the newest version is not sealed, nothing new is planned, and no key is given twice.
    """
    if not waiting or not versions or versions[-1].state is not VersionState.SEALED:
        return None
    newest = versions[-1].version
    return _planned(dataset, _after(newest, last), parent=newest, new_labels=0, now=now)


def retraining_planned(
    dataset: DatasetName,
    versions: Sequence[VersionRecord],
    starts_from: str,
    now: datetime,
    last: VersionKey | None = None,
) -> VersionRecord:
    """The version that is trained anew, from something else, with the labels that there are.

    What a version starts from already is answered with that version. Raises :class:`Conflict` while the
    newest version is not sealed.
    """
    for one in versions:
        if one.starts_from == starts_from:
            return one
    if not versions or versions[-1].state is not VersionState.SEALED:
        newest = f"{versions[-1].version} is {versions[-1].state}" if versions else "none exists"
        raise Conflict(
            f"the newest version of {dataset} must be sealed before another one is trained; {newest}",
            f"Finish it first: run {dataset}_round for it.",
        )
    newest_key = versions[-1].version
    planned = _planned(dataset, _after(newest_key, last), parent=newest_key, new_labels=0, now=now)
    return replace(planned, starts_from=starts_from)


def refuse_unusable(
    spec: DatasetSpec, labels: Sequence[ConfirmedLabel], places: Mapping[SampleId, Place]
) -> None:
    """Raise :class:`BadInput`, which names each label that no version could take up."""
    complaints = []
    refs: dict[str, ConfirmedLabel] = {}
    for label in labels:
        place = places.get(label.sample)
        if flaw(spec.kind, label.label, spec.classes) is not None:
            complaints.append(f"{label.ref}: label {label.label!r} is none of {', '.join(spec.classes)}")
        elif place is None:
            complaints.append(f"{label.ref}: sample {label.sample} is not in the newest version")
        elif place.split is Split.TEST:
            complaints.append(f"{label.ref}: sample {label.sample} is held out for testing")
        elif refs.setdefault(label.ref, label) is not label:
            complaints.append(f"{label.ref}: is given twice")
    if complaints:
        raise BadInput(
            f"{len(complaints)} of {len(labels)} labels cannot go into {spec.name}: {'; '.join(complaints)}",
            "Mend these answers, or leave them out and plan the others.",
        )


def _after(newest: VersionKey, last: VersionKey | None) -> VersionKey:
    return next_minor(newest if last is None else max(newest, last, key=version_order))


def _planned(
    dataset: DatasetName, version: VersionKey, *, parent: VersionKey | None, new_labels: int, now: datetime
) -> VersionRecord:
    return VersionRecord(
        dataset=dataset,
        version=version,
        parent=parent,
        state=VersionState.PLANNED,
        planned_at=now,
        sealed_at=None,
        tree_md5=None,
        new_labels=new_labels,
        labelled=None,
        pool=None,
        test=None,
    )
