"""What somebody has used in the past, of each resource, decayed: the past in rule S2.

Sums of single uses, not of shares of the moment: so uses can be added in any order, and a change of the
hierarchy or the capacity changes what they mean and not what they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource
from resources.gpu.policy.decay import WEEK_S, DecayedUsage
from resources.gpu.policy.share import dominant_share

HALF_LIFE_S = WEEK_S


@dataclass(frozen=True)
class PastUse:
    """Decayed sums of what was used: devices and cores in thousandths times seconds, memory in MiB times."""

    devices: DecayedUsage
    cpus: DecayedUsage
    memory: DecayedUsage

    def at(self, now_s: float) -> "PastUse":
        """The same as of ``now_s``."""
        return PastUse(self.devices.at(now_s), self.cpus.at(now_s), self.memory.at(now_s))

    def plus(self, other: "PastUse") -> "PastUse":
        """Both together, as of the later of their times."""
        return PastUse(
            _sum(self.devices, other.devices), _sum(self.cpus, other.cpus), _sum(self.memory, other.memory)
        )

    def share(self, capacity: Mapping[Resource, int]) -> DecayedUsage:
        """The largest part of a capacity that it is: the dominant share, times seconds, decayed."""
        used = {ANY_DEVICE: self.devices, CPU_MILLI: self.cpus, HOST_MEMORY_MIB: self.memory}
        values = {name: one.value for name, one in used.items()}
        return replace(self.devices, value=dominant_share(values, capacity))


def nothing(as_of_s: float) -> PastUse:
    """Of somebody who has used nothing."""
    none = DecayedUsage(HALF_LIFE_S, 0.0, as_of_s)
    return PastUse(none, none, none)


def _sum(one: DecayedUsage, other: DecayedUsage) -> DecayedUsage:
    now_s = max(one.as_of_s, other.as_of_s)
    here = one.at(now_s)
    return replace(here, value=here.value + other.at(now_s).value)
