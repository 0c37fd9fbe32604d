"""Lengths of time as people write them: ``8h``, ``90m``, ``1d12h``."""

import re

from resources.errors import BadInput

UNITS_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
EXPECTED = "a length of time such as 8h, 90m or 1d12h"
_PARTS = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?")


def seconds_of(text: str) -> int:
    """The seconds that ``text`` says, at least 1. Raises :class:`BadInput` for what is no length of time."""
    found = _PARTS.fullmatch(text.strip().lower()) if text.isascii() else None
    total = 0
    if found is not None:
        counts = (int(part or 0) for part in found.groups())
        total = sum(count * unit for count, unit in zip(counts, UNITS_S.values(), strict=True))
    if total < 1:
        raise BadInput(f"{text!r} is no length of time; expected {EXPECTED}", "Write it with its unit.")
    return total
