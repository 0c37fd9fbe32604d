"""The search: Optuna proposes, halving prunes, and a budget of GPU-hours ends it. It goes on after a kill."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from resources.errors import BadInput, Conflict
from resources.learning.model import EpochPoint
from resources.learning.structure.choosing import choose, finalists, front_of, is_behind
from resources.learning.structure.model import (
    Candidate,
    Measured,
    Outcome,
    Problem,
    Structure,
    Told,
    Validated,
)
from resources.learning.structure.scoring import PartScore, Scorer, validated
from resources.learning.structure.space import drawn, first_asked

if TYPE_CHECKING:
    import optuna

    from resources.learning.network import Shape

MOST_TRIALS = 12
SPENT, CANDIDATE, REFERENCE = "spent_device_s", "candidate", "reference"
LATENCY, SIZE, ACCURACY, LOSSES = "latency_ratio", "parameters", "accuracy", "losses"
AGAIN = "on other cuts, by trial"


@dataclass(frozen=True)
class Limits:
    """When a search ends: whichever comes first. Raises :class:`BadInput` for what cannot be."""

    budget_gpu_h: float
    """Lease time × devices, over all runs of this search."""
    devices: int = 1
    most_trials: int = MOST_TRIALS

    def __post_init__(self) -> None:
        """Refuse a search that could do nothing."""
        for name, value in vars(self).items():
            if not value > 0:
                raise BadInput(f"{name} of a search is {value}; expected more than 0", f"Correct {name}.")


@dataclass
class Search:
    """One search, kept in a database file under its name. Run again, it goes on where it was."""

    problem: Problem
    storage: Path
    name: str
    limits: Limits
    device: str = "cpu"
    threads: int = 1
    clock: Callable[[], float] = time.monotonic
    tell: Callable[[Told], None] = lambda _: None
    alive: Callable[[EpochPoint], None] | None = None
    """Is told of each epoch of each training."""
    _scorer: Scorer = field(init=False)

    def __post_init__(self) -> None:
        """One scorer for all trials: what stands for the champion is trained once for each fold."""
        self._scorer = Scorer(self.problem, self.device, self.threads, self.alive)

    def run(self) -> Outcome:
        """Search until the budget is spent or the trials are made; then try the best once more.

        The part that a kill interrupts is trained again; those before it are not. Raises :class:`Conflict`
        while another process searches under this name.
        """
        self.storage.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{self.storage}.{self.name}.lock", timeout=0):
                study = self._study()
                self._take_up(study)
                reason = self._search(study)
                self._try_again(study)
                return outcome_of(study, self.name, reason)
        except Timeout:
            raise Conflict(
                f"another process searches {self.name} already",
                f"Wait for it: `trainplat structure show {self.name.partition('-')[0]}` tells how far it is.",
            ) from None

    def _study(self) -> "optuna.Study":
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        storage = f"sqlite:///{self.storage}"
        study = optuna.create_study(study_name=self.name, storage=storage, load_if_exists=True)
        if not self._is_of_another_space(study):
            return study
        # Optuna refuses to go on where choices changed. What was measured stays, under another name.
        before = sum(one.startswith(self.name) for one in optuna.get_all_study_names(storage))
        kept = f"{self.name}-of-another-space-{before}"
        optuna.copy_study(
            from_study_name=self.name, from_storage=storage, to_storage=storage, to_study_name=kept
        )
        optuna.delete_study(study_name=self.name, storage=storage)
        return optuna.create_study(study_name=self.name, storage=storage)

    def _is_of_another_space(self, study: "optuna.Study") -> bool:
        """Whether a trial drew from other choices than there are now, as by an earlier platform."""
        import optuna

        asked = optuna.create_study().ask()
        drawn(asked, self._scorer.own.structure, self.problem.settings, teachable=self._teachable)
        return any(
            isinstance(one, optuna.distributions.CategoricalDistribution)
            and asked.distributions.get(name, one) != one
            for trial in study.get_trials(deepcopy=False)
            for name, one in trial.distributions.items()
        )

    def _take_up(self, study: "optuna.Study") -> None:
        """Trials that a kill left behind are given up, and asked again with what is known of them."""
        import optuna

        for trial in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
            study.enqueue_trial(trial.params)

    def _search(self, study: "optuna.Study") -> str:
        import optuna

        first = first_asked(self._scorer.own.structure, teachable=self._teachable)
        over = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        while True:
            done = len(study.get_trials(deepcopy=False, states=over))
            # The sampler draws by how far the search is, so one that was killed draws the same.
            study.sampler = optuna.samplers.TPESampler(seed=self.problem.seed + done, n_startup_trials=6)
            if done >= self.limits.most_trials:
                return f"{done} trials were made"
            if REFERENCE in study.user_attrs and self._spent_gpu_h(study) >= self.limits.budget_gpu_h:
                return f"its budget of {self.limits.budget_gpu_h:g} GPU-hours is spent"
            # One at a time: what a kill interrupted is asked again before what would have come next.
            waiting = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.WAITING])
            if not waiting and done < len(first):
                study.enqueue_trial(dict(first[done]))
            self._try(study, study.ask())

    def _try(self, study: "optuna.Study", trial: "optuna.Trial") -> None:
        import optuna

        candidate = drawn(trial, self._scorer.own.structure, self.problem.settings, teachable=self._teachable)
        trial.set_user_attr(CANDIDATE, candidate.document)
        scores: list[PartScore] = []
        own: list[PartScore] = []
        for part in range(self.problem.folds):
            own.append(self._score(study, self._scorer.own, part))
            scores.append(self._score(study, candidate, part))
            trial.report(validated(scores).loss, part + 1)
            is_last = part + 1 == self.problem.folds
            if not is_last and is_behind(validated(scores), validated(own)):
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                self._report(study, f"{candidate}: pruned after {part + 1} of {self.problem.folds} parts")
                return
        found = validated(scores)
        ratio, parameters = self._cost(candidate)
        for name, value in (
            (ACCURACY, found.accuracy),
            (LATENCY, ratio),
            (SIZE, parameters),
            (LOSSES, list(found.losses)),
        ):
            trial.set_user_attr(name, value)
        study.tell(trial, found.loss)
        if candidate == self._scorer.own:
            study.set_user_attr(REFERENCE, trial.number)
        told = f"accuracy {found.accuracy:.1%}, loss {found.loss:.4f}, latency × {ratio:.2f}"
        self._report(study, f"{candidate}: {told}, {parameters} weights")

    def _try_again(self, study: "optuna.Study") -> None:
        """The finalists and the champion's own structure, on a cut that picked nobody.

        It is made whole whatever the budget: a search that ends before it has found nothing.
        """
        measured, reference = measured_of(study)
        tried = finalists(measured, reference)
        if not tried:
            return
        folds = self.problem.folds
        known: dict[str, Any] = {}
        for one in (reference, *tried):
            scores = [self._score(study, one.candidate, part) for part in range(folds, 2 * folds)]
            found = validated(scores)
            known[str(one.number)] = {ACCURACY: found.accuracy, LOSSES: list(found.losses)}
            told = f"on another cut accuracy {found.accuracy:.1%}, loss {found.loss:.4f}"
            self._report(study, f"{one.candidate}: {told}")
        study.set_user_attr(AGAIN, known)

    @property
    def _teachable(self) -> bool:
        return self.problem.pool is not None and len(self.problem.pool) > 0

    def _score(self, study: "optuna.Study", candidate: Candidate, part: int) -> PartScore:
        """The score of one part, trained once in the life of the search."""
        key = f"part {part} of {json.dumps(candidate.document, sort_keys=True)}"
        known = study.user_attrs.get(key)
        if known is not None:
            return PartScore(tuple(map(tuple, known["logs"])), tuple(known["labels"]))
        began = self.clock()
        score = self._scorer.score(candidate, part)
        spent = (self.clock() - began) * self.limits.devices
        study.set_user_attr(SPENT, study.user_attrs.get(SPENT, 0.0) + spent)
        study.set_user_attr(key, asdict(score))
        return score

    def _cost(self, candidate: Candidate) -> tuple[float, int]:
        """Latency ÷ the champion's, and size; neither depends on what the weights are."""
        from resources.learning.network import ImageNet, from_bytes
        from resources.learning.structure.growing import grown, parameters_of
        from resources.learning.structure.joining import joined
        from resources.learning.structure.timing import latency_ratio

        champion = from_bytes(self.problem.champion)
        if candidate == self._scorer.own:
            return 1.0, parameters_of(champion)
        structure = candidate.structure
        if candidate.siblings:
            channels = (structure.channels - sum(champion.shape.parts)) // candidate.siblings
            sibling = ImageNet(shape_of(replace(structure, channels=channels), champion.shape))
            network = joined([champion, *[sibling] * candidate.siblings])
        elif candidate.grows:
            network = grown(champion, channels=structure.channels, depth=structure.depth, seed=0)
        else:
            network = ImageNet(shape_of(structure, champion.shape))
        return latency_ratio(network, champion, device=self.device), parameters_of(network)

    def _spent_gpu_h(self, study: "optuna.Study") -> float:
        return float(study.user_attrs.get(SPENT, 0.0)) / 3600

    def _report(self, study: "optuna.Study", last: str) -> None:
        import optuna

        states = [trial.state for trial in study.get_trials(deepcopy=False)]
        pruned = states.count(optuna.trial.TrialState.PRUNED)
        done = pruned + states.count(optuna.trial.TrialState.COMPLETE)
        self.tell(Told(done, pruned, self._spent_gpu_h(study), last))


