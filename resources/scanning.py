"""Reading a text that a person wrote from left to right; a grammar says where it stopped making sense."""

import re
from collections.abc import Mapping


class Scanner:
    """A place in a text. Blanks before what is read are passed over."""

    punctuation: Mapping[int, str] = {}
    """What stands for another sign, one character for one, so that positions stay: see ``str.translate``."""
    blanks: tuple[str, ...] = (" ",)

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = text.translate(self.punctuation)
        self.at = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what ``pattern`` matches here, if it does."""
        self.skip_blanks()
        found = pattern.match(self.plain, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def take(self, signs: str) -> bool:
        """Read one of ``signs``, if one stands here."""
        here = self.next()
        found = bool(here) and here in signs
        self.at += found
        return found

    def next(self) -> str:
        """The character that is read next; empty at the end."""
        self.skip_blanks()
        return self.plain[self.at : self.at + 1]

    def skip_blanks(self) -> None:
        """Go on to what is read next."""
        while self.plain.startswith(self.blanks, self.at):
            self.at += 1
