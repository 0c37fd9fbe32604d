"""Fills a home with what three rounds of the loop leave in its tables."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, update

from resources.data import ledger as data
from resources.data.model import ConfirmedLabel, Split, VersionRecord, VersionState
from resources.data.service import DataService
from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Attempt, Origin, Owner, RunId
from resources.gpu.policy.model import Settings
from resources.gpu.service import GpuService
from resources.home import Home
from resources.kinds import Measure
from resources.labeling import tables as labeling
from resources.labeling.model import ProblemKind, QuestionState
from resources.process import ProcessIdentity
from resources.registry import store as registry
from resources.registry.model import Decision, RoundEvaluation, Scores
from resources.registry.random_rounds import RandomRound, Reached
from resources.registry.service import RegistryService
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

DIGITS = DatasetName("digits")
CLASSES = tuple(Label(str(digit)) for digit in range(10))
TESTER = Actor("user:tester")
VERSIONS = (VersionKey("v1.0"), VersionKey("v1.1"), VersionKey("v1.2"))
MISTAKES = (43, 27, 30)
"""Of 360 test images: the second challenger wins, the third one does not."""
TEST_COUNT = 360
TEST_SET = "7e57" * 16
ASKED, ANSWERED = 50, 18

FIRST_RUN, HOLDER, LARGE, SMALL = (
    RunId("5c7aa0b1-0001-4000-8000-000000000001"),
    RunId("9e2fd6aa-0002-4000-8000-000000000002"),
    RunId("17bb3c21-0003-4000-8000-000000000003"),
    RunId("f08d11c4-0004-4000-8000-000000000004"),
)


def fill(home: Home, now: datetime) -> None:
    """Make ``home`` what the loop would have made of it by ``now``."""
    database = home.database()
    add_versions(home, database, now)
    add_rounds(home, database, now)
    add_questions(database, now)
    add_leases(database, now)


def add_versions(home: Home, database: Database, now: datetime, count: int = len(VERSIONS)) -> None:
    """The first ``count`` versions, sealed, each 50 labels larger than the one before."""
    DataService(home, database)
    (home.data / DIGITS).mkdir(parents=True, exist_ok=True)
    for index, version in enumerate(VERSIONS[:count]):
        at = _at(now, index)
        parent = VERSIONS[index - 1] if index else None
        labels = [
            ConfirmedLabel(SampleId(f"{index}-{number}"), CLASSES[number % 10], f"ref-{index}-{number}")
            for number in range(50 if index else 0)
        ]
        planned = VersionRecord(
            DIGITS, version, parent, VersionState.PLANNED, at, None, None, len(labels), None, None, None
        )
        counts = {
            Split.TRAIN: 100 + 50 * index,
            Split.POOL: 1337 - 50 * index,
            Split.TEST: TEST_COUNT,
        }
        with database.write() as connection:
            data.add_planned(connection, planned, labels)
            data.mark_sealed(connection, planned, tree_md5=f"{index}.dir", counts=counts, at=at)


def add_planned(
    home: Home, database: Database, now: datetime, version: VersionKey, parent: VersionKey
) -> None:
    """A version that is planned and not sealed yet."""
    DataService(home, database)
    record = VersionRecord(
        DIGITS, version, parent, VersionState.PLANNED, now, None, None, 50, None, None, None
    )
    with database.write() as connection:
        data.add_planned(connection, record, ())


def add_rounds(home: Home, database: Database, now: datetime, count: int = len(VERSIONS)) -> None:
    """How the first ``count`` rounds ended."""
    service = RegistryService(home, database)
    champion = 0
    best: Scores | None = None
    for index, version in enumerate(VERSIONS[:count]):
        new, old = scores(MISTAKES[index]), best
        service.record_evaluation(
            RoundEvaluation(
                DIGITS,
                version,
                index + 1,
                champion + 1 if old is not None else None,
                TEST_SET,
                TEST_COUNT,
                CLASSES,
                new,
                old,
            ),
            TESTER,
        )
        promoted = old is None or new.accuracy > old.accuracy
        decision = Decision(
            dataset=DIGITS,
            version=version,
            labels=100 + 50 * index,
            model_number=index + 1,
            accuracy_new=new.accuracy,
            accuracy_old=None if old is None else old.accuracy,
            promoted=promoted,
            champion_number=index + 1 if promoted else champion + 1,
            champion_version=version if promoted else VERSIONS[champion],
            lease_s=8.4 + 3.1 * index,
            decided_at=_at(now, index) + timedelta(minutes=1),
        )
        with database.write() as connection:
            registry.put_decision(connection, decision)
        if promoted:
            champion, best = index, new


def add_random_rounds(home: Home, mistakes: Sequence[int] = (43, 37)) -> None:
    """What random asking reached with the first 100 labels, and with 12 more for each one after that."""
    service = RegistryService(home, home.database())
    for index, wrong in enumerate(mistakes):
        right = TEST_COUNT - wrong
        reached = Reached(
            VERSIONS[index],
            100 + 12 * index,
            right / TEST_COUNT,
            Measure.ACCURACY,
            right,
            TEST_SET,
            TEST_COUNT,
        )
        service.record_random(RandomRound(DIGITS, reached), TESTER)


def with_a_class_more(home: Home, label: Label) -> None:
    """As if the newest round had been measured after a class was declared behind the others."""
    service = RegistryService(home, home.database())
    newest = service.evaluations(DIGITS)[VERSIONS[-1]]
    with home.database().write() as connection:
        connection.execute(
            delete(registry.EVALUATIONS).where(registry.EVALUATIONS.c.version == newest.version)
        )
    service.record_evaluation(
        replace(
            newest,
            test_set="another",
            test_count=newest.test_count + 6,
            classes=(*newest.classes, label),
            challenger_scores=_with_a_class_more(newest.challenger_scores, label, found=5),
            champion_scores=newest.champion_scores
            and _with_a_class_more(newest.champion_scores, label, found=0),
        ),
        TESTER,
    )


def _with_a_class_more(scores: Scores, label: Label, *, found: int) -> Scores:
    """With six samples of it, of which so many are found."""
    rows = [[*row, 0] for row in scores.confusion]
    rows.append([6 - found, *([0] * (len(rows) - 1)), found])
    return replace(scores, recalls={**scores.recalls, label: found / 6}, confusion=tuple(map(tuple, rows)))


def measured_by(home: Home, measure: Measure) -> None:
    """As if the data set had another kind: all that was decided was decided by this measure."""
    spelled = f'"measure": "{Measure.ACCURACY}"'
    with home.database().write() as connection:
        connection.execute(update(registry.DECISIONS).values(measure=measure))
        text = func.replace(registry.EVALUATIONS.c.scores, spelled, f'"measure": "{measure}"')
        connection.execute(update(registry.EVALUATIONS).values(scores=text))


def scores(mistakes: int) -> Scores:
    """The scores of a model that makes these mistakes, most of them where digits look alike."""
    counts = [[36 if true == said else 0 for said in range(10)] for true in range(10)]
    alike = ((8, 1), (9, 3), (5, 9), (7, 9), (2, 1), (3, 8), (4, 7), (8, 1), (1, 8), (6, 5))
    for number in range(mistakes):
        true, said = alike[number * 7 % len(alike)]
        counts[true][true] -= 1
        counts[true][said] += 1
    recalls: dict[Label, float | None] = {name: counts[k][k] / 36 for k, name in enumerate(CLASSES)}
    return Scores((TEST_COUNT - mistakes) / TEST_COUNT, recalls, tuple(map(tuple, counts)))


def add_questions(
    database: Database, now: datetime, *, version: VersionKey = VERSIONS[-1], answered: int = ANSWERED
) -> None:
    """50 questions of ``version``, and a confirmed label for each of the first ones."""
    asked_at = now - timedelta(minutes=6)
    with database.write() as connection:
        connection.execute(insert(labeling.PROJECTS).values(dataset=DIGITS, project=1, classes='["0", "1"]'))
        connection.execute(
            insert(labeling.ROUNDS).values(
                dataset=DIGITS, version=version, questions=ASKED, asked_at=asked_at
            )
        )
        for number in range(ASKED):
            state = QuestionState.ANSWERED if number < answered else QuestionState.OPEN
            connection.execute(
                insert(labeling.QUESTIONS).values(
                    dataset=DIGITS,
                    sample=f"q{number}",
                    version=version,
                    guess=CLASSES[number % 10],
                    score=0.5,
                    model_version="2",
                    state=state,
                    asked_at=asked_at,
                )
            )
        for number in range(answered):
            connection.execute(
                insert(labeling.CONFIRMED).values(
                    ref=f"answer-{number}",
                    dataset=DIGITS,
                    sample=f"q{number}",
                    revision=1,
                    label=CLASSES[number % 10],
                    task=number + 1,
                    annotation=number + 1,
                    at=now - timedelta(minutes=2),
                    withdrawn=False,
                )
            )


def add_problems(database: Database, now: datetime, count: int = 2) -> None:
    """``count`` problems, by turns: an annotation with two labels, whose question stays open, and a
    skipped task.
    """
    two = ((31, ProblemKind.TWO_LABELS, "3, 8"), (7, ProblemKind.SKIPPED_TASK, ""))
    for task, kind, detail in (two[number % 2] for number in range(count)):
        _add_problem(database, now, task, kind, detail)


def add_second_look(database: Database, now: datetime) -> None:
    """An answer that went back to people."""
    _add_problem(database, now, 32, ProblemKind.IN_REVIEW, "3")


def _add_problem(database: Database, now: datetime, task: int, kind: ProblemKind, detail: str) -> None:
    with database.write() as connection:
        connection.execute(
            insert(labeling.PROBLEMS).values(
                dataset=DIGITS,
                sample=f"q{task - 1}",
                kind=kind,
                task=task,
                annotation=task,
                detail=detail,
                opened_at=now - timedelta(minutes=3),
            )
        )


def add_leases(database: Database, now: datetime) -> None:
    """Two slots: a lease that ended, one that goes on, a request for both slots, and one behind it."""
    watch = [now - timedelta(minutes=90)]
    slots = (Device(DeviceId("cpu:0"), None, None), Device(DeviceId("cpu:1"), None, None))
    service = GpuService(
        database,
        inventory=lambda: one_node(slots),
        settings=Settings(keep_after_s=30),
        clock=lambda: watch[0],
    )

    def submit(run: RunId, text: str, owner: Owner) -> None:
        service.submit(run, text, owner=owner, origin=Origin.QUEUE, instance="here", actor=TESTER)
        service.decide_now(TESTER)

    vision, speech = Owner("vision", "mara"), Owner("speech", "jun")
    submit(FIRST_RUN, "1", vision)
    service.claim(FIRST_RUN, ProcessIdentity.current())
    watch[0] += timedelta(seconds=48)
    service.release(FIRST_RUN, Attempt(1), reason="the run ended", actor=TESTER)
    watch[0] = now - timedelta(minutes=4)
    submit(HOLDER, "1", vision)
    watch[0] += timedelta(minutes=1)
    submit(LARGE, "2", speech)
    watch[0] += timedelta(minutes=1)
    submit(SMALL, "1", vision)


def _at(now: datetime, index: int) -> datetime:
    return now - timedelta(minutes=20 * (len(VERSIONS) - index))
