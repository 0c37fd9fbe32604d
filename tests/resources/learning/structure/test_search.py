"""A search is pruned, budgeted, and goes on after a kill."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from resources.errors import BadInput, Conflict
from resources.learning.network import from_bytes
from resources.learning.structure.model import Candidate, Outcome, Problem, Told
from resources.learning.structure.scoring import Scorer
from resources.learning.structure.search import Limits, Search
from resources.learning.structure.siblings import Siblings
from resources.learning.structure.timing import latency_ratio
from resources.learning.training import train
from resources.train_settings import TrainSettings
from tests.children import fork, leave
from tests.resources.learning.examples import CLASSES, bars

SETTINGS = TrainSettings(epochs=2, incremental_epochs=2, channels=2)


def problem() -> Problem:
    images, labels = bars(24)
    champion = train(images, labels, CLASSES, SETTINGS, seed=1).weights
    return Problem(images, labels, CLASSES, champion, SETTINGS, seed=1, folds=2)


def search(folder: Path, limits: Limits, told: list[Told] | None = None) -> Search:
    heard = told if told is not None else []
    return Search(problem(), folder / "study.db", "bars-v1.0-1", limits, tell=heard.append)


def test_a_search_measures_prunes_and_tells_each_trial(tmp_path: Path) -> None:
    told: list[Told] = []
    outcome = search(tmp_path, Limits(1.0, most_trials=6), told).run()
    assert sorted({one.trials for one in told}) == [1, 2, 3, 4, 5, 6]
    assert outcome.pruned == told[-1].pruned == 6 - len(outcome.measured)
    assert (outcome.ended_because, outcome.reference.latency_ratio) == ("6 trials were made", 1.0)
    assert outcome.reference.candidate.settings == SETTINGS
    assert set(outcome.front) <= set(outcome.measured)
    assert outcome.spent_gpu_h > 0
    again = search(tmp_path, Limits(1.0, most_trials=6)).run()
    assert again == outcome


def test_a_spent_budget_ends_the_search_over_all_its_runs(tmp_path: Path) -> None:
    one = search(tmp_path, Limits(budget_gpu_h=2.0, devices=2))
    seconds = iter(range(0, 1_000_000, 1_200))  # each training takes twenty minutes on two devices
    one.clock = lambda: float(next(seconds))
    outcome = one.run()
    assert outcome.ended_because == "its budget of 2 GPU-hours is spent"
    assert 2.0 <= outcome.spent_gpu_h < 8.0  # those that came first are tried once more, whatever is spent
    assert search(tmp_path, Limits(budget_gpu_h=2.0, devices=2)).run() == outcome
    with pytest.raises(BadInput, match="budget_gpu_h of a search is 0; expected more than 0"):
        Limits(0)


def test_a_search_under_kill_9_goes_on_and_trains_no_fold_twice(tmp_path: Path) -> None:
    limits = Limits(1.0, most_trials=4)
    child = fork()
    if child == 0:
        seen = 0

        def die(_: object) -> None:
            nonlocal seen
            seen += 1
            if seen == 15:  # amid the second trial, whose first part is scored
                os.kill(os.getpid(), signal.SIGKILL)

        killed = Search(problem(), tmp_path / "study.db", "bars-v1.0-1", limits, alive=die)
        killed.run()
        leave(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    trained: list[object] = []
    gone_on = Search(problem(), tmp_path / "study.db", "bars-v1.0-1", limits, alive=trained.append)
    found = gone_on.run()
    whole: list[object] = []
    plain = Search(problem(), tmp_path / "other.db", "bars-v1.0-1", limits, alive=whole.append).run()
    assert len(trained) < len(whole)
    assert _told(found) == _told(plain)


def _told(outcome: Outcome) -> set[tuple[str, float, float]]:
    return {(str(one.candidate), one.accuracy, one.loss) for one in outcome.measured}


def test_a_study_of_another_space_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    import optuna

    storage = f"sqlite:///{tmp_path / 'study.db'}"
    former = optuna.create_study(study_name="bars-v1.0-1", storage=storage)
    choices = optuna.distributions.CategoricalDistribution([1, 2, 3])
    for _ in range(2):
        former.add_trial(
            optuna.trial.create_trial(params={"channels": 2}, distributions={"channels": choices}, value=1.0)
        )
    anew = search(tmp_path, Limits(1.0, most_trials=2))._study()
    assert anew.get_trials() == []
    assert sorted(optuna.get_all_study_names(storage)) == ["bars-v1.0-1", "bars-v1.0-1-of-another-space-1"]
    kept = optuna.load_study(study_name="bars-v1.0-1-of-another-space-1", storage=storage)
    assert [one.params for one in kept.get_trials()] == [{"channels": 2}] * 2
    anew.enqueue_trial({"siblings": 1})
    assert search(tmp_path, Limits(1.0, most_trials=2))._study().get_trials()[0].state.name == "WAITING"


def test_only_one_process_searches_under_a_name(tmp_path: Path) -> None:
    from filelock import FileLock

    with FileLock(f"{tmp_path / 'study.db'}.bars-v1.0-1.lock"):
        with pytest.raises(Conflict, match=r"another process searches bars-v1\.0-1 already") as refused:
            search(tmp_path, Limits(1.0)).run()
        assert "`trainplat structure show bars`" in refused.value.next_step


def test_what_stands_for_the_champion_has_not_seen_the_validation_part() -> None:
    """Scores do not depend on the labels of the part that is measured on, but for the measuring."""
    one = problem()
    scorer = Scorer(one, "cpu", 1)
    own = Candidate.of(Candidate(_structure(one), False, SETTINGS).document)
    assert scorer.own == own
    before = scorer._siblings(0)
    flipped = one.labels.copy()
    held_out = ~scorer._kept(0)
    images = one.images.copy()
    images[held_out] = 0
    other = Problem(images, flipped, CLASSES, one.champion, SETTINGS, seed=1, folds=2)
    after = Scorer(other, "cpu", 1)._siblings(0)
    assert after.champion == before.champion
    assert after.first(1) == before.first(1)


def _structure(one: Problem):  # type: ignore[no-untyped-def]
    from resources.learning.structure.model import Structure

    shape = from_bytes(one.champion).shape
    return Structure(sum(shape.parts), shape.depth)


def test_a_candidate_that_grows_starts_from_the_champion_and_another_from_nothing() -> None:
    from dataclasses import replace

    from resources.learning.prediction import predict
    from resources.learning.structure.model import Structure

    one = problem()
    wide = Candidate(Structure(4, 1), True, replace(SETTINGS, channels=4, depth=1))
    siblings = Siblings(one.champion, one.images, one.labels, CLASSES, SETTINGS, seed=1)
    start = siblings.start_of(wide)
    assert start is not None
    said = predict(start, one.images, CLASSES)
    assert np.abs(said - predict(one.champion, one.images, CLASSES)).max() <= 1e-6
    assert siblings.start_of(replace(wide, grows=False)) is None
    both = siblings.start_of(replace(wide, siblings=1))
    assert both is not None
    logits = [np.log(predict(each, one.images, CLASSES)) for each in (one.champion, *siblings.first(1))]
    mean = np.exp(np.mean(logits, axis=0))
    mean /= mean.sum(axis=1, keepdims=True)
    assert np.abs(predict(both, one.images, CLASSES) - mean).max() <= 1e-5
    family = siblings.start_of(replace(wide, structure=Structure(10, 0), siblings=4))
    assert family is not None
    logits = [np.log(predict(each, one.images, CLASSES)) for each in (one.champion, *siblings.first(4))]
    said = np.exp(logits[0] / 3 + 2 / 3 * np.mean(logits[1:], axis=0))
    said /= said.sum(axis=1, keepdims=True)
    assert np.abs(predict(family, one.images, CLASSES) - said).max() <= 1e-5
    assert latency_ratio(from_bytes(start), from_bytes(one.champion), device="cpu", rounds=3) > 0


def test_a_champion_of_columns_is_searched_around_with_as_many(tmp_path: Path) -> None:
    from dataclasses import replace

    from optuna.trial import FixedTrial

    from resources.learning.structure.model import Structure
    from resources.learning.structure.space import drawn, first_asked, with_siblings

    one = problem()
    siblings = Siblings(one.champion, one.images, one.labels, CLASSES, SETTINGS, seed=1)
    champion = siblings.start_of(with_siblings(SETTINGS, _structure(one), 1, 2))
    assert champion is not None
    around = replace(one, champion=champion)
    assert from_bytes(Scorer(around, "cpu", 1)._siblings(0).champion).shape.columns == 2
    outcome = Search(around, tmp_path / "study.db", "bars-v1.1-2", Limits(1.0, most_trials=2)).run()
    assert outcome.reference.candidate.structure == Structure(4, 0, 2)
    family = drawn(
        FixedTrial(dict(first_asked(Structure(4, 0, 2), teachable=False)[1])),
        Structure(4, 0, 2),
        SETTINGS,
        teachable=False,
    )
    assert family.structure == Structure(4 + 4 * 2, 0, 6)
    assert from_bytes(Scorer(around, "cpu", 1)._siblings(0).train(family, None)).shape.parts == (2,) * 6


def test_a_sibling_may_be_wider_than_the_champion_and_taught() -> None:
    from resources.learning.structure.space import with_siblings

    one = problem()
    candidate = with_siblings(SETTINGS, _structure(one), 1, 3, taught=True)
    assert str(candidate) == (
        "5 channels in 2 columns, 0 blocks, the champion and 1 sibling, taught, 1 epochs"
    )
    assert Candidate.of(candidate.document) == candidate
    siblings = Siblings(one.champion, one.images, one.labels, CLASSES, SETTINGS, seed=1)
    made = from_bytes(siblings.train(candidate, one.images))
    assert (made.shape.parts, made.shape.apart) == ((2, 3), True)
    assert from_bytes(siblings.train(candidate, one.images[:4])).shape.parts == (2, 3)
