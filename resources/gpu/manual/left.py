"""Whether anything of a lease is left on its devices once its time is over.

Of a lease of ours, as of a step's second one, what carries its mark is left: its processes were started with
it. Nobody of ours started those of a lease without a run, so there is no process group to look at. What is
known instead, device by device:

- **E1** Where the driver lists the processes on a device, one of these is taken for the lease's if it carries
  the lease's name in its environment, if it is its user's, or if nobody can see whose it is; unless it is of
  another live lease. Processes of other users, such as a display server, are not, and neither are the
  daemon of MPS and its servers.
- **E2** Where there is no such list, as on a CPU slot, a process is the lease's if it carries its name.
- **E3** A device that cannot be read now may have anything on it. One that is gone has what carries the
  lease's name, by E2: nothing else can be computing there, and nobody gets it as long as it is gone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from resources.gpu.enforcement.model import Holder
from resources.gpu.enforcement.mps import is_of_mps
from resources.gpu.enforcement.usage import processes_of
from resources.gpu.environment import lease_mark
from resources.gpu.inventory.model import DeviceId, DeviceProcess, DeviceReading
from resources.gpu.model import Lease, Origin, RunId
from resources.process import ProcessIdentity, carriers_of
from resources.users import user_named


@dataclass(frozen=True)
class Left:
    """What keeps the devices of a lease from being given out again."""

    processes: tuple[DeviceProcess, ...] = ()
    unread: tuple[DeviceId, ...] = ()
    """Devices that could not be read."""

    def __bool__(self) -> bool:
        return bool(self.processes or self.unread)

    @property
    def text(self) -> str:
        """In one line."""
        said = [f"process {one.pid} of {one.user or 'somebody'}" for one in self.processes]
        return ", ".join(said + [f"{device} cannot be read" for device in self.unread])


NOTHING = Left()


def left_of(
    lease: Lease,
    live: Sequence[Lease],
    readings: Mapping[DeviceId, DeviceReading],
    gone: Collection[DeviceId] = (),
) -> Left:
    """What is left of ``lease``; ``live`` are all leases that hold something, itself included.

    ``gone`` are the devices that do not answer any more.
    """
    marked = {one.pid for one in carriers_of(lease_mark(lease))}
    if lease.origin is not Origin.MANUAL:
        return Left(tuple(DeviceProcess(pid, lease.owner.user, None) for pid in sorted(marked)))
    others = [one for one in live if one.run_id != lease.run_id]
    families = processes_of([_holder(one) for one in (lease, *others)])
    own = marked | {process.pid for process in families[lease.run_id]}
    own = {pid for pid in own if not is_of_mps(pid)}
    of_others = {process.pid for one in others for process in families[one.run_id]}
    of_others |= {one.holder.pid for one in others if one.holder is not None and one.holder.is_alive()}
    found: dict[int, DeviceProcess] = {}
    unread, by_marker = [], not lease.devices
    for device in lease.devices:
        reading = readings.get(device)
        if device in gone:
            by_marker = True
        elif reading is not None and reading.processes is not None:
            for process in reading.processes:
                if process.pid in own or (process.pid not in of_others and _may_be_of(process, lease)):
                    found[process.pid] = process
        elif reading is not None and reading.fault is not None:
            unread.append(device)
        else:
            by_marker = True
    if by_marker:
        for pid in own:
            found.setdefault(pid, DeviceProcess(pid, lease.owner.user, None))
    return Left(tuple(found[pid] for pid in sorted(found)), tuple(unread))


def _may_be_of(process: DeviceProcess, lease: Lease) -> bool:
    is_its_users = process.user is None or user_named(process.user) == lease.owner.user
    return is_its_users and not is_of_mps(process.pid)


NOBODY = ProcessIdentity(0, -1.0)
"""Stands for the leader of a lease that has none: it never lives, so only what carries its name counts."""


def _holder(lease: Lease) -> Holder:
    return Holder(RunId(lease.run_id), lease.holder or NOBODY)
