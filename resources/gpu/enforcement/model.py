"""The values of enforcement: what a lease allows, what its run uses, and what is to be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Overuse, RunId
from resources.gpu.policy.reason import Reason
from resources.process import ProcessIdentity


class Action(StrEnum):
    """What the caller is to do about a finding."""

    NONE = "none"
    """Nothing: it is told for pages."""
    NOTE = "note"
    """Nothing yet: seen in one look, which may have been a spike."""
    WARN = "warn"
    """Say it on the run; where no run is known, to the operators."""
    LEAVE = "leave"
    """Nothing: the grace is over and the run goes on, as it declared, or because there is no room."""
    RESIZE = "resize"
    """Let the lease grow to what is used. There was room when the finding was made."""
    EVICT = "evict"
    """Have a checkpoint written and put the run back into the queue."""
    CLEAR = "clear"
    """Take the warning from the run: it is within its lease again."""


@dataclass(frozen=True)
class Limits:
    """What a lease allows. None: nothing is declared, so nothing is too much."""

    run_id: RunId
    device_memory_mib: Mapping[DeviceId, int | None] = field(default_factory=dict)
    """On each device of the lease; None for a device that the run has alone."""
    cpu_milli: int | None = None
    """Thousandths of a core."""
    host_memory_mib: int | None = None
    overuse: Overuse = Overuse.LEAVE
    unreserved: frozenset[DeviceId] = frozenset()
    """Devices that it uses together with others and of which nothing is reserved for it."""


@dataclass(frozen=True)
class Holder:
    """The processes of a run: who leads them."""

    run_id: RunId
    leader: ProcessIdentity
    """It leads a session and process group of its own, as the launcher starts it."""


@dataclass(frozen=True)
class DeviceUse:
    """The memory that one process has on one device."""

    device_id: DeviceId
    pid: int
    memory_mib: int | None
    """None where the driver does not tell."""


@dataclass(frozen=True)
class DeviceMemory:
    """The memory of one device, as its driver tells it."""

    device_id: DeviceId
    free_mib: int


@dataclass(frozen=True)
class Use:
    """What all processes of one run use together."""

    run_id: RunId
    device_memory_mib: Mapping[DeviceId, int] = field(default_factory=dict)
    """On every device that it uses, of its lease or not."""
    cpu_milli: int | None = None
    """Thousandths of a core, on average since the look before; None in the first look."""
    host_memory_mib: int = 0
    processes: int = 0


@dataclass(frozen=True)
class Stranger:
    """A process of no lease on a device."""

    device_id: DeviceId
    pid: int
    memory_mib: int | None
    user: str | None
    """None for a process that cannot be seen from here, such as one of another container."""


@dataclass(frozen=True)
class Look:
    """What is used at one moment."""

    uses: tuple[Use, ...] = ()
    strangers: tuple[Stranger, ...] = ()
    devices: tuple[DeviceMemory, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What one rule says of one run, or of a process of no run."""

    reason: Reason
    action: Action
    run_id: RunId | None = None
    device_id: DeviceId | None = None
    pid: int | None = None

    @property
    def rule(self) -> str:
        """``U1`` to ``U6``."""
        return self.reason.rule
