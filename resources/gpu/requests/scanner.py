"""Reads a request string from left to right, and says where it stopped making sense."""

from resources import scanning
from resources.gpu.requests.errors import BadGpuRequest
from resources.texts import mark

NOT_A_QUANTITY = mark("not a GPU quantity")
ASCII_DIGITS_ONLY = mark("ASCII digits only")

# As a Chinese input method types them. One character for one, so that positions stay.
_PUNCTUATION = str.maketrans({"（": "(", "）": ")", "，": ",", "：": ":", "\u3000": " "})


class Scanner(scanning.Scanner):
    """A place in a request string."""

    punctuation = _PUNCTUATION

    def refuse(
        self,
        expected: str,
        *,
        at: int | None = None,
        reason: str = NOT_A_QUANTITY,
        next_step: str | None = None,
    ) -> BadGpuRequest:
        """The error about the character ``at``, else about the next one."""
        if at is None:
            self.skip_blanks()
            at = self.at
        here = self.plain[at : at + 1]
        if here.isnumeric() and not here.isascii():
            reason = ASCII_DIGITS_ONLY
        return BadGpuRequest(self.text, at + 1, expected, reason=reason, next_step=next_step)
