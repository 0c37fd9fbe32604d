"""How long to wait before a part that died is started again."""

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
FORGIVEN_AFTER_S = 60.0
"""A part that was ready this long before it died starts again at the first pause."""


def pause_s(deaths: int) -> float:
    """The pause after ``deaths`` deaths in a row (1 or more): doubled each time, up to half a minute."""
    if deaths < 1:
        raise ValueError(f"deaths is {deaths}; expected 1 or more")
    return float(min(FIRST_PAUSE_S * 2.0 ** min(deaths - 1, 30), LONGEST_PAUSE_S))


def deaths_in_a_row(before: int, ready_for_s: float) -> int:
    """The count after one more death of a part that had been ready for ``ready_for_s`` seconds."""
    return 1 if ready_for_s >= FORGIVEN_AFTER_S else before + 1
