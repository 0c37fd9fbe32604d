"""Trainings of a home: taken up, ended, found by what people write."""

from datetime import timedelta
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.errors import Conflict, NotFound
from resources.learning.trainings import service as module
from resources.learning.trainings.model import End, Outcome, TrainingId
from resources.learning.trainings.retention import Rule
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.store import RECORD
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import ME, NOW, STORIES, service_of, taken


def test_a_training_is_known_with_who_took_it_up_and_how_it_ended(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    known = service.take_up(STORIES, tiny(), taken(), ME, "stories")
    known = service.end(known, End(NOW, Outcome.MADE_ROOM), ME)
    assert service.find(STORIES) == known
    again = service.take_up(STORIES, tiny(), taken(60, attempt=2), ME, "stories")
    assert again.end is None
    assert [one.attempt for one in again.taken_up] == [1, 2]
    assert service.became(again, "models:/stories/1", ME).model == "models:/stories/1"
    actions = [row.action for row in recent(service.database)]
    assert actions == ["training.register", "training.take_up", "training.end", "training.begin"]


def test_a_plan_that_learns_something_else_is_another_training(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    service.take_up(STORIES, tiny(), taken(), ME)
    with pytest.raises(Conflict, match=r"stories/run-1 was begun with another plan: seed \(0, now 3\)"):
        service.take_up(STORIES, tiny(seed=3), taken(), ME)


def test_one_process_at_a_time_follows_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.05)
    one, other = service_of(tmp_path), service_of(tmp_path)
    with one.following(STORIES), pytest.raises(Conflict, match="another process follows"):
        other.following(STORIES).__enter__()
    with other.following(STORIES) as folder:
        assert folder.is_dir()


def test_people_name_one_by_its_name_its_key_or_the_begin_of_it(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    for number, (name, key) in enumerate([("stories", "ab1"), ("stories", "ab2"), ("sums", "c1")]):
        service.take_up(TrainingId(name, key), tiny(), taken(number), ME)
    assert [str(one.id) for one in service.all()] == ["sums/c1", "stories/ab2", "stories/ab1"]
    assert str(service.named("stories").id) == "stories/ab2"
    assert str(service.named("stories/ab1").id) == "stories/ab1"
    assert str(service.named("c").id) == "sums/c1"
    with pytest.raises(Conflict, match="'ab' is the begin of 2 trainings"):
        service.named("ab")
    with pytest.raises(NotFound, match="no training 'x'"):
        service.named("x")


def test_a_record_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    service.take_up(STORIES, tiny(), taken(), ME)
    other = TrainingId("sums", "run-2")
    service.take_up(other, tiny(), taken(), ME)
    (service.folder(other) / RECORD).write_text("{")
    assert [one.id for one in service.all()] == [STORIES]


def done(service: TrainingService, training: TrainingId, days_ago: float) -> Path:
    at = NOW - timedelta(days=days_ago)
    known = service.take_up(training, tiny(), taken(-86_400 * days_ago, run_id=training.key), ME)
    service.became(service.end(known, End(at, Outcome.DONE), ME), "models:/stories/1", ME)
    (service.folder(training) / "weights").write_bytes(b"x" * 1000)
    return service.folder(training)


def test_what_the_rule_keeps_no_longer_is_removed_but_for_what_is_followed(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    folders = [done(service, TrainingId("stories", f"k{days}"), days) for days in (50, 40, 35, 20)]
    with service.following(TrainingId("stories", "k50")):
        gone = service.keep_by_rule(Rule(keep_last=1, keep_days=30), {"k40": "k40"}, ME)
    assert [str(one.id) for one in gone] == ["stories/k35"]
    assert gone[0].size_bytes > 1000
    assert [folder.exists() for folder in folders] == [True, True, False, True]
    row = recent(service.database)[0]
    assert (row.action, row.subject) == ("training.remove", "stories/k35")
    assert service.keep_by_rule(Rule(), {}, ME) == []


def test_one_is_removed_by_hand_unless_somebody_needs_it(tmp_path: Path) -> None:
    service, (one, other) = service_of(tmp_path), (TrainingId("stories", "a"), TrainingId("tales", "b"))
    folder = done(service, one, 1)
    with pytest.raises(Conflict, match="the run a works on it, or will"):
        service.remove(one, {"a": "a"}, ME)
    service.take_up(other, tiny(start_from=str(folder / "checkpoints" / "x")), taken(run_id="b"), ME)
    with pytest.raises(Conflict, match="tales/b starts from a checkpoint of stories/a"):
        service.remove(one, {}, ME)
    service.remove(other, {}, ME)
    service.remove(one, {}, ME)
    assert service.all() == []
    assert list((tmp_path / "trainings" / ".removed").rglob("*.json")) == []
    with pytest.raises(NotFound, match="no training stories/a"):
        service.remove(one, {}, ME)


def test_one_that_a_re_execution_in_the_line_goes_on_with_is_not_removed(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    begun_in_it, by_a_key_of_its_own = TrainingId("stories", "run-1"), TrainingId("stories", "nightly")
    for training in (begun_in_it, by_a_key_of_its_own):
        known = service.take_up(training, tiny(), taken(-86_400 * 400, run_id="run-1"), ME)
        service.end(known, End(NOW - timedelta(days=400), Outcome.FAILED), ME)
    waits = {"run-2": "run-1", "run-9": "run-9"}
    assert service.keep_by_rule(Rule(), waits, ME) == []
    for training in (begun_in_it, by_a_key_of_its_own):
        with pytest.raises(Conflict, match="the run run-2 works on it, or will"):
            service.remove(training, waits, ME)
    assert len(service.keep_by_rule(Rule(), {"run-9": "run-9"}, ME)) == 2


def test_a_removal_that_was_killed_is_finished_by_the_next_and_is_no_training(tmp_path: Path) -> None:
    service = service_of(tmp_path)
    folder, left = done(service, STORIES, 1), tmp_path / "trainings" / ".removed" / "folders"
    left.mkdir(parents=True)
    folder.rename(left / "stories-x")
    assert service.all() == []
    service.keep_by_rule(Rule(), {}, ME)
    assert list(left.iterdir()) == []
