"""How the models of one data set did, version by version."""

from dataclasses import dataclass
from datetime import datetime

from resources import spreadsheet
from resources.clock import Clock, utc_now
from resources.data.service import DataService
from resources.database.engine import Database
from resources.home import Home
from resources.learning.continual.forgetting import VersionMatrix
from resources.learning.continual.tasks import matrix_up_to
from resources.registry.model import Decision, RoundEvaluation, Scores
from resources.registry.service import RegistryService
from resources.terms import DatasetName, Label, VersionKey


@dataclass(frozen=True)
class Comparison:
    """All rounds of one data set, as they were at ``read_at``."""

    dataset: DatasetName
    rounds: tuple[Decision, ...]
    """In the order of their versions."""
    evaluations: tuple[RoundEvaluation, ...]
    matrix: VersionMatrix | None
    """What the models of the newest version's line know of each task; None before one is measured."""
    read_at: datetime
    champion_version: VersionKey | None = None
    """The version whose model is champion now."""

    def evaluation(self, version: VersionKey) -> RoundEvaluation | None:
        """How the round of ``version`` was measured."""
        return next((one for one in self.evaluations if one.version == version), None)

    def usual_pair(self) -> tuple[VersionKey, VersionKey] | None:
        """The champion and the version before it, which is what people mostly want to compare."""
        versions = [one.version for one in self.evaluations]
        if not versions:
            return None
        at = versions.index(self.champion_version) if self.champion_version in versions else len(versions) - 1
        return (versions[at - 1], versions[at]) if at else (versions[0], versions[-1])


@dataclass(frozen=True)
class Pair:
    """Two models on one test set, or on two where the test set changed between them."""

    left_classes: tuple[Label, ...]
    right_classes: tuple[Label, ...]
    """Those that each was measured on: a later one may have more."""
    left: Scores
    right: Scores
    same_test_set: bool
    test_count: int


def read_comparison(
    home: Home, database: Database, dataset: DatasetName, clock: Clock = utc_now
) -> Comparison:
    """Read it from our own tables; MLflow is not asked."""
    registry = RegistryService(home, database, clock)
    champion, rounds = registry.champion(dataset), tuple(registry.decisions(dataset))
    decided = rounds[-1].champion_version if rounds else None
    measured = registry.evaluations(dataset)
    parents = {one.version: one.parent for one in DataService(home, database, clock).versions(dataset)}
    return Comparison(
        dataset,
        rounds,
        tuple(measured[one.version] for one in rounds if one.version in measured),
        matrix_up_to(rounds[-1].version, parents, measured) if rounds else None,
        clock(),
        champion.dataset_version if champion else decided,
    )


def pair(comparison: Comparison, left: VersionKey, right: VersionKey) -> Pair | None:
    """The models of two versions beside each other; None where one was never measured."""
    one, other = comparison.evaluation(left), comparison.evaluation(right)
    if one is None or other is None:
        return None
    same = one.test_set == other.test_set
    return Pair(
        one.classes, other.classes, one.challenger_scores, other.challenger_scores, same, other.test_count
    )


def as_csv(rounds: tuple[Decision, ...]) -> str:
    """The decisions as a file for a spreadsheet; column names stay English, for programs."""
    heads = ["version", "labels", "measure", "accuracy_new", "accuracy_old", "promoted"]
    return spreadsheet.as_csv(
        [*heads, "champion_version", "lease_s", "decided_at"],
        [
            [
                one.version,
                one.labels,
                one.measure,
                f"{one.accuracy_new:.6f}",
                None if one.accuracy_old is None else f"{one.accuracy_old:.6f}",
                str(one.promoted).lower(),
                one.champion_version,
                f"{one.lease_s:.3f}",
                one.decided_at.isoformat(),
            ]
            for one in rounds
        ],
    )
