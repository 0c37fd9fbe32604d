"""What the loop of one data set has done so far."""

from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.data.model import VersionRecord
from resources.data.service import DataService
from resources.database.engine import Database
from resources.gpu.service import GpuService
from resources.home import Home
from resources.labeling.model import Problem, ProblemKind, QuestionState
from resources.labeling.service import LabelingService
from resources.registry.model import Decision
from resources.registry.service import RegistryService
from resources.terms import DatasetName, VersionKey


@dataclass(frozen=True)
class Questions:
    """What people were asked for one version."""

    version: VersionKey
    asked: int
    still_open: int
    asked_at: datetime


@dataclass(frozen=True)
class Loop:
    """The loop of one data set, as it was at ``read_at``."""

    dataset: DatasetName
    versions: tuple[VersionRecord, ...]
    """Oldest first; so are the rounds."""
    rounds: tuple[Decision, ...]
    questions: Questions | None
    """The newest ones."""
    new_labels: int
    """Confirmed labels that no version has taken up yet."""
    newest_label_at: datetime | None
    problems: tuple[Problem, ...]
    project_page: str | None
    """The data set's project in Label Studio."""
    runs_leased: int
    """Runs that hold devices now."""
    runs_waiting: int
    """Runs that wait for devices."""
    read_at: datetime
    champion_version: VersionKey | None = None
    """The data version whose model is champion now; None for what the newest round decided."""

    @property
    def blocking(self) -> tuple[Problem, ...]:
        """The problems that keep a question open until a person mends them."""
        return tuple(one for one in self.problems if one.blocks and not _is_second_look(one))

    @property
    def second_looks(self) -> tuple[Problem, ...]:
        """Answers that went back to people: nothing is wrong, they are asked to look again."""
        return tuple(one for one in self.problems if _is_second_look(one))

    @property
    def champion(self) -> Decision | None:
        """The round whose model is champion now."""
        decided = self.rounds[-1].champion_version if self.rounds else None
        version = self.champion_version or decided
        return next((one for one in self.rounds if one.version == version), None)

    def champion_accuracies(self) -> list[float]:
        """The accuracy of the champion after each round, from 0 to 1."""
        return [one.champion_accuracy for one in self.rounds]

    def task_page(self, task: int) -> str | None:
        """The page of a task in Label Studio; None while its address is not known."""
        return None if self.project_page is None else f"{self.project_page}?task={task}"


def read_loop(home: Home, database: Database, dataset: DatasetName, clock: Clock = utc_now) -> Loop:
    """Read it from our own tables; neither Label Studio nor MLflow is asked."""
    data, labeling = DataService(home, database, clock), LabelingService(home, database, clock)
    gpu = GpuService(database, clock=clock)
    registry = RegistryService(home, database, clock)
    champion, rounds = registry.champion(dataset), tuple(registry.decisions(dataset))
    taken = data.taken_refs(dataset)
    fresh = [answer for answer in labeling.confirmed(dataset) if answer.ref not in taken]
    return Loop(
        dataset=dataset,
        versions=tuple(data.versions(dataset)),
        rounds=rounds,
        questions=_newest_questions(labeling, dataset, rounds),
        new_labels=len(fresh),
        newest_label_at=max((answer.at for answer in fresh), default=None),
        problems=tuple(labeling.problems(dataset)),
        project_page=labeling.project_address(dataset),
        runs_leased=len(gpu.live_leases()),
        runs_waiting=len(gpu.waiting()),
        read_at=clock(),
        champion_version=champion.dataset_version if champion else None,
    )


def _newest_questions(
    labeling: LabelingService, dataset: DatasetName, rounds: tuple[Decision, ...]
) -> Questions | None:
    for one in reversed(rounds):
        if labeling.asked(dataset, one.version) is None:
            continue  # none, or not all of them are in Label Studio yet
        asked = [
            question
            for question in labeling.questions(dataset, one.version)
            if question.state is not QuestionState.WITHDRAWN
        ]
        if asked:
            waiting = (QuestionState.OPEN, QuestionState.IN_REVIEW)
            still_open = sum(question.state in waiting for question in asked)
            return Questions(one.version, len(asked), still_open, max(one.asked_at for one in asked))
    return None


def _is_second_look(problem: Problem) -> bool:
    return problem.finding.kind is ProblemKind.IN_REVIEW