def shape_of(structure: Structure, like: "Shape") -> "Shape":
    """The shape of a network of this structure, for what ``like`` is for."""
    return replace(like, channels=structure.channels, grown=(), depth=structure.depth, apart=False)


def outcome_of(study: "optuna.Study", name: str, ended_because: str) -> Outcome:
    """What a study has found so far. Raises :class:`Conflict` before its first trial is over."""
    import optuna

    pruned = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.PRUNED])
    measured, reference = measured_of(study)
    return Outcome(
        name=name,
        reference=reference,
        measured=measured,
        front=front_of(measured),
        chosen=choose(measured, reference),
        pruned=len(pruned),
        spent_gpu_h=float(study.user_attrs.get(SPENT, 0.0)) / 3600,
        ended_because=ended_because,
    )


def measured_of(study: "optuna.Study") -> tuple[tuple[Measured, ...], Measured]:
    """What was measured on all parts, and of these the champion's own structure. Raises :class:`Conflict`."""
    import optuna

    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    again = study.user_attrs.get(AGAIN, {})
    measured = tuple(_measured(trial, again.get(str(trial.number))) for trial in complete)
    number = study.user_attrs.get(REFERENCE)
    reference = next((one for one in measured if one.number == number), None)
    if reference is None:
        name = study.study_name
        raise Conflict(f"the search {name} has measured nothing yet", "Wait for its first trial.")
    return measured, reference


def _measured(trial: "optuna.trial.FrozenTrial", again: dict[str, Any] | None) -> Measured:
    told = trial.user_attrs
    return Measured(
        trial.number,
        Candidate.of(told[CANDIDATE]),
        told[ACCURACY],
        float(trial.value or 0.0),
        told[LATENCY],
        told[SIZE],
        tuple(told.get(LOSSES, ())),
        None if again is None else Validated(again[ACCURACY], tuple(again[LOSSES])),
    )
