"""Questions: which answer counts, and what is told of one that does not."""

import pytest

from resources.data.merging.model import (
    SHOWN_CHARACTERS,
    Choice,
    Conflict,
    ConflictKind,
    Resolution,
    Unused,
    Versions,
)
from resources.data.merging.questions import Questions
from resources.errors import BadInput


def state(questions: Questions, path: str = "x", ours: str = "1") -> str | None:
    states: Versions[str | None] = Versions("0", ours, "2")
    return questions.ask(path, states, str, kind=ConflictKind.BOTH_CHANGED)


def conflict(path: str = "x", ours: str = "1") -> Conflict:
    questions = Questions([])
    state(questions, path, ours)
    return questions.open[0]


def told(unused: tuple[Unused, ...]) -> list[str]:
    return [one.why for one in unused]


def test_without_an_answer_it_stays_as_in_the_base() -> None:
    assert state(Questions([])) == "0"


def test_the_same_question_has_the_same_id_and_another_one_another() -> None:
    assert conflict().id == conflict().id
    assert len({conflict().id, conflict("y").id, conflict(ours="3").id}) == 3


def test_an_id_counts_more_than_a_pattern_and_the_first_pattern_more_than_others() -> None:
    by_glob = [Resolution(Choice.THEIRS, glob="x"), Resolution(Choice.DELETE, glob="*")]
    assert state(Questions(by_glob)) == "2"
    questions = Questions([*by_glob, Resolution(Choice.OURS, conflict=conflict().id)])
    assert state(questions) == "1"
    assert state(questions, "y") is None
    assert told(questions.unused()) == ["nothing that 'x' means is in conflict and not answered otherwise"]


def test_of_two_answers_to_one_question_the_later_counts() -> None:
    first, second = (Resolution(choice, conflict=conflict().id) for choice in (Choice.OURS, Choice.THEIRS))
    questions = Questions([first, second])
    assert state(questions) == "2"
    assert told(questions.unused()) == [f"{conflict().id} was answered again later"]


def test_an_answer_that_the_question_does_not_have_is_refused() -> None:
    questions = Questions([Resolution(Choice.BOTH, conflict=conflict().id)])
    assert state(questions) == "0"
    assert questions.open == [conflict()]
    assert told(questions.unused()) == [
        (
            f"both is no answer to {conflict().id}: it can be answered by ours, theirs, base, delete. Choose "
            "one of these for this conflict."
        )
    ]


def test_what_is_taken_back_was_never_asked() -> None:
    questions = Questions([Resolution(Choice.BOTH, glob="*")])
    kept = questions.kept()
    state(questions)
    questions.back(kept)
    assert (questions.open, questions.resolved, questions.refused) == ([], [], {})


def test_long_values_are_cut_and_still_told_apart() -> None:
    long = "x" * (SHOWN_CHARACTERS + 1)
    first, second = conflict(ours=long), conflict(ours=long + "y")
    assert first.ours is not None
    assert len(first.ours) == SHOWN_CHARACTERS
    assert first.ours == second.ours
    assert first.id != second.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"choice": Choice.OURS},
        {"choice": Choice.OURS, "conflict": "1", "glob": "*"},
        {"choice": Choice.OURS, "glob": ""},
        {"choice": Choice.GIVEN, "conflict": "1"},
        {"choice": Choice.OURS, "conflict": "1", "value": "x"},
        {"choice": Choice.GIVEN, "glob": "*", "value": "x"},
    ],
)
def test_an_answer_that_answers_nothing_is_refused_at_once(wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        Resolution(**wrong)  # type: ignore[arg-type]
