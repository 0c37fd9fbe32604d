"""Lengths of time as people write them: ``8h``, ``90m``, ``1d12h``."""

import re

from resources.errors import BadInput

UNITS_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
EXPECTED = "a length of time such as 8h, 90m or 1d12h"
LONGEST_S = 9_999 * UNITS_S["d"]
_PARTS = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_MOST_CHARACTERS = 40


def seconds_of(text: str) -> int:
    """The seconds that ``text`` says, at least 1. Raises :class:`BadInput` for what is no length of time.

    So it does for more than :data:`LONGEST_S`.
    """
    is_read = text.isascii() and len(text) <= _MOST_CHARACTERS
    found = _PARTS.fullmatch(text.strip().lower()) if is_read else None
    total = 0
    if found is not None:
        counts = (int(part or 0) for part in found.groups())
        total = sum(count * unit for count, unit in zip(counts, UNITS_S.values(), strict=True))
    if total < 1:
        raise BadInput(f"{text!r} is no length of time; expected {EXPECTED}", "Write it with its unit.")
    if total > LONGEST_S:
        days = LONGEST_S // UNITS_S["d"]
        raise BadInput(f"{text!r} is too long; expected at most {days}d", "Ask for less.")
    return total
