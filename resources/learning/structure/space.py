"""The space that is searched: width, depth and training settings, around the champion's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from resources.learning.structure.model import Candidate, Structure
from resources.train_settings import TrainSettings

MORE_BLOCKS = 2
SIBLINGS = (0, 1, 2, 4)
"""How many are joined to the champion."""
STILL = 1e-6
"""The share of a learning rate at which nothing changes."""
LONGER = (1.0, 1.5, 2.0)
"""Epochs, as shares of the champion's."""


class Trial(Protocol):
    """What of a trial of Optuna is needed to draw from the space."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of ``choices``."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number."""


def drawn(trial: Trial, champion: Structure, settings: TrainSettings, *, teachable: bool) -> Candidate:
    """The candidate of a trial; none is taught where there is nothing to teach with."""
    channels = trial.suggest_categorical("channels", widths(champion.channels))
    depth = trial.suggest_categorical("depth", list(range(champion.depth + MORE_BLOCKS + 1)))
    start = trial.suggest_categorical("start", ["champion", "nothing"])
    longer = trial.suggest_categorical("longer", list(LONGER))
    taught = teachable and trial.suggest_categorical("taught", [False, True])
    siblings = trial.suggest_categorical("siblings", list(SIBLINGS))
    rate = trial.suggest_float("rate_share", 0.4, 1.6, log=True)
    distorted = trial.suggest_float("distortion_share", 0.6, 1.4)
    if siblings:
        column = max(1, channels // champion.columns)
        return with_siblings(settings, champion, siblings, column, longer, taught)
    # A network can only grow: a smaller one begins from nothing, whatever the trial drew.
    grows = start == "champion" and channels >= champion.channels and depth >= champion.depth
    found = candidate(settings, Structure(channels, depth), grows, longer, rate, distorted, taught)
    own = candidate(settings, champion, False)
    # Of a champion in columns it is these, not one network as wide as all together.
    return own if found == replace(own, structure=found.structure) else found


def candidate(
    settings: TrainSettings,
    structure: Structure,
    grows: bool,
    longer: float = 1.0,
    rate_share: float = 1.0,
    distortion_share: float = 1.0,
    taught: bool = False,
) -> Candidate:
    """One point of the space."""
    found = replace(
        settings,
        channels=structure.channels,
        depth=structure.depth,
        epochs=round(settings.epochs * longer),
        incremental_epochs=round(settings.incremental_epochs * longer),
        learning_rate=settings.learning_rate * rate_share,
        shift_fraction=settings.shift_fraction * distortion_share,
        rotation_degrees=settings.rotation_degrees * distortion_share,
        scale_fraction=settings.scale_fraction * distortion_share,
    )
    return Candidate(structure, grows, found, taught)


def with_siblings(
    settings: TrainSettings,
    champion: Structure,
    siblings: int,
    channels: int,
    longer: float = 1.0,
    taught: bool = False,
) -> Candidate:
    """The champion and networks of so many channels in one, which says what they say on average.

    Its one epoch is of steps that change nothing: what was measured to be ahead is the mean (decision 0031).
    """
    structure = Structure(
        champion.channels + siblings * channels, champion.depth, champion.columns + siblings
    )
    found = candidate(settings, structure, True, longer, rate_share=STILL, taught=taught)
    return replace(found, settings=replace(found.settings, incremental_epochs=1), siblings=siblings)


def widths(channels: int) -> list[int]:
    """From half as wide to twice as wide."""
    return sorted(
        {max(2, channels // 2), max(2, channels * 3 // 4), channels, channels * 3 // 2, channels * 2}
    )


def first_asked(champion: Structure, *, teachable: bool) -> list[Mapping[str, Any]]:
    """What is tried first: the champion's own, its family taught, wide, small, its family, grown, deep.

    Those that are trained whole are taught, where there is something to teach with.
    """
    own: dict[str, Any] = {
        "channels": champion.channels,
        "depth": champion.depth,
        "start": "nothing",
        "longer": 1.0,
        "siblings": 0,
        "rate_share": 1.0,
        "distortion_share": 1.0,
    }
    wide, small = {"channels": 2 * champion.channels}, {"channels": widths(champion.channels)[1]}
    family = own | {"siblings": SIBLINGS[-1]}
    asked = [
        family | {"longer": 1.5},
        own | wide | {"longer": 1.5},
        own | small | {"longer": 2.0},
        own | wide | {"start": "champion", "longer": 1.5},
        own | wide | {"depth": champion.depth + 1, "longer": 1.5},
    ]
    if not teachable:
        return [own, family, *asked[1:]]
    taught = [one | {"taught": True} for one in asked]
    return [own | {"taught": False}, *taught[:3], family | {"taught": False}, *taught[3:]]
