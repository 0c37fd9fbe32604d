"""Asking: questions become tasks, one for each sample, whatever is killed on the way."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from resources.clock import Clock
from resources.database.engine import Database
from resources.home import Home, read_or_make_secrets
from resources.kinds import Kind
from resources.labeling import store
from resources.labeling.bucket import put_pictures
from resources.labeling.confirming import let_go
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.project import ProjectPlan, preselect, set_up
from resources.labeling.label_studio.values import NewTask, TaskId
from resources.labeling.model import AskedQuestion, AskReport, Question, QuestionState
from resources.labeling.newest import Newest
from resources.labeling.ordering import in_order_of_work
from resources.labeling.reading import Reading
from resources.labeling.reviews import store as reviews
from resources.labeling.reviews.model import ReviewState
from resources.labeling.served import picture_path, serve, serve_text, text_path
from resources.labeling.store import KnownProject
from resources.showing import ShownFrom
from resources.terms import Actor, DatasetName, Label, VersionKey, version_order

SERVED_AT_ONCE = 4
"""Pictures written at once: half of the time of each is spent waiting for the disk."""
IMPORT_AT_FIRST, IMPORT_AT_LEAST, IMPORT_AT_MOST = 100, 25, 1000
"""Tasks in one import request; each next one grows or shrinks with the time that the one before it took."""
IMPORT_S = 4.0
"""How long an import should take at most: where it takes longer than a request may, its answer is lost."""


@dataclass(frozen=True)
class Asking:
    """What is asked, of whom, for whom."""

    dataset: DatasetName
    title: str
    classes: tuple[Label, ...]
    version: VersionKey
    questions: tuple[Question, ...]
    model_version: str
    kind: Kind = Kind.IMAGE_CLASSES
    shown_from: ShownFrom = field(default_factory=ShownFrom)

    @property
    def copied(self) -> list[Question]:
        """Those of which a copy is shown."""
        return [question for question in self.questions if question.original is None]

    @property
    def buckets(self) -> frozenset[str]:
        """Where originals lie that Label Studio has to sign for."""
        found = (urlsplit(question.original or "") for question in self.questions)
        return frozenset(place.netloc for place in found if place.scheme == "s3")


class Asker:
    """Puts questions to people. Each step looks at what is there, so all of it can simply be done again.

    1. The questions are rows. 2. Their pictures are files, and lie where they are
    shown from; those that are shown from where they came are neither copied nor put anywhere. 3. The project
    is there. 4. Tasks are made for those open questions that have none, once all that Label Studio has is
    known: see :class:`Newest`. A task is about the sample that its data names. 5. A task that was made twice,
    because an answer to an import was lost, goes while nobody has touched it. 6. The round is noted as asked.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        client: LabelStudioClient,
        clock: Clock,
        actor: Actor,
    ) -> None:
        self._home = home
        self._database = database
        self._client = client
        self._clock = clock
        self._actor = actor

    def ask(self, asking: Asking) -> AskReport:
        """Ask, or go on with asking. Raises what the client raises, and BadInput for a broken image."""
        with self._database.write() as connection:
            store.put_questions(
                connection,
                asking.dataset,
                asking.version,
                in_order_of_work(asking.questions),
                asking.model_version,
                self._clock(),
            )
        with ThreadPoolExecutor(SERVED_AT_ONCE) as pool:
            for _ in pool.map(lambda question: self._serve(question, asking), asking.copied):
                pass  # a broken one is raised here
        if asking.shown_from.is_bucket and not asking.kind.is_text:
            self._put_pictures(asking)
        known = self._project(asking)
        sent = self._send(known, asking)
        return self._note(known, asking, sent)

    def _serve(self, question: Question, asking: Asking) -> None:
        if asking.kind.is_text:
            serve_text(question.file, text_path(self._home.served, asking.dataset, question.sample))
        else:
            serve(question.file, picture_path(self._home.served, asking.dataset, question.sample))

    def _put_pictures(self, asking: Asking) -> None:
        samples = [question.sample for question in asking.copied]
        files = [picture_path(self._home.served, asking.dataset, sample) for sample in samples]
        put_pictures(asking.shown_from, asking.dataset, zip(samples, files, strict=True))

    def ask_again(self, known: KnownProject) -> int:
        """Make a task for each answer that went back to people and has none; returns how many.

        One that was made twice goes while nobody has touched it, and so does one that nobody needs: people
        may look again where they answered first, too.
        """
        unplaced = self._unplaced_reviews(known)
        if unplaced:
            self._newest(known).catch_up()
            unplaced = self._unplaced_reviews(known)
        notes = {question.sample: note for question, note in unplaced}

        def again(question: AskedQuestion) -> NewTask:
            task = self._new_task(question, known)
            return replace(task, question=task.question + store.REVIEW_ENDING, note=notes[question.sample])

        self._import(known, [question for question, _ in unplaced], again)
        with self._database.read() as connection:
            surplus = reviews.surplus_tasks(connection, known)
        self._delete_untouched(known, surplus)
        return len(unplaced)

    def _unplaced_reviews(self, known: KnownProject) -> list[tuple[AskedQuestion, str]]:
        """Questions whose answer went back and that have no task for it, with the reason for people."""
        with self._database.read() as connection:
            back = reviews.reviews_of(connection, known.dataset, [ReviewState.RETURNED])
            doubted = {review.doubted.sample: review.doubted for review in back if review.task is None}
            waiting = store.questions_of(connection, known.dataset, state=QuestionState.IN_REVIEW)
        return [
            (question, doubted[question.sample].note(known.kind, self._text(question, known)))
            for question in waiting
            if question.sample in doubted
        ]

    def _project(self, asking: Asking) -> KnownProject:
        with self._database.read() as connection:
            before = store.project_of(connection, asking.dataset)
            people = reviews.rules_of(connection, asking.dataset).people
        plan = ProjectPlan(
            dataset=asking.dataset,
            description=asking.title,
            classes=asking.classes,
            pictures=self._home.served / asking.dataset,
            hook_address=self._home.addresses().webhook,
            hook_secret=read_or_make_secrets(self._home).webhook_secret,
            kind=asking.kind,
            shown_from=asking.shown_from,
            people=people,
            buckets=asking.buckets,
        )
        project = set_up(self._client, plan, before.id if before else None)
        shown_from = ShownFrom(asking.shown_from.url)
        known = KnownProject(asking.dataset, project, asking.classes, asking.kind, shown_from)
        if known != before:
            with self._reading(known).writing() as writing:
                store.put_project(writing.connection, known, writing.now)
                subject = f"{asking.dataset} project {known.id}"
                writing.audit("labeling.project", subject, self._address(known))
        return known

    def _send(self, known: KnownProject, asking: Asking) -> int:
        newest = self._newest(known)
        newest.catch_up()
        # What has a task may have an answer too: a task that somebody else made, about a sample that was
        # not asked then, is judged by nobody else.
        newest.judge(question.sample for question in asking.questions)
        with self._database.read() as connection:
            unplaced = store.unplaced_of(connection, asking.dataset)
        # Label Studio gives people tasks in the order in which they are made. Versions come in theirs.
        unplaced.sort(key=lambda question: version_order(question.version))
        self._import(known, unplaced, lambda question: self._new_task(question, known))
        self._preselect(known)
        self._drop_surplus(known, asking)
        return len(unplaced)

    def _import(
        self,
        known: KnownProject,
        questions: Sequence[AskedQuestion],
        new_task: Callable[[AskedQuestion], NewTask],
    ) -> None:
        """Make a task for each of ``questions``, and know them all afterwards."""
        newest = self._newest(known)
        size, start = IMPORT_AT_FIRST, 0
        while start < len(questions):
            part, began = questions[start : start + size], self._clock()
            tasks = [new_task(question) for question in part]
            newest.take_in_imported(tasks, self._client.import_tasks(known.id, tasks))
            start += len(part)
            size = next_size(size, (self._clock() - began).total_seconds())
        if questions:
            newest.catch_up()  # an earlier import that was still under way may have come in between

    def _newest(self, known: KnownProject) -> Newest:
        return Newest(self._reading(known))

    def _reading(self, known: KnownProject) -> Reading:
        return Reading(self._database, self._client, self._clock, known, self._actor)

    def _preselect(self, known: KnownProject) -> None:
        """Show the guesses of the newest questions that are open; an older round asked again changes none."""
        with self._database.read() as connection:
            waiting = store.models_waiting(connection, known.dataset)
        if waiting:
            newest = max(waiting, key=lambda asked: version_order(asked[0]))
            preselect(self._client, known.id, newest[1])

    def _drop_surplus(self, known: KnownProject, asking: Asking) -> None:
        samples = [question.sample for question in asking.questions]
        name = question_name(asking.dataset, asking.version)
        with self._database.read() as connection:
            surplus = store.surplus_tasks(connection, known.id, samples, name)
        self._delete_untouched(known, surplus)

    def _delete_untouched(self, known: KnownProject, surplus: Sequence[TaskId]) -> None:
        if not surplus:
            return
        # Somebody may be answering right now: what Label Studio says this moment decides.
        untouched = [task for task in self._client.tasks(known.id, surplus) if not task.annotations]
        for task in untouched:
            self._client.delete_task(task.summary.id)
        with self._reading(known).writing() as writing:
            let_go(writing, [task.summary.id for task in untouched])

    def _note(self, known: KnownProject, asking: Asking, sent: int) -> AskReport:
        with self._reading(known).writing() as writing:
            asked = len(asking.questions)
            news = store.put_round(writing.connection, asking.dataset, asking.version, asked, writing.now)
            if news or sent:
                subject = f"{asking.dataset} {asking.version}"
                detail = f"{asked} questions, {sent} tasks made in project {known.id}"
                writing.audit("labeling.ask", subject, detail)
        return AskReport(known.id, self._address(known), asked, sent)

    def _new_task(self, question: AskedQuestion, known: KnownProject) -> NewTask:
        return NewTask(
            sample=question.sample,
            shown=self._text(question, known)
            if known.kind.is_text
            else question.original or known.shown_from.address(question.dataset, question.sample),
            question=question_name(question.dataset, question.version),
            guess=question.guess,
            score=question.score,
            model_version=question.model_version,
            why=question.why,
            kind=known.kind,
        )

    def _text(self, question: AskedQuestion, known: KnownProject) -> str:
        """What is shown of a text; nothing of a picture."""
        path = text_path(self._home.served, question.dataset, question.sample)
        return path.read_bytes().decode() if known.kind.is_text else ""

    def _address(self, known: KnownProject) -> str:
        return f"{self._client.connection.address}/projects/{known.id}/data"


def next_size(size: int, took_s: float) -> int:
    """How many tasks the next import brings, after ``size`` of them took so long."""
    if took_s > IMPORT_S:
        return max(IMPORT_AT_LEAST, size // 2)
    return min(IMPORT_AT_MOST, size * 2) if took_s < IMPORT_S / 2 else size


def question_name(dataset: DatasetName, version: VersionKey) -> str:
    """What a task's data says it was made for."""
    return f"{dataset}/{version}"
