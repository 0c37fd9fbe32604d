"""Why a request is refused: it cannot be read, or this machine can never meet it."""

from resources.errors import BadInput, ExitCode, TrainplatError
from resources.texts import filled, mark

MOST_SHOWN = 80
"""How many characters of a refused text an error repeats."""


class BadGpuRequest(BadInput):
    """A request string that says nothing we can give. ``position`` counts characters from 1.

    What it says is marked, or filled, so that it can be shown in another language.
    """

    def __init__(
        self, text: str, position: int, expected: str, *, reason: str, next_step: str | None = None
    ) -> None:
        super().__init__(
            filled(
                mark("GPU request {text}: {reason}; at position {position} expected {expected}"),
                text=shown(text),
                reason=filled(reason),
                position=position,
                expected=filled(expected),
            ),
            next_step
            or mark("Write a number of devices, such as 1, 2(V100), 0.5 or A100:80GB:2; 0 asks for none."),
        )
        self.text = text
        self.position = position
        self.expected = expected
        self.reason = reason


class ImpossibleGpuRequest(BadInput):
    """A request that can be read, and that this machine or this cluster can never satisfy."""


def shown(text: str) -> str:
    """``text`` as an error quotes it: control characters escaped, a long one cut."""
    return repr(text) if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]!r}… ({len(text)} characters)"


class OverQuota(TrainplatError):
    """A request that the quotas would not allow even if nothing were in use."""

    exit_code = ExitCode.OVER_QUOTA
