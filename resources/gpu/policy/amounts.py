"""What is counted: devices by model, cores and main memory.

A *resource* is what one quota limits: a flavour of device, any device, cores, or main memory. Its name says
its unit; devices are in thousandths.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NewType

Resource = NewType("Resource", str)
"""``V100``, ``*``, ``cpu_milli`` or ``host_memory_mib``. Flavours are in capitals."""

ANY_DEVICE = Resource("*")
"""Every device, of whatever model; in thousandths of a device."""

CPU_MILLI = Resource("cpu_milli")
"""Thousandths of a core."""

HOST_MEMORY_MIB = Resource("host_memory_mib")

CPU_SLOT = Resource("CPU-SLOT")
"""The flavour of a device that has no model: a share of the CPUs of a machine without accelerators."""

WHOLE_DEVICE_MILLI = 1000


@dataclass(frozen=True)
class Amounts:
    """What a request takes, or what a lease holds."""

    devices_milli: Mapping[str | None, int] = field(default_factory=dict)
    """Thousandths of devices by the model's name as its driver gives it; None for CPU slots."""
    cpu_milli: int = 0
    host_memory_mib: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "devices_milli", dict(self.devices_milli))
        for name, amount in self:
            if amount < 0:
                raise ValueError(f"{name} is {amount}; expected 0 or more")

    def __iter__(self) -> Iterator[tuple[str | None, int]]:
        yield from self.devices_milli.items()
        yield CPU_MILLI, self.cpu_milli
        yield HOST_MEMORY_MIB, self.host_memory_mib

    def __hash__(self) -> int:
        return hash((frozenset(self.devices_milli.items()), self.cpu_milli, self.host_memory_mib))

    @classmethod
    def of_devices(cls, milli: int, model: str | None = None) -> "Amounts":
        """Devices of one model and nothing else."""
        return cls({model: milli})


def flavour(model: str | None) -> Resource:
    """A model in one spelling: ``Tesla V100-SXM2`` gives ``TESLA-V100-SXM2``; None gives a CPU slot's."""
    if model is None:
        return CPU_SLOT
    return Resource("-".join(_words(model)))


def covers(wide: Resource, narrow: Resource) -> bool:
    """Whether a row about ``wide`` counts devices of ``narrow``: each word of it stands in that name."""
    if wide == ANY_DEVICE:
        return is_device(narrow)
    return is_device(wide) and is_device(narrow) and set(_words(wide)) <= set(_words(narrow))


def is_device(resource: Resource) -> bool:
    """Whether ``resource`` counts devices."""
    return resource not in {CPU_MILLI, HOST_MEMORY_MIB}


def widest(flavours: Iterable[Resource]) -> list[Resource]:
    """Those of ``flavours`` that no other of them covers, so that no device counts twice; sorted."""
    distinct = sorted(set(flavours))
    return [one for one in distinct if not any(covers(other, one) for other in distinct if other != one)]


def shown(resource: Resource, amount: int) -> str:
    """An amount as people write it, the same in each language: ``2.5 V100``, ``16 CPU``, ``65536 MiB``."""
    if resource == HOST_MEMORY_MIB:
        return f"{amount} MiB"
    number = f"{amount / WHOLE_DEVICE_MILLI:.3f}".rstrip("0").rstrip(".")
    if resource == ANY_DEVICE:
        return number
    return f"{number} {'CPU' if resource == CPU_MILLI else resource}"


def hours_shown(hours: float) -> str:
    """GPU-hours as people write them, the same in each language: ``1,234.5``, ``0.25``, ``0.0012``.

    Two decimals, and below a tenth two digits that say something: a small budget is not 0.
    """
    if abs(hours) >= 1000:
        return f"{hours:,.1f}".removesuffix(".0")
    if abs(hours) >= 0.1:
        return f"{hours:.2f}".rstrip("0").rstrip(".")
    return f"{Decimal(f'{hours:.2g}'):f}".removesuffix(".0")


def _words(name: str) -> list[str]:
    return name.upper().replace("-", " ").split()
