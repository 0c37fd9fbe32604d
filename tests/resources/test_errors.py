"""Errors: a message, a next step, an exit code."""

from resources.errors import (
    BadInput,
    Conflict,
    Denied,
    ExitCode,
    NotFound,
    TrainplatError,
    Unavailable,
)


def test_an_error_says_what_is_wrong_and_what_to_do() -> None:
    assert str(BadInput("a is 1; expected 2", "Set a to 2.")) == "a is 1; expected 2\nNext: Set a to 2."


def test_each_kind_has_its_exit_code() -> None:
    kinds: list[type[TrainplatError]] = [Unavailable, BadInput, Denied, NotFound, Conflict]
    codes = [kind("x", "y").exit_code for kind in kinds]
    assert codes == [1, 2, 3, 4, 5]
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5, 6]
