"""Drains: devices and nodes that are taken out of use, and into use again."""

from resources.errors import BadInput, NotFound
from resources.gpu import device_store, drain_store, ledger
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.inventory.discover import host_names
from resources.gpu.inventory.model import LOCAL
from resources.gpu.model import Drained
from resources.terms import Actor

LONGEST_REASON = 500


class Drains(OnLedger):
    """What nothing new begins on."""

    def drains(self) -> tuple[Drained, ...]:
        """The drains that hold, by target."""
        with self._database.read() as connection:
            return drain_store.read(connection)

    def drain(self, target: str, *, reason: str = "", evict: bool = False, actor: Actor) -> Drained:
        """Let nothing new begin on a device, or on any device of a node; what runs there runs to its end.

        With ``evict``, what can stop makes room at the next pass (rule P5). Saying it again puts the new
        reason and ``evict`` in the place of the old ones, and keeps since when it holds; without a reason it
        keeps the old one. Raises NotFound for a target that is neither in the inventory nor in a live lease.
        The host name of this machine is a name of it too.
        """
        if len(reason) > LONGEST_REASON:
            raise BadInput(
                f"the reason has {len(reason)} characters; expected at most {LONGEST_REASON}",
                "Say it shorter.",
            )
        inventory = self._inventory()
        target = _as_we_name_it(target)
        now = self._clock()
        with self._database.write() as connection:
            known = {device.id for device in inventory.devices} | {node.id for node in inventory.nodes}
            known |= {device for lease in ledger.live_leases(connection) for device in lease.devices}
            if target not in known:
                raise NotFound(
                    f"there is no device and no node {target!r}; known: {', '.join(sorted(known))}",
                    "`trainplat gpu status` lists the devices.",
                )
            before = next((one for one in drain_store.read(connection) if one.target == target), None)
            if before is not None:
                reason = reason or before.reason
            drained = Drained(target, reason, evict, now if before is None else before.since, actor)
            drain_store.put(connection, drained)
            detail = "; ".join(filter(None, (reason, "what can stop makes room" if evict else "")))
            audit(connection, now, actor, "gpu.drain", target, detail)
        return drained

    def undrain(self, target: str, actor: Actor) -> None:
        """Take a device or a node into use again, or one that was ill before it has been well for long.

        Raises NotFound where it was neither drained nor ill. One that is still ill is found so again.
        """
        now, target = self._clock(), _as_we_name_it(target)
        with self._database.write() as connection:
            was_drained = drain_store.remove(connection, target)
            was_ill = device_store.forget(connection, target)
            if not was_drained and not was_ill:
                raise NotFound(f"{target!r} is not drained", "`trainplat gpu status` says which devices are.")
            audit(connection, now, actor, "gpu.undrain", target, "")
        self._seen = None


def _as_we_name_it(target: str) -> str:
    return LOCAL if target.lower() in host_names() else target
