"""Why a run failed, in the words and with the exit code of the step that did."""

import pytest
from dagster import DagsterInstance, Failure, job, op

from resources.errors import BadInput, NotFound, TrainplatError
from trainplat_assets.why_program import why


@pytest.mark.parametrize("problem", [BadInput("no line", "Give one."), NotFound("no model", "Make one.")])
def test_a_refusal_is_told_in_its_own_words(problem: TrainplatError) -> None:
    @op
    def refuses() -> None:
        raise Failure(str(problem), allow_retries=False) from problem

    assert told(refuses) == {
        "problem": problem.problem,
        "next": problem.next_step,
        "code": int(problem.exit_code),
    }


def test_what_broke_without_a_word_for_people_is_left_to_the_log() -> None:
    @op
    def breaks() -> None:
        raise ZeroDivisionError

    assert told(breaks) == {}
    with DagsterInstance.ephemeral() as instance:
        assert why(instance, "never_run") == {}


def told(step: object) -> dict[str, object]:
    @job
    def work() -> None:
        step()  # type: ignore[operator]

    with DagsterInstance.ephemeral() as instance:
        work.execute_in_process(instance=instance, raise_on_error=False)
        return why(instance, "work")
