"""Reviews for everyone above: send doubted answers back, see what came of it, and who answers how well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resources.clock import Clock
from resources.database.engine import Database
from resources.home import Home
from resources.kinds import Kind
from resources.labeling import store
from resources.labeling.asking import Asker
from resources.labeling.confirming import Writing
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.reviews import store as rows
from resources.labeling.reviews.agreement import Agreement, measure_agreement
from resources.labeling.reviews.answered import answers_of
from resources.labeling.reviews.model import Doubted, Review, ReviewCounts, ReviewState
from resources.labeling.reviews.returning import disagreements, look_again
from resources.reviews import ReviewPlan
from resources.terms import Actor, DatasetName, Label, SampleId


@dataclass(frozen=True)
class ReviewService:
    """All that is done to labels between a person's answer and the confirmed pool."""

    home: Home
    database: Database
    clock: Clock

    def follow(self, dataset: DatasetName, plan: ReviewPlan) -> None:
        """Judge answers by what the data set declares from now on."""
        with self.database.read() as connection:
            if rows.rules_of(connection, dataset) == plan.rules:
                return
        with self.database.write() as connection:
            rows.put_rules(connection, dataset, plan.rules)

    def kind_of(self, dataset: DatasetName) -> Kind:
        """What people say about the samples of a data set."""
        with self.database.read() as connection:
            return store.kind_of(connection, dataset)

    def states(self, dataset: DatasetName) -> dict[SampleId, ReviewState]:
        """Where each sample stands whose label was looked at."""
        with self.database.read() as connection:
            return rows.states_of(connection, dataset)

    def look_again(
        self,
        dataset: DatasetName,
        looked_at: Iterable[SampleId],
        doubted: Sequence[Doubted],
        *,
        actor: Actor,
    ) -> int:
        """Send ``doubted`` back to people and let the others of ``looked_at`` pass, all or nothing.

        So do samples that people answered differently. What a person looked at again, and what is marked as
        ground truth, is not returned. Returns how many went back; the same again returns none. Their tasks
        are made by :meth:`ask_again`.
        """
        with self.database.write() as connection:
            known = store.project_of(connection, dataset)
            if known is None:
                return 0
            writing = Writing(connection, known, self.clock(), actor)
            returned = look_again(writing, [*doubted, *disagreements(writing)])
            rows.put_passed(connection, dataset, list(looked_at), writing.now)
            return returned

    def ask_again(self, dataset: DatasetName, client: LabelStudioClient, *, actor: Actor) -> int:
        """Make the tasks that are missing for what went back; asks Label Studio only where there are any."""
        with self.database.read() as connection:
            known = store.project_of(connection, dataset)
            # Most of the time nothing is under review: then no task is looked at, however many there are.
            if known is None or not rows.has_returned(connection, dataset):
                return 0
            back = rows.reviews_of(connection, dataset, [ReviewState.RETURNED])
            surplus = rows.surplus_tasks(connection, known)
        if not surplus and all(review.task is not None for review in back):
            return 0
        return Asker(self.home, self.database, client, self.clock, actor).ask_again(known)

    def of(self, dataset: DatasetName, states: Iterable[ReviewState] = tuple(ReviewState)) -> list[Review]:
        """What went back to people, the newest first."""
        with self.database.read() as connection:
            return rows.reviews_of(connection, dataset, states)

    def counts(self, dataset: DatasetName) -> ReviewCounts:
        """How many labels stand where."""
        with self.database.read() as connection:
            return rows.count(connection, dataset)

    def agreement(self, dataset: DatasetName, truth: Mapping[SampleId, Label] | None = None) -> Agreement:
        """How far people agree; ``truth``: what is known, beside what Label Studio marks as ground truth."""
        with self.database.read() as connection:
            given = answers_of(connection, dataset)
        return measure_agreement(given.by_person, {**given.ground_truth, **(truth or {})})
