"""What a data set's trigger policy looks at besides labels: quality, drift, times, hours, wishes, pauses.

Only what the policy asks for is measured: a tick with nothing new stays cheap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dagster import DagsterRunStatus, RunRecord, RunsFilter

from resources.data.making.drift import class_drift
from resources.data.model import DriftMeasure, VersionRecord
from resources.errors import NotFound, TrainplatError
from resources.gpu.model import RunId
from resources.gpu.usage.service import UsageService
from resources.labeling.model import ConfirmedAnswer, RandomPick
from resources.labeling.predictions import PredictionFiles
from resources.learning.querying.quality import wilson
from resources.learning.triggering.model import DriftReading, Paused, PickQuality, TriggerSnapshot
from resources.learning.triggering.service import NOTHING_AGAIN
from resources.registry.model import Decision
from resources.terms import VersionKey
from resources.triggers import Against, Drift, DriftOf, QualityDrop
from sensors.tick import Tick

RUNS_LOOKED_AT = 500
DONE_LOOKED_AT = 20
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


class Measures:
    """Measures of one data set. What only a new version changes is kept from tick to tick."""

    def __init__(self) -> None:
        self._drift_key: tuple[object, ...] = ()
        self._drift: tuple[DriftReading | None, ...] = ()

    def take(
        self,
        of: Tick,
        known: Sequence[VersionRecord],
        begun: Sequence[VersionKey],
        decisions: Sequence[Decision],
        new: Sequence[ConfirmedAnswer],
        now: datetime,
        again: Mapping[int, VersionKey] = NOTHING_AGAIN,
    ) -> TriggerSnapshot:
        """All but the questions and the round that may be under way. Wishes that were taken are settled.

        ``again``: those that a version took whose round was begun once more for them.
        """
        policy, trained = of.spec.triggers, [one for one in decisions if not one.carried]
        standing = TriggerSnapshot(
            labels_per_round=of.spec.labels_per_round,
            new_labels=len(new),
            first_answer_at=min((one.at for one in new), default=None),
            last_answer_at=max((one.at for one in new), default=None),
            last_training_at=trained[-1].decided_at if trained else None,
            wishes=tuple(of.triggers.settle(of.spec.name, begun, of.actor, again)),
            pause=of.triggers.paused(of.spec.name, Paused.TRAINING),
        )
        if policy.asks_for(QualityDrop):
            standing = replace(standing, quality=_quality(of, decisions))
        if policy.asks_for(Drift) and decisions and known:
            standing = replace(standing, drift=self._drifts(of, known[-1].version, _now(of, decisions[-1])))
        if policy.budget_gpu_hours is not None:
            used, expected = _hours(of, now, policy.budget_window_h)
            standing = replace(standing, used_gpu_hours=used, next_gpu_hours=expected)
        return standing

    def _drifts(self, of: Tick, version: VersionKey, newest: Decision) -> tuple[DriftReading | None, ...]:
        model = f"{of.spec.name}-{newest.champion_number}"
        key = (version, newest.version, newest.champion_version, model, _predicted(of, newest.version, model))
        if key != self._drift_key:
            wanted = [one for one in of.spec.triggers.leaves() if isinstance(one, Drift)]
            self._drift = tuple(_drift(of, one, version, newest, model) for one in wanted)
            self._drift_key = key
        return self._drift


def _now(of: Tick, newest: Decision) -> Decision:
    """The newest decision with whoever is champion now, by it or by hand since."""
    champion = of.registry.champion(of.spec.name)
    if champion is None or champion.number == newest.champion_number:
        return newest
    return replace(newest, champion_number=champion.number, champion_version=champion.dataset_version)


def _quality(of: Tick, decisions: Sequence[Decision]) -> tuple[PickQuality | None, ...]:
    picks = of.people.random_picks(of.spec.name)
    measured = {one.version: one.champion_accuracy for one in decisions}
    wanted = [one for one in of.spec.triggers.leaves() if isinstance(one, QualityDrop)]
    return tuple(_pick_quality(one, picks, measured) for one in wanted)


def _pick_quality(
    wanted: QualityDrop, picks: Sequence[RandomPick], measured: dict[VersionKey, float]
) -> PickQuality | None:
    """The newest picks, and what the champions that asked them were measured to reach.

    Each pick was guessed by the champion of its time, so that each is compared with that one's accuracy: an
    estimate over several rounds is not held against the newest champion, who did not guess.
    """
    newest, before = picks[-wanted.newest_picks :], picks[: -wanted.newest_picks]
    if not newest:
        return None
    right = sum(one.guessed for one in newest)
    reference = None
    if wanted.against is Against.EARLIER:
        if len(before) >= wanted.least_picks:
            reference = sum(one.guessed for one in before) / len(before)
    else:
        reached = [measured[one.version] for one in newest if one.version in measured]
        reference = sum(reached) / len(reached) if len(reached) == len(newest) else None
    return PickQuality(right, len(newest), wilson(right, len(newest)).high, reference)


def _drift(of: Tick, wanted: Drift, version: VersionKey, newest: Decision, model: str) -> DriftReading | None:
    """How what came since the champion's data version differs from what that version knew."""
    try:
        if wanted.of is DriftOf.POOL:
            return _strongest(of.data.drift_of_pool(of.spec, version, newest.champion_version))
        return _drift_of_guesses(of, newest, model)
    except TrainplatError:  # a version that is not made yet, or was retired: nothing can be said
        return None


