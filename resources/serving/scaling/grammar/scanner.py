"""Reads a text about scaling from left to right, and says where it stopped making sense."""

import re

from resources import scanning
from resources.serving.scaling.grammar.errors import BadScaling
from resources.texts import mark

KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
UNIT = re.compile(r"%|[A-Za-z]+")
COUNT = re.compile(r"[0-9]+")
TO = re.compile(r"-|~")
WORD = re.compile(r"[A-Za-z0-9_+/-]+")
_HOUR = r"[0-9]{1,2}(?::[0-9]{2})?"
_DAY = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
WINDOW = re.compile(
    rf"(?:(?P<first>{_DAY})(?: *- *(?P<last>{_DAY}))? +)?"
    rf"(?P<from>{_HOUR}) *~ *(?P<until>{_HOUR})(?= *[:=|])",
    re.IGNORECASE,
)
"""Whether ``21:10`` is a time or ten replicas: what comes before a ``:`` is a time."""

# As a Chinese input method types them. One character for one, so that positions stay.
_PUNCTUATION = str.maketrans(
    {"，": ",", "：": ":", "；": ";", "％": "%", "～": "~", "＝": "=", "\u3000": " "}
)


class Scanner(scanning.Scanner):
    """A place in a text about scaling."""

    punctuation = _PUNCTUATION
    blanks = (" ", "\n", "\t")

    def ended(self) -> bool:
        """Whether nothing is left to read."""
        self.skip_blanks()
        return self.at >= len(self.plain)

    def refuse(
        self,
        expected: str,
        *,
        at: int | None = None,
        reason: str = mark("not a rule of scaling"),
        next_step: str | None = None,
    ) -> BadScaling:
        """The error about the character ``at``, else about the next one."""
        if at is None:
            self.skip_blanks()
            at = self.at
        return BadScaling(self.text, at + 1, expected, reason=reason, next_step=next_step)
