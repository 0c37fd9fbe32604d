"""The registry for everyone above: register once, evaluate, decide, and find the champion."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.registry import crownings, random_store, sanity, store
from resources.registry.aliases import Aliases
from resources.registry.candidates import newest_undecided
from resources.registry.client import CANDIDATE, CHALLENGER, CHAMPION, Mlflow
from resources.registry.estimators import Estimator, Estimators, EstimatorVersion
from resources.registry.model import (
    Candidate,
    Crowning,
    CurvePoint,
    Decision,
    ModelVersion,
    NoChampion,
    Registration,
    RoundEvaluation,
)
from resources.registry.random_rounds import AgainstRandom, RandomRound
from resources.registry.training_runs import TRAINING_TAG
from resources.terms import Actor, DatasetName, VersionKey, version_order

LOCK_TIMEOUT_S = 120.0
"""How long one registration waits for another one of the same data set."""


def _nothing_more(_: Connection) -> None:
    """What else is done in a transaction where nobody asks for more."""


class RegistryService:
    """All that is done with the models of one home. Every act can be repeated without harm."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock

    def check(self) -> None:
        """See whether MLflow answers. Raises :class:`Unavailable` when it is down."""
        Mlflow(self.home).check()

    def find(self, dataset: DatasetName, snapshot_id: str, actor: Actor) -> ModelVersion | None:
        """The model version of a snapshot, or None.

        Asks MLflow, and takes back what a killed process registered twice. Raises :class:`Unavailable` when
        MLflow is down.
        """
        with self._lock(dataset):
            return self._settle(Mlflow(self.home), dataset, snapshot_id, actor)

    def register(self, candidate: Candidate, actor: Actor) -> Registration:
        """Register a model: exactly one version for each snapshot, whatever is killed and whoever else tries.

        MLflow has no "create unless it exists". So a version carries its snapshot from the moment it exists;
        of several with one snapshot the oldest counts, and whoever sees the others next takes them back. The
        lock only saves work. Raises :class:`Unavailable` when MLflow is down.
        """
        mlflow = Mlflow(self.home)
        with self._lock(candidate.dataset):
            found = self._settle(mlflow, candidate.dataset, candidate.snapshot_id, actor)
            if found is not None:
                return Registration(found, created=False)
            logged = mlflow.log(candidate, self.clock())
            mlflow.create_version(candidate, logged)
            made = self._settle(mlflow, candidate.dataset, candidate.snapshot_id, actor)
        if made is None:
            raise Conflict(
                f"the new model version of {candidate.dataset} {candidate.version} is gone from MLflow",
                "Find out who deletes model versions there, then run the same thing again.",
            )
        return Registration(made, created=made.mlflow_run_id == logged.run_id)

    def register_estimator(self, estimator: Estimator, actor: Actor) -> EstimatorVersion:
        """Register a model that belongs to no data set: one version for each source it was fitted on.

        Raises :class:`Unavailable` when MLflow is down.
        """
        mlflow = Estimators(self.home)
        with self._lock(DatasetName(estimator.name)):
            found = mlflow.find(estimator.name, estimator.source_id)
            if found is not None:
                return found
            mlflow.end_open_runs(estimator.name)
            made = mlflow.add(estimator, self.clock())
        with self.database.write() as connection:
            detail = f"fitted on {estimator.source_id}"
            record(connection, AuditRow(self.clock(), actor, "registry.register", made.uri, detail))
        return made

    def weights(self, model: ModelVersion) -> bytes:
        """The weights of a model version.

        Raises :class:`BadInput` when they are not those that were registered, and :class:`Unavailable` when
        they lie on a server that is down.
        """
        return Mlflow(self.home).weights(model)

    def tag(self, model: ModelVersion, tag: str, value: str) -> None:
        """Let a model version and its run say something more in MLflow; the same again changes nothing.

        Raises :class:`Unavailable` when MLflow is down.
        """
        Mlflow(self.home).set_tag(model, tag, value)

    def spent(self, model: ModelVersion, lease_s: float, cost: str | None, actor: Actor) -> ModelVersion:
        """Let a model version say what its training took, here and in MLflow: known only after it.

        The same again changes nothing. Raises :class:`Unavailable` when MLflow is down.
        """
        facts = replace(model.facts, lease_s=round(lease_s, 1), cost=cost)
        if facts == model.facts:
            return model
        mlflow, told = Mlflow(self.home), replace(model, facts=facts)
        for tag, value in facts.tags.items():
            if value != model.facts.tags.get(tag):
                mlflow.set_tag(model, tag, value)
        with self.database.write() as connection:
            store.put_model(connection, told)
            detail = f"{lease_s:.1f} s" + ("" if cost is None else f", {cost}")
            record(connection, AuditRow(self.clock(), actor, "registry.spent", model.uri, detail))
        return told

    def training_of(self, model: ModelVersion) -> str | None:
        """The training of a data set that became a model version; None for one that was told of nowhere.

        Raises :class:`Unavailable` when MLflow is down.
        """
        return Mlflow(self.home).tag_of_run(model, TRAINING_TAG) if model.mlflow_run_id else None

    def score(self, model: ModelVersion, scores: Sequence[CurvePoint]) -> None:
        """Add scores to the run of a model in MLflow. Raises :class:`Unavailable` when it is down."""
        Mlflow(self.home).log_scores(model, scores, self.clock())

    def record_evaluation(self, evaluation: RoundEvaluation, actor: Actor) -> None:
        """Keep how challenger and champion did; takes the place of an earlier evaluation of this version."""
        old = evaluation.champion_scores
        detail = f"model {evaluation.challenger}: {evaluation.challenger_scores.accuracy:.4f}"
        if old is not None:
            detail += f", champion {evaluation.champion}: {old.accuracy:.4f}"
        with self.database.write() as connection:
            now = self.clock()
            store.put_evaluation(connection, evaluation, now)
            subject = f"{evaluation.dataset} {evaluation.version}"
            record(connection, AuditRow(now, actor, "registry.evaluate", subject, detail))

    def evaluation(self, dataset: DatasetName, version: VersionKey) -> RoundEvaluation | None:
        """How challenger and champion did in the round of ``version``; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.evaluation_of(connection, dataset, version)

    def evaluations(self, dataset: DatasetName) -> dict[VersionKey, RoundEvaluation]:
        """The evaluations of all rounds by version; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.evaluations_of(connection, dataset)

    def record_random(self, made: RandomRound, actor: Actor) -> None:
        """Keep what random asking reached by a version; takes the place of what was kept of it before."""
        reached = made.reached
        detail = f"{reached.labels} labels at random: {reached.value:.4f}"
        with self.database.write() as connection:
            now = self.clock()
            random_store.put_random_round(connection, made, now)
            subject = f"{made.dataset} {reached.version}"
            record(connection, AuditRow(now, actor, "registry.evaluate_random", subject, detail))

    def against_random(self, dataset: DatasetName) -> AgainstRandom:
        """The rounds of a data set beside random asking; from our tables, without MLflow."""
        with self.database.read() as connection:
            return AgainstRandom.of(
                store.evaluations_of(connection, dataset),
                store.decisions_of(connection, dataset),
                random_store.random_rounds_of(connection, dataset),
            )

    def decide(
        self,
        dataset: DatasetName,
        version: VersionKey,
        *,
        labels: int,
        lease_s: float,
        actor: Actor,
        barred: Sequence[str] = (),
    ) -> Decision:
        """Promote the challenger of this version's evaluation if it is strictly better, or the first.

        ``barred`` is what its gates say against it: then the champion stays, and where there is none nobody
        can be champion, which raises :class:`NoChampion`.
        The row comes first and MLflow's aliases follow it: a kill between the two is mended by calling again.
        A decision stands. It is made anew only when the challenger is another model, or is barred no more,
        and either no later version was decided upon it or its own model is no longer registered. Raises
        :class:`NotFound` without an evaluation, :class:`NoChampion` for one that is not sound (see
        :mod:`resources.registry.sanity`), and :class:`Unavailable` when MLflow is down (the decision is made
        by then).
        """
        with self.database.write() as connection:
            evaluation = store.evaluation_of(connection, dataset, version)
            if evaluation is None:
                raise NotFound(
                    f"{dataset} {version} has no evaluation",
                    f"Materialize {dataset}/evaluation for partition {version} first.",
                )
            decisions = store.decisions_of(connection, dataset)
            decision = next((made for made in decisions if made.version == version), None)
            freed = decision is not None and bool(decision.barred) and not barred
            if decision is None or _is_open_again(connection, decision, evaluation, decisions, freed=freed):
                _refuse_if_unsound(evaluation)
                _refuse_if_nobody_is_left(evaluation, barred)
                decision = self._judge(connection, evaluation, labels, lease_s, "; ".join(barred))
                store.put_decision(connection, decision)
                record(connection, _audit_of(decision, actor))
            others = [made for made in decisions if made.version != version]
            newest = max([*others, decision], key=lambda made: version_order(made.version))
            model = store.model_by_number(connection, dataset, decision.model_number)
        self._show(newest, decision, model, actor)
        return decision

    def carry(
        self, dataset: DatasetName, version: VersionKey, parent: VersionKey, actor: Actor
    ) -> Decision | None:
        """Let the champion after ``parent`` stay champion after ``version``, which brought no label.

        Nothing is trained or measured: labels and test set are the parent's. A decision that is made stands.
        None where the parent has none.
        """
        with self.database.write() as connection:
            decisions = {made.version: made for made in store.decisions_of(connection, dataset)}
            if version in decisions or parent not in decisions:
                return decisions.get(version)
            before = decisions[parent]
            crowned = crownings.champion_after(connection, before)
            number = before.champion_number if crowned is None else crowned.number
            reached = _accuracy_of(number, before, decisions.values())
            carried = replace(
                before,
                version=version,
                model_number=number,
                accuracy_new=reached,
                accuracy_old=reached,
                champion_number=number,
                champion_version=before.champion_version if crowned is None else crowned.dataset_version,
                promoted=False,
                barred="",
                lease_s=0.0,
                decided_at=self.clock(),
            )
            store.put_decision(connection, carried)
            detail = f"model {carried.champion_number} stays champion: nothing new to train on"
            subject = f"{dataset} {version}"
            record(connection, AuditRow(carried.decided_at, actor, "registry.carry", subject, detail))
        return carried

    def decision(self, dataset: DatasetName, version: VersionKey) -> Decision | None:
        """The decision of one round, or None while there is none; from our tables, without MLflow."""
        return next((made for made in self.decisions(dataset) if made.version == version), None)

    def decisions(self, dataset: DatasetName) -> list[Decision]:
        """All decisions in the order of their versions; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.decisions_of(connection, dataset)

    def crown(self, model: ModelVersion, actor: Actor, why: str, override: str | None = None) -> bool:
        """Make a model champion after the newest decision, by hand; False where it is champion already.

        The row comes first and MLflow's alias follows it: a kill between the two is mended by calling again.
        Raises :class:`Unavailable` when MLflow is down (the row is made by then).
        """
        with self.database.write() as connection:
            made = crownings.crown(connection, model, self.clock(), actor, why, override)
        self.show_champion(model.dataset)
        return made

    def show_champion(self, dataset: DatasetName) -> None:
        """Let MLflow's alias be the champion; the same again changes nothing."""
        champion = self.champion(dataset)
        if champion is not None:
            Aliases(self.home).put(dataset, CHAMPION, champion.number)

    def crownings(self, dataset: DatasetName) -> list[Crowning]:
        """Who became champion without a round, the oldest first; from our tables, without MLflow."""
        with self.database.read() as connection:
            return crownings.crownings_of(connection, dataset)

    def champion(self, dataset: DatasetName) -> ModelVersion | None:
        """The champion after the newest decision, or who was crowned since; None where there is none.

        From our tables, without MLflow.
        """
        with self.database.read() as connection:
            return crownings.champion(connection, dataset)

    def champion_after(self, dataset: DatasetName, version: VersionKey) -> ModelVersion | None:
        """The champion after the round of ``version``: what the next version's training goes on from."""
        decision = self.decision(dataset, version)
        return self._champion_of(decision) if decision else None

    def candidate(self, dataset: DatasetName) -> ModelVersion | None:
        """The newest model that is not decided yet, or None; from our tables, without MLflow."""
        with self.database.read() as connection:
            models = store.models_of(connection, dataset)
            return newest_undecided(models, store.decisions_of(connection, dataset))

    def challenger(self, dataset: DatasetName) -> ModelVersion | None:
        """The model that the newest decision was about, or None; from our tables, without MLflow."""
        decisions = self.decisions(dataset)
        return self.model(dataset, decisions[-1].model_number) if decisions else None

    def model_of(self, dataset: DatasetName, snapshot_id: str) -> ModelVersion | None:
        """The model version of a snapshot as it was last seen in MLflow; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.model_of_snapshot(connection, dataset, snapshot_id)

    def model(self, dataset: DatasetName, number: int) -> ModelVersion | None:
        """The model version with MLflow's number, or None; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.model_by_number(connection, dataset, number)

    def models(self, dataset: DatasetName | None = None) -> list[ModelVersion]:
        """All registered versions, of one data set or of all, by name and number; without MLflow."""
        with self.database.read() as connection:
            return store.models_of(connection, dataset)

    def remove(
        self, model: ModelVersion, actor: Actor, settle: Callable[[Connection], None] = _nothing_more
    ) -> None:
        """Delete a model version in MLflow, then in our tables, then its files and answers in this home.

        Can be run again after a kill. Who may be removed is for those above to say: ``settle`` is called in
        the transaction that removes it, and raises where it may not be any more. Raises
        :class:`Unavailable` when MLflow is down.
        """
        from resources.registry.evaluations.files import drop_answers
        from resources.registry.evaluations.store import drop_measurements

        mlflow = Mlflow(self.home)
        mlflow.delete_version(model)
        with self.database.write(lasting=True) as connection:
            settle(connection)
            drop_measurements(connection, model.dataset, model.number)
            if store.drop_model(connection, model.dataset, model.number):
                detail = f"weights {model.weights_sha256[:12]}, of {model.dataset_version}"
                record(connection, AuditRow(self.clock(), actor, "registry.remove", model.uri, detail))
            is_shared = any(one.source == model.source for one in store.models_of(connection, model.dataset))
        drop_answers(self.home, model.dataset, model.number)
        files = mlflow.files(model)
        if files is not None and not is_shared and files.is_relative_to(self.home.mlflow.absolute()):
            shutil.rmtree(files, ignore_errors=True)

    def files(self, model: ModelVersion) -> Path | None:
        """The folder of a model's files in this home; None where they lie elsewhere. Without MLflow."""
        return Mlflow(self.home).files(model)

    def alias(self, model: ModelVersion, alias: str) -> None:
        """Let MLflow call a version so too. Raises :class:`Unavailable` when it is down."""
        Aliases(self.home).put(model.dataset, alias, model.number)

    def alias_gone(self, dataset: DatasetName, alias: str) -> None:
        """Let MLflow call no version so. Raises :class:`Unavailable` when it is down."""
        Aliases(self.home).drop(dataset, alias)

    def number_of_alias(self, dataset: DatasetName, alias: str) -> int | None:
        """The version that MLflow calls so, or None. Raises :class:`Unavailable` when it is down."""
        return Aliases(self.home).number_of(dataset, alias)

    def model_from(self, dataset: DatasetName, version: VersionKey) -> ModelVersion | None:
        """The newest model that was trained from a data version; from our tables, without MLflow."""
        with self.database.read() as connection:
            return store.newest_model_of(connection, dataset, version)

    def link(self, model: ModelVersion) -> str | None:
        """The page of a model version in MLflow, or None when no MLflow server is known."""
        server = self.home.addresses().mlflow
        return server and f"{server.rstrip('/')}/#/models/{quote(model.dataset)}/versions/{model.number}"

    def _settle(
        self, mlflow: Mlflow, dataset: DatasetName, snapshot_id: str, actor: Actor
    ) -> ModelVersion | None:
        """The one version of a snapshot: others are taken back, open runs ended, our row brought up to it."""
        versions = mlflow.versions(dataset, snapshot_id)
        if not versions:
            return None
        model, *others = versions
        for other in others:
            mlflow.delete_version(other)
        with self.database.read() as connection:
            known = store.model_of_snapshot(connection, dataset, snapshot_id)
        if known == model and not others:
            return model
        mlflow.close_runs(dataset, snapshot_id, keep=model.mlflow_run_id)
        with self.database.write() as connection:
            now = self.clock()
            if known != model:
                store.put_model(connection, model)
                detail = f"{model.dataset_version}, snapshot {snapshot_id}"
                record(connection, AuditRow(now, actor, "registry.register", model.uri, detail))
            for other in others:
                detail = f"{model.uri} is the model of this snapshot already"
                record(connection, AuditRow(now, actor, "registry.take_back", other.uri, detail))
        if known is None or known.number != model.number:
            self._show_candidate(mlflow, dataset)
        return model

    def _judge(
        self, connection: Connection, evaluation: RoundEvaluation, labels: int, lease_s: float, barred: str
    ) -> Decision:
        new, old = evaluation.challenger_scores, evaluation.champion_scores
        champion_number, champion_version = evaluation.challenger, evaluation.version
        better = old is None or evaluation.champion is None or new.accuracy > old.accuracy
        promoted = better and not barred
        if not promoted:
            champion = store.model_by_number(connection, evaluation.dataset, evaluation.champion or 0)
            if champion is None:
                raise NotFound(
                    f"model {evaluation.champion} of {evaluation.dataset} was measured but is not registered",
                    f"Materialize {evaluation.dataset}/evaluation for partition {evaluation.version} again.",
                )
            champion_number, champion_version = champion.number, champion.dataset_version
        return Decision(
            dataset=evaluation.dataset,
            version=evaluation.version,
            labels=labels,
            model_number=evaluation.challenger,
            accuracy_new=new.accuracy,
            accuracy_old=None if old is None else old.accuracy,
            promoted=promoted,
            champion_number=champion_number,
            champion_version=champion_version,
            lease_s=lease_s,
            decided_at=self.clock(),
            measure=new.measure,
            barred=barred,
        )

    def _show(self, newest: Decision, decision: Decision, model: ModelVersion | None, actor: Actor) -> None:
        """Let MLflow show what was decided: scores on the model's run, aliases as of the newest decision."""
        mlflow = Mlflow(self.home)
        if model is not None:
            # A request of a killed process may have reached MLflow after the registration looked.
            self._settle(mlflow, model.dataset, model.snapshot_id, actor)
            scores = [CurvePoint(f"test_{decision.measure}", decision.accuracy_new, 0)]
            if decision.accuracy_old is not None:
                scores.append(CurvePoint(f"champion_test_{decision.measure}", decision.accuracy_old, 0))
            mlflow.log_scores(model, scores, decision.decided_at)
        champion = self._champion_of(newest)
        challenger = self.model(newest.dataset, newest.model_number)
        if champion is not None:
            mlflow.set_alias(champion, CHAMPION)
        if challenger is not None:
            mlflow.set_alias(challenger, CHALLENGER)
        self._show_candidate(mlflow, newest.dataset)

    def _show_candidate(self, mlflow: Mlflow, dataset: DatasetName) -> None:
        """Let MLflow's alias be the model that waits for its decision, or nothing."""
        waiting = self.candidate(dataset)
        if waiting is None:
            mlflow.delete_alias(dataset, CANDIDATE)
        else:
            mlflow.set_alias(waiting, CANDIDATE)

    def _champion_of(self, decision: Decision) -> ModelVersion | None:
        with self.database.read() as connection:
            return crownings.champion_after(connection, decision)

    @contextmanager
    def _lock(self, dataset: DatasetName) -> Iterator[None]:
        path = self.home.mlflow / "locks" / f"{dataset}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path, timeout=LOCK_TIMEOUT_S):  # the system gives it back when its holder is killed
                yield
        except Timeout as problem:
            raise Conflict(
                f"another process has been registering a model of {dataset} for {LOCK_TIMEOUT_S:.0f} s",
                f"See who holds {path} (for instance with lsof); when it is done, run the same thing again.",
            ) from problem


