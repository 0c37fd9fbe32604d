"""Asking: questions become tasks, one for each sample, whatever is killed on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from resources.clock import Clock
from resources.database.engine import Database
from resources.home import Home
from resources.kinds import Kind
from resources.labeling import store
from resources.labeling.bucket import put_pictures
from resources.labeling.confirming import Writing, confirm, report_strangers
from resources.labeling.details import with_annotations
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.project import ProjectPlan, preselect, set_up
from resources.labeling.label_studio.values import NewTask, TaskId
from resources.labeling.model import AskedQuestion, AskReport, Question, QuestionState
from resources.labeling.ordering import in_order_of_work
from resources.labeling.reviews import store as reviews
from resources.labeling.reviews.model import ReviewState
from resources.labeling.served import picture_path, serve, serve_text, text_path
from resources.labeling.store import KnownProject
from resources.showing import ShownFrom
from resources.terms import Actor, DatasetName, Label, VersionKey, version_order

IMPORT_AT_ONCE = 100
"""Tasks in one import request: some 0.2 s of Label Studio's time."""


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


class Asker:
    """Puts questions to people. Each step looks at what is there, so all of it can simply be done again.

    1. The questions are rows. 2. Their pictures are files, and lie where they are shown from. 3. The project
    is there. 4. Tasks are made for those open questions that have none *in Label Studio*, found by the sample
    in the task's data. 5. A task that was made twice, because an answer to an import was lost, goes while
    nobody has touched it. 6. The round is noted as asked.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        client: LabelStudioClient,
        clock: Clock,
        hook: tuple[str | None, str],
        actor: Actor,
    ) -> None:
        self._home = home
        self._database = database
        self._client = client
        self._clock = clock
        self._hook_address, self._hook_secret = hook
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
        for question in asking.questions:
            self._serve(question, asking)
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
        samples = [question.sample for question in asking.questions]
        files = [picture_path(self._home.served, asking.dataset, sample) for sample in samples]
        put_pictures(asking.shown_from, asking.dataset, zip(samples, files, strict=True))

    def ask_again(self, known: KnownProject) -> int:
        """Make a task for each answer that went back to people and has none; returns how many.

        One that was made twice goes while nobody has touched it, and so does one that nobody needs: people
        may look again where they answered first, too.
        """
        unplaced = self._unplaced_reviews(known)
        if unplaced:
            self._look_up(known, [question for question, _ in unplaced])
            unplaced = self._unplaced_reviews(known)
        for start in range(0, len(unplaced), IMPORT_AT_ONCE):
            part = unplaced[start : start + IMPORT_AT_ONCE]
            again = [
                replace(one, question=one.question + store.REVIEW_ENDING, note=note)
                for one, note in ((self._new_task(question, known), note) for question, note in part)
            ]
            self._client.import_tasks(known.id, again)
            self._look_up(known, [question for question, _ in part])
        with self._database.read() as connection:
            surplus = reviews.surplus_tasks(connection, known)
        self._delete_untouched(known, surplus)
        return len(unplaced)

    def _unplaced_reviews(self, known: KnownProject) -> list[tuple[AskedQuestion, str]]:
        """Questions whose answer went back and that have no task for it, with the reason for people."""
        with self._database.read() as connection:
            back = reviews.reviews_of(connection, known.dataset, [ReviewState.RETURNED])
            notes = {review.doubted.sample: review.doubted.note for review in back if review.task is None}
            waiting = store.questions_of(connection, known.dataset, state=QuestionState.IN_REVIEW)
        return [(question, notes[question.sample]) for question in waiting if question.sample in notes]

    def _project(self, asking: Asking) -> KnownProject:
        with self._database.read() as connection:
            before = store.project_of(connection, asking.dataset)
        plan = ProjectPlan(
            dataset=asking.dataset,
            description=asking.title,
            classes=asking.classes,
            pictures=self._home.served / asking.dataset,
            hook_address=self._hook_address,
            hook_secret=self._hook_secret,
            kind=asking.kind,
            shown_from=asking.shown_from,
        )
        project = set_up(self._client, plan, before.id if before else None)
        shown_from = ShownFrom(asking.shown_from.url)
        known = KnownProject(asking.dataset, project, asking.classes, asking.kind, shown_from)
        if known != before:
            with self._database.write() as connection:
                store.put_project(connection, known, self._clock())
                subject = f"{asking.dataset} project {known.id}"
                self._writing(connection, known).audit("labeling.project", subject, self._address(known))
        return known

    def _send(self, known: KnownProject, asking: Asking) -> int:
        with self._database.read() as connection:
            waiting = store.questions_of(connection, asking.dataset, state=QuestionState.OPEN)
        # What has a task may have an answer too: a task that somebody else made, about a sample that was
        # not asked then, is judged by nobody else.
        asked = {question.sample for question in asking.questions}
        self._look_up(known, [one for one in waiting if one.task is None or one.sample in asked])
        with self._database.read() as connection:
            waiting = store.questions_of(connection, asking.dataset, state=QuestionState.OPEN)
        # Label Studio gives people tasks in the order in which they are made. Versions come in theirs.
        waiting.sort(key=lambda question: version_order(question.version))
        unplaced = [question for question in waiting if question.task is None]
        for start in range(0, len(unplaced), IMPORT_AT_ONCE):
            part = unplaced[start : start + IMPORT_AT_ONCE]
            self._client.import_tasks(known.id, [self._new_task(question, known) for question in part])
            self._look_up(known, part)
        self._preselect(known)
        self._drop_surplus(known, asking)
        return len(unplaced)

    def _preselect(self, known: KnownProject) -> None:
        """Show the guesses of the newest questions that are open; an older round asked again changes none."""
        with self._database.read() as connection:
            waiting = store.questions_of(connection, known.dataset, state=QuestionState.OPEN)
        if waiting:
            newest = max(waiting, key=lambda question: version_order(question.version))
            preselect(self._client, known.id, newest.model_version)

    def _look_up(self, known: KnownProject, questions: Sequence[AskedQuestion]) -> None:
        """Take in what Label Studio has about ``questions``."""
        samples = [question.sample for question in questions]
        listed = self._client.of_samples(known.id, samples)
        with self._database.read() as connection:
            seen = store.seen_tasks(connection, known.id, [task.id for task in listed])
        tasks, _ = with_annotations(self._client, known.id, listed, seen, kind=known.kind)
        with self._database.write() as connection:
            store.put_tasks(connection, known, tasks)
            writing = self._writing(connection, known)
            # Only what is there: one without a task is about to get one, and is no deleted one.
            confirm(writing, {task.sample for task in listed if task.sample is not None})
            report_strangers(writing, [task.summary.id for task in tasks])

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
        with self._database.write() as connection:
            gone: list[TaskId] = [task.summary.id for task in untouched]
            affected = store.mark_gone(connection, known.id, gone)
            confirm(self._writing(connection, known), affected)

    def _note(self, known: KnownProject, asking: Asking, sent: int) -> AskReport:
        with self._database.write() as connection:
            asked = len(asking.questions)
            news = store.put_round(connection, asking.dataset, asking.version, asked, self._clock())
            if news or sent:
                subject = f"{asking.dataset} {asking.version}"
                detail = f"{asked} questions, {sent} tasks made in project {known.id}"
                self._writing(connection, known).audit("labeling.ask", subject, detail)
        return AskReport(known.id, self._address(known), asked, sent)

    def _new_task(self, question: AskedQuestion, known: KnownProject) -> NewTask:
        text = text_path(self._home.served, question.dataset, question.sample)
        return NewTask(
            sample=question.sample,
            shown=text.read_bytes().decode()
            if known.kind.is_text
            else known.shown_from.address(question.dataset, question.sample),
            question=question_name(question.dataset, question.version),
            guess=question.guess,
            score=question.score,
            model_version=question.model_version,
            why=question.why,
            kind=known.kind,
        )

    def _address(self, known: KnownProject) -> str:
        return f"{self._client.connection.address}/projects/{known.id}/data"

    def _writing(self, connection: Connection, known: KnownProject) -> Writing:
        return Writing(connection, known, self._clock(), self._actor)


def question_name(dataset: DatasetName, version: VersionKey) -> str:
    """What a task's data says it was made for."""
    return f"{dataset}/{version}"
