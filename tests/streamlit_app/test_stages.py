from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.model import VersionRecord, VersionState
from resources.labeling.label_studio.values import AnnotationId, TaskId
from resources.labeling.model import Finding, Problem, ProblemKind
from resources.registry.model import Decision
from resources.terms import DatasetName, VersionKey
from resources.texts import plural_translator, translator
from streamlit_app.readings.loop import Loop, Questions
from streamlit_app.stages import Stage, StageState, stages, state_name, what_next

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DIGITS = DatasetName("digits")
ENGLISH, COUNTED = translator("en"), plural_translator("en")
EMPTY = Loop(
    dataset=DIGITS,
    versions=(),
    rounds=(),
    questions=None,
    new_labels=0,
    newest_label_at=None,
    problems=(),
    project_page=None,
    runs_leased=0,
    runs_waiting=0,
    read_at=NOW,
)


def version(minor: int, *, sealed: bool = True) -> VersionRecord:
    return VersionRecord(
        dataset=DIGITS,
        version=VersionKey(f"v1.{minor}"),
        parent=VersionKey(f"v1.{minor - 1}") if minor else None,
        state=VersionState.SEALED if sealed else VersionState.PLANNED,
        planned_at=NOW - timedelta(hours=2),
        sealed_at=NOW - timedelta(hours=1) if sealed else None,
        tree_md5="0.dir" if sealed else None,
        new_labels=50 if minor else 0,
        labelled=100 + 50 * minor if sealed else None,
        pool=1337 - 50 * minor if sealed else None,
        test=360 if sealed else None,
    )


def decision(minor: int, *, promoted: bool = True) -> Decision:
    return Decision(
        dataset=DIGITS,
        version=VersionKey(f"v1.{minor}"),
        labels=100 + 50 * minor,
        model_number=minor + 1,
        accuracy_new=0.9 + minor / 100,
        accuracy_old=0.9 if minor else None,
        promoted=promoted,
        champion_number=minor + 1 if promoted else minor,
        champion_version=VersionKey(f"v1.{minor if promoted else minor - 1}"),
        lease_s=8.0,
        decided_at=NOW - timedelta(minutes=30),
    )


def problem(*, blocks: bool, kind: ProblemKind = ProblemKind.TWO_LABELS) -> Problem:
    finding = Finding(kind, TaskId(1), AnnotationId(1), "3, 8")
    return Problem(DIGITS, None, finding, NOW - timedelta(minutes=5), "two labels", "choose one", blocks)


def asked(minor: int, still_open: int) -> Questions:
    return Questions(VersionKey(f"v1.{minor}"), 50, still_open, NOW - timedelta(minutes=20))


PLANNED = replace(EMPTY, versions=(version(0, sealed=False),))
SEALED = replace(EMPTY, versions=(version(0),), runs_leased=1)
QUEUED = replace(EMPTY, versions=(version(0),), runs_waiting=1)
DECIDED = replace(EMPTY, versions=(version(0),), rounds=(decision(0),))
ASKED = replace(DECIDED, questions=asked(0, 32), new_labels=18, newest_label_at=NOW - timedelta(minutes=1))
ANSWERED = replace(ASKED, questions=asked(0, 0), new_labels=50)
NEXT_PLANNED = replace(ANSWERED, versions=(version(0), version(1, sealed=False)), new_labels=0)
NEXT_SEALED = replace(NEXT_PLANNED, versions=(version(0), version(1)), runs_leased=1)
NEXT_DECIDED = replace(NEXT_SEALED, rounds=(decision(0), decision(1)), runs_leased=0)
NEXT_LOST = replace(NEXT_DECIDED, rounds=(decision(0), decision(1, promoted=False)))
BROKEN = replace(ASKED, problems=(problem(blocks=True), problem(blocks=False)))
SKIPPED = replace(ASKED, problems=(problem(blocks=False),))
DOUBTED = replace(ANSWERED, problems=(problem(blocks=True, kind=ProblemKind.IN_REVIEW),))
BROKEN_AND_DOUBTED = replace(DOUBTED, problems=(*DOUBTED.problems, problem(blocks=True)))
SETTLED = replace(DECIDED, questions=asked(0, 0))