def _drift_of_guesses(of: Tick, newest: Decision, model: str) -> DriftReading | None:
    found = PredictionFiles(of.people.home).read_predictions(of.spec.name, newest.version)
    if found.model != model:
        return None
    known = {one.id for one in of.data.samples(of.spec.name, newest.champion_version)}
    guesses = [(sample in known, found.guess(row)[0]) for row, sample in enumerate(found.ids)]
    before = [guess for old, guess in guesses if old]
    new = [guess for old, guess in guesses if not old]
    measure = class_drift(before, new, new, of.spec.drift)
    return _strongest([measure] if measure is not None else [])


def _strongest(measures: Sequence[DriftMeasure]) -> DriftReading | None:
    if not measures:
        return None
    worst = max(measures, key=lambda one: (one.drifted, one.value / one.limit))
    return DriftReading(f"{worst.what} {worst.statistic}", round(worst.value, 4), worst.limit, worst.drifted)


def _predicted(of: Tick, version: VersionKey, model: str) -> bool:
    """Whether the champion's guesses are there; they come after its decision."""
    if not any(isinstance(one, Drift) and one.of is DriftOf.PREDICTIONS for one in of.spec.triggers.leaves()):
        return False
    try:
        return PredictionFiles(of.people.home).read_predictions(of.spec.name, version).model == model
    except NotFound:
        return False


def _hours(of: Tick, now: datetime, window_h: float) -> tuple[float, float]:
    """What rounds of this data set held in the window, and what the last one that went well held in all."""
    usage, since = UsageService(of.data.database), now - timedelta(hours=window_h)
    recent = of.instance.get_run_records(
        RunsFilter(job_name=of.round_job, updated_after=since), limit=RUNS_LOOKED_AT
    )
    done = of.instance.get_run_records(
        RunsFilter(job_name=of.round_job, statuses=[DagsterRunStatus.SUCCESS]), limit=DONE_LOOKED_AT
    )
    used = usage.device_hours(_runs(recent), since)
    of_each = usage.device_hours_of_each(_runs(done), _BEFORE_ALL)
    # One without a training holds nothing.
    return used, next((of_each[run] for run in _runs(done) if run in of_each), 0.0)


def _runs(records: Sequence[RunRecord]) -> list[RunId]:
    return [RunId(one.dagster_run.run_id) for one in records]
