"""Reads a request string from left to right, and says where it stopped making sense."""

import re

from resources.gpu.requests.errors import BadGpuRequest
from resources.texts import mark

NOT_A_QUANTITY = mark("not a GPU quantity")
ASCII_DIGITS_ONLY = mark("ASCII digits only")

# As a Chinese input method types them. One character for one, so that positions stay.
_PUNCTUATION = str.maketrans({"（": "(", "）": ")", "，": ",", "：": ":", "\u3000": " "})


class Scanner:
    """A place in a text. Blanks before what is read are passed over."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = text.translate(_PUNCTUATION)
        self.at = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what ``pattern`` matches here, if it does."""
        self._skip_blanks()
        found = pattern.match(self.plain, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def take(self, sign: str) -> bool:
        """Read ``sign``, if it stands here."""
        here = self.next() == sign
        self.at += here
        return here

    def next(self) -> str:
        """The character that is read next; empty at the end."""
        self._skip_blanks()
        return self.plain[self.at : self.at + 1]

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
            self._skip_blanks()
            at = self.at
        here = self.plain[at : at + 1]
        if here.isnumeric() and not here.isascii():
            reason = ASCII_DIGITS_ONLY
        return BadGpuRequest(self.text, at + 1, expected, reason=reason, next_step=next_step)

    def _skip_blanks(self) -> None:
        while self.plain.startswith(" ", self.at):
            self.at += 1
