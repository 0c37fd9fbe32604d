"""How runs, leases and decisions are shown: to people as tables, to machines as flat objects."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from resources.errors import Unavailable
from resources.gpu.decision_log import PastDecision
from resources.gpu.enforcement.apart import Apart
from resources.gpu.inventory.model import DevicesOfNode
from resources.gpu.inventory.visible import visible_devices
from resources.gpu.model import Lease, Owner, RunId, WaitingRequest
from resources.gpu.policy.price import Cost
from resources.gpu.service import GpuService
from resources.gpu.usage.service import UsageService
from resources.home import Home
from resources.terms import Actor
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.output import err
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

KINDS = {
    "grant": mark("granted"),
    "wait": mark("waits"),
    "stop": mark("makes room"),
    "warn": mark("is warned"),
    "resize": mark("its lease grows"),
}
SHORT = 8
"""Of a run's id, as much as tells runs apart."""


def gpu_service() -> GpuService:
    """The service of the home of the environment."""
    return GpuService(Home.from_environment().database())


def line_of(service: GpuService) -> tuple[WaitingRequest, ...]:
    """The line; as it came, with what was decided last, where a driver does not answer."""
    try:
        return service.line().waiting
    except Unavailable as problem:
        err().print(f"{problem.problem}. {problem.next_step}", markup=False)
        return tuple(service.waiting())


def placement_document(places: Iterable[DevicesOfNode]) -> list[dict[str, Any]]:
    """Where devices are, by name and by index; and how a process on a declared node is shown them."""
    return [
        {
            "node": one.node.id,
            "node_index": one.index,
            "devices": list(one.devices),
            "device_indexes": list(one.indexes),
            "declared": not one.node.takes_runs,
            "environment": shown_there(one) if not one.node.takes_runs else None,
        }
        for one in places
    ]


def shown_there(place: DevicesOfNode) -> dict[str, str]:
    """The variables that show a process on a node these of its devices; drivers count by PCI bus."""
    held = [device for device in place.node.devices if device.id in place.devices]
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", **visible_devices(held)}


def elsewhere_text(places: Iterable[DevicesOfNode]) -> str:
    """On which other machines devices are, and how they are used there; empty where all are here."""
    there = [one for one in places if not one.node.takes_runs]
    return "\n".join(
        _("{devices}: not on this machine but on {node}. There: export {variables}").format(
            devices=", ".join(one.devices),
            node=one.node.id,
            variables=" ".join(f"{name}={value}" for name, value in shown_there(one).items()),
        )
        for one in there
    )


def usage_service() -> UsageService:
    """The service of what was used, of the home of the environment."""
    return UsageService(Home.from_environment().database())


def short(run_id: RunId) -> str:
    """The beginning of a run's id; the whole name of what is no run."""
    return run_id if ":" in run_id else run_id[:SHORT]


def makes_room(whom: RunId) -> str:
    """That something makes room, and for what."""
    kind, separator, name = whom.partition(":")
    if not separator:
        return _("makes room for run {run}").format(run=short(whom))
    texts = {
        "lease": _("makes room for lease {name}"),
        "reservation": _("makes room for reservation {name}"),
        "drain": _("makes room because {name} is drained"),
        "device": _("stops because {name} is out of order"),
    }
    return texts.get(kind, "{name}").format(name=name)


def current_actor() -> Actor:
    """Who types the command."""
    return Actor(f"user:{current_user()}")


def named(owner: Owner) -> str:
    """Project and user."""
    return f"{owner.project}/{owner.user}"


def moment(at: datetime) -> str:
    """A moment in the time zone of this machine."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def waiting_because(waiting: WaitingRequest) -> str:
    """Why a request waits, with the number of the rule."""
    if waiting.reason is None:
        return _("The arbiter has not looked at it yet.")
    said = waiting.reason if waiting.why is None else waiting.why.translated(_)
    return f"{waiting.rule}: {said}"


def cost_text(cost: Cost | None) -> str:
    """A cost for people; says so where a part of it has no price."""
    if cost is None:
        return "-"
    if not cost.unpriced:
        return cost.text
    return _("{cost}, without {models}").format(cost=cost.text, models=", ".join(cost.unpriced))


def cost_document(cost: Cost | None) -> dict[str, Any]:
    """A cost for machines: the amount is a text, for it is an exact decimal."""
    if cost is None:
        return {"cost": None, "currency": None, "unpriced": []}
    return {"cost": f"{cost.amount:.4f}", "currency": cost.currency, "unpriced": list(cost.unpriced)}


def lease_document(lease: Lease) -> dict[str, Any]:
    """A lease for machines."""
    return {
        "run": lease.run_id,
        "attempt": lease.attempt,
        "state": lease.state,
        "project": lease.owner.project,
        "user": lease.owner.user,
        "request": lease.request.text,
        "devices": list(lease.devices),
        "share": lease.request.fraction,
        "priority": lease.terms.priority,
        "preemptible": lease.terms.preemptible,
        "granted_at": lease.granted_at,
        "released_at": lease.released_at,
        "release_reason": lease.release_reason,
        "stop_for": lease.stop_for,
        "stop_reason": lease.stop_reason,
    }


def apart_document(kept: Apart) -> dict[str, Any]:
    """How a run is kept apart from its neighbours, for machines; sentences are in English."""
    return {
        "devices": [
            {"level": one.level, "rule": one.reason.rule, "reason": one.reason.text} for one in kept.devices
        ],
        "cpu": kept.cpu,
        "host_memory": kept.host_memory,
    }


def apart_sentences(kept: Apart) -> list[str]:
    """The same for people."""
    told = [one.reason for one in kept.devices] + list(kept.told)
    return [f"{one.rule}: {one.translated(_)}" for one in told]


def decision_document(decision: PastDecision) -> dict[str, Any]:
    """A decision for machines; its sentence is in English."""
    return {
        "at": decision.at,
        "kind": decision.kind,
        "run": decision.run_id,
        "attempt": decision.attempt,
        "for_run": decision.for_run,
        "devices": list(decision.devices),
        "rule": decision.why.rule,
        "reason": decision.why.text,
    }


def decision_row(decision: PastDecision) -> tuple[str, ...]:
    """A decision for people: when, which attempt, what, by which rule, on which devices, and why."""
    return (
        moment(decision.at),
        short(decision.run_id),
        str(decision.attempt),
        _(KINDS.get(decision.kind, decision.kind)),
        ", ".join(decision.devices) or "-",
        f"{decision.why.rule}: {decision.why.translated(_)}",
    )


def show_decisions(decisions: list[PastDecision]) -> None:
    """Print decisions as a table."""
    titles = (_("time"), _("run"), _("attempt"), _("decision"), _("devices"), _("because"))
    show_table(titles, [decision_row(one) for one in decisions])
