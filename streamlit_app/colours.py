"""The colours of the dashboard: one meaning each, the same on every page."""

from hashlib import blake2s

DONE = "#2e9e6b"
ACTIVE = "#2f6fde"
PEOPLE = "#d08a17"
"""It is a person's turn."""
TROUBLE = "#cf4b43"
IDLE = "#8a93a5"

INK_ON_LIGHT = "#1d2433"
INK_ON_DARK = "#e6e9ef"

CHAMPION = "#0d8f80"
CHALLENGER = "#7a6ff0"

_TONES = (
    *("#2f6fde", "#0d8f80", "#a55ad6", "#d08a17", "#d6567a", "#4b93a8", "#7b8b2f", "#b5673c"),
    *("#5a55c8", "#2e9e6b", "#c04fb0", "#9a7b1d", "#c9473f", "#3b7f9e", "#5f9a3a", "#8a5a44"),
)


def _mixed(tone: str, other: int, part: float) -> str:
    """``tone`` with a part of a grey from 0, black, to 255, white."""
    channels = (int(tone[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one in channels)


OWNERS = (
    *_TONES,
    *(_mixed(tone, 255, 0.42) for tone in _TONES),
    *(_mixed(tone, 0, 0.4) for tone in _TONES),
)
"""Each tone, light and dark too: of so many, two projects seldom have the same."""


def of_owner(owner: str) -> str:
    """The colour of a project: the same wherever and whenever it is shown."""
    digest = blake2s(owner.encode()).digest()
    return OWNERS[int.from_bytes(digest[:4]) % len(OWNERS)]
