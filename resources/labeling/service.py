"""Labeling for everyone above: ask people, hear what they answered, see what they must mend."""

from collections.abc import Callable, Sequence
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home, read_or_make_secrets
from resources.kinds import Kind
from resources.labeling import confirming, store
from resources.labeling.asking import Asker, Asking
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.connection import Connection
from resources.labeling.label_studio.project import HOOK_ACTIONS
from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.model import (
    AskedQuestion,
    AskReport,
    ConfirmedAnswer,
    PollResult,
    Problem,
    Question,
    QuestionCount,
    QuestionState,
    RandomPick,
    Standing,
)
from resources.labeling.polling import Cursor, Poller
from resources.labeling.reading import Reading
from resources.labeling.reconciling import Reconciler, Reconciliation
from resources.labeling.reviews.service import ReviewService
from resources.labeling.store import KnownProject
from resources.showing import ShownFrom
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey


class LabelingService:
    """All that is done with people's labels in one home. Every act can be repeated without harm.

    What only reads our own tables works while Label Studio is down. Acts that need it raise
    :class:`Unavailable`, :class:`Denied`, :class:`NotFound` or :class:`BadInput`, each with what to do.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock = utc_now,
        client: LabelStudioClient | None = None,
    ) -> None:
        self.home = home
        self.database = database
        self.clock = clock
        self._client = client

    @property
    def client(self) -> LabelStudioClient:
        """Label Studio, where this home says it listens."""
        if self._client is None:
            token = read_or_make_secrets(self.home).label_studio_token
            self._client = LabelStudioClient(Connection(self.home.addresses().label_studio, token))
        return self._client

    @property
    def reviews(self) -> ReviewService:
        """What goes back to people before it counts."""
        return ReviewService(self.home, self.database, self.clock)

    def check(self) -> None:
        """See whether Label Studio answers and lets us in. Raises what says why not."""
        self.client.connection.get("/api/projects/", {"page_size": 1, "include": "id"})

    def ask(
        self,
        dataset: DatasetName,
        title: str,
        classes: Sequence[Label],
        version: VersionKey,
        questions: Sequence[Question],
        *,
        model_version: str,
        actor: Actor,
        kind: Kind = Kind.IMAGE_CLASSES,
        shown_from: ShownFrom | None = None,
    ) -> AskReport:
        """Put ``questions`` to people, one task for each sample, with the model's guesses preselected.

        A sample that was asked before is not asked again, unless its task was deleted unanswered.
        """
        asker = Asker(self.home, self.database, self.client, self.clock, actor)
        return asker.ask(
            Asking(
                dataset,
                title,
                tuple(classes),
                version,
                tuple(questions),
                model_version,
                kind,
                shown_from or ShownFrom(),
            )
        )

    def poll(
        self,
        dataset: DatasetName,
        cursor: str | None,
        deadline: datetime | None = None,
        *,
        actor: Actor,
    ) -> PollResult:
        """Hear what changed in Label Studio since ``cursor`` (None: since ever), until ``deadline`` at most.

        The same again changes nothing. Raises BadInput for a cursor that is none.
        """
        position = Cursor.parse(cursor)
        known = self._known(dataset)
        if known is None:
            return PollResult(str(position), True, 0, 0, 0, False)
        reading = Reading(self.database, self.client, self.clock, known, actor)
        try:
            gathered = Poller(reading, deadline).poll(position)
        except NotFound as problem:
            raise NotFound(
                f"project {known.id} of {dataset} is not in Label Studio any more: {problem.problem}",
                f"Materialize {dataset}/label_tasks again for the newest version: the project is made anew, "
                "open questions are sent again, and labels that were confirmed before are kept.",
            ) from problem
        return PollResult(
            str(gathered.cursor),
            gathered.cursor.target is None,
            gathered.seen,
            gathered.fetched,
            gathered.new_labels,
            gathered.sweeping,
        )

    def reconcile(
        self,
        dataset: DatasetName,
        *,
        dry_run: bool,
        actor: Actor,
        progress: Callable[[int, int], None] | None = None,
    ) -> Reconciliation:
        """Read every task of a data set's project and take in what was missed; or only tell it.

        Killed on the way, the next call goes on where it was. Raises NotFound before anything was asked, and
        Conflict when not as many tasks came as Label Studio tells.
        """
        known = self._known(dataset)
        if known is None:
            raise NotFound(
                f"{dataset} has no project in Label Studio: nobody was asked anything yet",
                f"Materialize {dataset}/label_tasks, which makes it.",
            )
        reading = Reading(self.database, self.client, self.clock, known, actor)
        return Reconciler(reading).run(dry_run=dry_run, progress=progress)

    def asked(self, dataset: DatasetName, version: VersionKey) -> int | None:
        """How many questions ``version`` asked; None while they are not all in Label Studio."""
        with self.database.read() as connection:
            return store.round_asked(connection, dataset, version)

    def questions(self, dataset: DatasetName, version: VersionKey | None = None) -> list[AskedQuestion]:
        """All questions, or those of one version, whatever their state."""
        with self.database.read() as connection:
            return store.questions_of(connection, dataset, version=version)

    def question_counts(self, dataset: DatasetName) -> list[QuestionCount]:
        """All questions, counted: a data set may have more of them than a page can read."""
        with self.database.read() as connection:
            by_guess = store.kind_of(connection, dataset).has_one_class
            return store.count_questions(connection, dataset, by_guess=by_guess)

    def questions_open(self, dataset: DatasetName) -> list[AskedQuestion]:
        """Questions that wait for a person, the first time or again."""
        with self.database.read() as connection:
            again = (QuestionState.IN_REVIEW,)
            return store.questions_of(connection, dataset, state=QuestionState.OPEN, also=again)

    def samples_asked(self, dataset: DatasetName, *, but_by: VersionKey | None = None) -> frozenset[SampleId]:
        """Samples that are not to be asked again; those that ``but_by`` asked itself are left out of it."""
        with self.database.read() as connection:
            return store.samples_asked(connection, dataset, but_by=but_by)

    def settled(self, dataset: DatasetName) -> bool:
        """Whether no question waits for a person."""
        return self.standing(dataset).open == 0

    def confirmed(self, dataset: DatasetName) -> list[ConfirmedAnswer]:
        """The label of each sample that people agree on. A changed answer has a new ref."""
        with self.database.read() as connection:
            return store.confirmed_of(connection, dataset)

    def random_guesses(self, dataset: DatasetName) -> list[bool]:
        """For each random pick that people answered, whether the model that asked had guessed all of it."""
        return [one.guessed for one in self.random_picks(dataset)]

    def random_picks(self, dataset: DatasetName) -> list[RandomPick]:
        """The random picks that people answered, in the order of their answers."""
        with self.database.read() as connection:
            return store.random_picks_of(connection, dataset, store.kind_of(connection, dataset))

    def problems(self, dataset: DatasetName, limit: int = 100) -> list[Problem]:
        """Open problems, each with what to do: first those that keep a question open, then the newest."""
        with self.database.read() as connection:
            return confirming.open_problems(connection, dataset, limit)[0]

    def standing(self, dataset: DatasetName) -> Standing:
        """How many questions are in which state, and how many problems are open."""
        with self.database.read() as connection:
            states = store.count_states(connection, dataset)
            problems = confirming.open_problems(connection, dataset, 0)[1]
        return Standing(
            questions=sum(states.values()),
            open=states.get(QuestionState.OPEN, 0) + states.get(QuestionState.IN_REVIEW, 0),
            answered=states.get(QuestionState.ANSWERED, 0),
            skipped=states.get(QuestionState.SKIPPED, 0),
            withdrawn=states.get(QuestionState.WITHDRAWN, 0),
            problems=problems,
            in_review=states.get(QuestionState.IN_REVIEW, 0),
        )

    def project_address(self, dataset: DatasetName) -> str | None:
        """The project's page in Label Studio; None before anything was asked or while no address is known."""
        known = self._known(dataset)
        address = self.home.addresses().label_studio
        return f"{address}/projects/{known.id}/data" if known and address else None

    def take_hint(self, project: ProjectId, action: str, tasks: Sequence[TaskId]) -> str | None:
        """Put what a web hook said into the inbox, for the next poll. Returns why it was refused, or None.

        It is only ever a hint: nothing else happens here, and the poll looks up what is true.
        """
        with self.database.write() as connection:
            if action not in HOOK_ACTIONS:
                return f"action {action!r} is none of {', '.join(HOOK_ACTIONS)}"
            if project not in store.projects_known(connection):
                return f"project {project} is none of this home's"
            store.put_hint(connection, project, action, tasks, self.clock())
        return None

    def note_refusal(self, reason: str, sender: str) -> None:
        """Write into the audit that a web hook came from nowhere."""
        with self.database.write() as connection:
            actor = Actor(f"webhook:{sender}"[:200])
            record(connection, AuditRow(self.clock(), actor, "labeling.refuse_hook", "web hook", reason))

    def _known(self, dataset: DatasetName) -> KnownProject | None:
        with self.database.read() as connection:
            return store.project_of(connection, dataset)
