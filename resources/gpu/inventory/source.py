"""What every source of devices offers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resources.gpu.inventory.model import Device, DeviceReading, Vendor
from resources.texts import mark


class Ability(StrEnum):
    """What a source can tell of its devices."""

    MEMORY = "memory"
    PARTITIONS = "partitions"
    """Slices of a card as devices of their own, such as MIG instances."""
    LINKS = "links"
    """Which devices reach each other directly."""
    NUMA = "numa"
    HEALTH = "health"
    UTILISATION = "utilisation"
    PROCESSES = "processes"
    ERRORS = "errors"
    """Critical errors when they come, which leave no sign."""
    ISOLATION = "isolation"
    """Whether fractions of a device can be kept apart."""


NOT_LISTED = mark("It is gone: {tool} does not list it any more.")
NO_ERRORS = mark("its tool tells what was counted, and not what comes")
NO_ISOLATION = mark("MPS and MIG are NVIDIA's: fractions are cooperative, and watched")


@dataclass(frozen=True)
class Found:
    """What a source found on this machine."""

    version: str
    """Of the driver, the library or the tool that was asked."""
    devices: tuple[Device, ...]
    untold: Mapping[Ability, str] = field(default_factory=dict)
    """What the source can tell in general, and this release of it does not; with the reason."""


@dataclass(frozen=True)
class Missing:
    """Why a source found nothing, which is no error: no driver, no tool."""

    why: str
    next_step: str = ""
    """What to do where a device is likely to be there."""


@dataclass(frozen=True)
class Source:
    """One vendor's way to tell its devices."""

    name: str
    vendor: Vendor
    abilities: frozenset[Ability]
    find: Callable[[], Found | Missing]
    """Raises Unavailable where a driver is there and does not answer."""
    read: Callable[[tuple[Device, ...]], tuple[DeviceReading, ...]]
    """One reading for each of these devices, which are its own. Raises as ``find`` does."""
    why_not: Mapping[Ability, str] = field(default_factory=dict)
    """Of each ability that it has not, why."""
