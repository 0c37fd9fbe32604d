"""Why a text about scaling is refused."""

from resources.errors import BadInput
from resources.gpu.requests.errors import shown
from resources.texts import filled, mark


class BadScaling(BadInput):
    """A text that declares no scaling. ``position`` counts characters from 1."""

    def __init__(
        self, text: str, position: int, expected: str, *, reason: str, next_step: str | None = None
    ) -> None:
        super().__init__(
            filled(
                mark("scaling {text}: {reason}; at position {position} expected {expected}"),
                text=shown(text),
                reason=filled(reason),
                position=position,
                expected=filled(expected),
            ),
            next_step or mark("Write it such as cpu:50%,gpu:60%,queue:8,latency:200ms or 9~21:2-6,21~9:0-2."),
        )
        self.text = text
        self.position = position
        self.expected = expected
        self.reason = reason
