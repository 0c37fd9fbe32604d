"""Time as it is injected: pure code takes ``now``, services take a clock."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the time now, with a time zone."""


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)
