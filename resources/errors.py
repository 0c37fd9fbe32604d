"""Errors that a person reads: what is wrong, and what to do next."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the trainplat command, by kind of error."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    DENIED = 3
    NOT_FOUND = 4
    CONFLICT = 5
    OVER_QUOTA = 6


class TrainplatError(Exception):
    """Something went wrong that a person can mend.

    ``problem`` names the thing, its value and what was expected; ``next_step`` says what to do.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem, next_step)
        self.problem = problem
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.problem}\nNext: {self.next_step}"

    @property
    def one_line(self) -> str:
        """For places with room for one line: a tick, the result of a check."""
        return f"{self.problem}. {self.next_step}"


class BadInput(TrainplatError):
    """A value that was given cannot be used."""

    exit_code = ExitCode.BAD_INPUT


class Denied(TrainplatError):
    """Whoever acts may not do this."""

    exit_code = ExitCode.DENIED


class NotFound(TrainplatError):
    """The thing that was named does not exist."""

    exit_code = ExitCode.NOT_FOUND


class Conflict(TrainplatError):
    """Something else stands in the way: a busy port, a second supervisor, a changed row."""

    exit_code = ExitCode.CONFLICT


class Unavailable(TrainplatError):
    """A service that is needed does not answer, or a disk is full: mend it and try again."""