def _is_open_again(
    connection: Connection,
    decision: Decision,
    evaluation: RoundEvaluation,
    decisions: list[Decision],
    *,
    freed: bool,
) -> bool:
    if decision.model_number == evaluation.challenger and not freed:
        return False
    if store.model_by_number(connection, decision.dataset, decision.model_number) is None:
        return True
    return all(version_order(made.version) <= version_order(decision.version) for made in decisions)


def _accuracy_of(number: int, before: Decision, decisions: Iterable[Decision]) -> float:
    """What a model was measured to reach last; as much as the champion of ``before`` where it never was."""
    if number == before.champion_number:
        return before.champion_accuracy
    reached = [made.accuracy_new for made in decisions if made.model_number == number]
    return reached[-1] if reached else before.champion_accuracy


def _refuse_if_nobody_is_left(evaluation: RoundEvaluation, barred: Sequence[str]) -> None:
    if barred and evaluation.champion is None:
        raise NoChampion(
            f"the first model of {evaluation.dataset}, from {evaluation.version}, may not be champion, and "
            f"nobody is: {'; '.join(barred)}",
            f"Mend what its gates say, loosen them in the file of {evaluation.dataset}, or go past them by "
            f"name: trainplat model promote {evaluation.dataset}:{evaluation.challenger} --override WHY. "
            f"Then run the round again, or materialize {evaluation.dataset}/champion for partition "
            f"{evaluation.version}.",
        )


def _refuse_if_unsound(evaluation: RoundEvaluation) -> None:
    problems = sanity.accuracy_problems(evaluation) + sanity.measurement_problems(evaluation, None)
    if problems:
        raise NoChampion(
            f"nobody can be promoted after {evaluation.dataset} {evaluation.version}: {'; '.join(problems)}",
            f"Look at the data of this version and at its training, then materialize "
            f"{evaluation.dataset}/model and what follows it again.",
        )


def _audit_of(decision: Decision, actor: Actor) -> AuditRow:
    old = "" if decision.accuracy_old is None else f", champion {decision.accuracy_old:.4f}"
    outcome = "promoted" if decision.promoted else f"model {decision.champion_number} stays champion"
    outcome += f" ({decision.barred})" if decision.barred else ""
    detail = f"model {decision.model_number}: {decision.accuracy_new:.4f}{old}: {outcome}"
    subject = f"{decision.dataset} {decision.version}"
    return AuditRow(decision.decided_at, actor, "registry.decide", subject, detail)