N, W, A, P, T, D = (
    StageState.IDLE,
    StageState.WAITING,
    StageState.ACTIVE,
    StageState.PEOPLE,
    StageState.TROUBLE,
    StageState.DONE,
)


@pytest.mark.parametrize(
    ("loop", "states", "sentence"),
    [
        (EMPTY, (N, N, N, N, N, N, N), "No version exists yet."),
        (PLANNED, (W, N, N, N, N, N, N), "v1.0 is planned. `make demo` runs it"),
        (SEALED, (D, A, N, N, N, N, N), "v1.0 is on its way"),
        (QUEUED, (D, W, N, N, N, N, N), "The training of v1.0 waits for a device"),
        (DECIDED, (D, D, W, N, N, N, N), "After v1.0, the champion is about to choose"),
        (ASKED, (D, D, D, D, P, A, N), "32 questions wait for an answer"),
        (SKIPPED, (D, D, D, D, P, A, N), "32 questions wait for an answer"),
        (BROKEN, (D, D, D, D, P, T, N), "32 questions wait for an answer"),
        (DOUBTED, (D, D, D, D, D, P, N), "1 answer waits for a second look"),
        (BROKEN_AND_DOUBTED, (D, D, D, D, D, T, N), "1 answer waits for a second look"),
        (ANSWERED, (D, D, D, D, D, A, N), "The annotation sensor starts the next version"),
        (SETTLED, (D, D, D, D, D, N, N), "every label is in a version"),
        (NEXT_PLANNED, (A, D, D, D, D, D, W), "v1.1 is on its way"),
        (NEXT_SEALED, (D, D, D, D, D, D, A), "v1.1 is on its way"),
        (NEXT_DECIDED, (D, D, W, W, N, D, D), "After v1.1, the champion is about to choose"),
        (NEXT_LOST, (D, D, W, W, N, D, D), "After v1.1, the champion is about to choose"),
    ],
)
def test_the_stages_tell_how_far_the_loop_is(
    loop: Loop, states: tuple[StageState, ...], sentence: str
) -> None:
    assert tuple(stage.state for stage in stages(loop, ENGLISH, COUNTED)) == states
    assert sentence in what_next(loop, ENGLISH, COUNTED)


def test_a_stage_says_since_when_it_is_as_it_is() -> None:
    data, train, predict, choose, annotate, confirm, retrain = stages(NEXT_DECIDED, ENGLISH, COUNTED)
    assert data == Stage("Data", D, "v1.1", "150 labels", NOW - timedelta(hours=1))
    assert train == Stage("Train", D, "90.0%", "base model", NOW - timedelta(minutes=30))
    assert predict.since == choose.since == NOW - timedelta(minutes=30)
    assert annotate.since is None
    assert confirm == Stage("Confirm", D, "+50", "taken into v1.1", NOW - timedelta(hours=1))
    assert retrain == Stage("Retrain", D, "91.0%", "v1.1 is champion", NOW - timedelta(minutes=30))


def test_a_challenger_that_did_not_win_is_named_so() -> None:
    assert stages(NEXT_LOST, ENGLISH, COUNTED)[-1].detail == "v1.1 did not win"


def test_a_challenger_that_its_gates_bar_is_named_so() -> None:
    barred = replace(decision(1, promoted=False), barred="size: too large")
    loop = replace(NEXT_LOST, rounds=(decision(0), barred))
    assert stages(loop, ENGLISH, COUNTED)[-1].detail == "v1.1 is barred by its gates"


@given(
    st.sampled_from([EMPTY, PLANNED, SEALED, DECIDED, ASKED, BROKEN, ANSWERED, NEXT_PLANNED, NEXT_DECIDED]),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_there_are_always_seven_stages_and_a_sentence(loop: Loop, leased: int, waiting: int) -> None:
    seen = replace(loop, runs_leased=leased, runs_waiting=waiting)
    assert len(stages(seen, ENGLISH, COUNTED)) == 7
    assert what_next(seen, ENGLISH, COUNTED)


def test_every_state_has_a_name_of_its_own() -> None:
    for language in ("en", "zh_CN"):
        names = [state_name(state, translator(language)) for state in StageState]
        assert len(set(names)) == len(StageState)
