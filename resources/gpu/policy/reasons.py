"""The sentences of the rules: templates and values, so that they can be said in another language."""

from resources.gpu.placement.model import Misfit
from resources.gpu.policy.model import Job, Running
from resources.gpu.policy.reason import Reason
from resources.texts import mark

TEMPLATES = {
    "A1": mark("Asks for no device."),
    "A2": mark("Granted {asked} within the quota of {project}."),
    "A3": mark("Granted {asked}; {project} borrows what others do not use."),
    "A4": mark("Granted {asked}, which was kept for it."),
    "A5": mark("Granted {asked} of reservation {reservation}."),
    "P1": mark("{project} is owed {asked}, and takes back what {others} borrowed: {runs} make(s) room."),
    "P2": mark("Has priority {priority} in {project}: {runs} of lower priority make(s) room."),
    "P3": mark("Has had less device time than {runs}, which make(s) room."),
    "P4": mark("Reservation {reservation} begins: {runs} make(s) room."),
    "P5": mark("{target} is drained: {runs} make(s) room."),
    "D1": mark("Needs {asked} in one piece: {runs} move(s) elsewhere."),
    "W1": mark("Waits for {asked}, {free} free; in use by {holders}."),
    "W3": mark("Waits for {asked}: what is free is kept for {whom}."),
    "W4": mark("Waits for {asked}: {runs} make(s) room."),
    "W5": mark(
        "Waits for {asked}: there are {matching} device(s) that match, {usable} of them in order and not "
        "drained. Bring the missing ones back, or cancel the run and ask for less."
    ),
    "W6": mark("Waits for {asked} in one piece: {free} free in all, at most {most} of them on one node."),
    "W7": mark(
        "Waits for {asked}: the devices are free, but not {cpus} CPU(s) and {memory_mib} MiB beside them."
    ),
    "W8": mark("Waits for {asked}: no node that is free fits its affinity."),
    "W9": mark(
        "Waits for {asked} on this machine, {free} free: node {node} has room, and runs are started on this "
        "machine only."
    ),
}

_UNLIMITED = mark("Granted {asked}; no quota limits it.")


def reason(rule: str, **values: str | int | float) -> Reason:
    """The reason of a rule. Raises KeyError for a rule without a sentence."""
    return Reason(rule, TEMPLATES[rule], values)


def granted(rule: str, job: Job, *, is_limited: bool) -> Reason:
    """Why a job gets free devices: by A2, which no quota may limit, or by A3."""
    if rule == "A2" and not is_limited:
        return Reason(rule, _UNLIMITED, {"asked": asked(job)})
    return reason(rule, asked=asked(job), project=job.project)


def asked(job: Job) -> str:
    """What a job asks for, in words."""
    shape = job.shape
    models = "/".join(sorted(shape.models)) if shape.models else "device(s)"
    share = "" if shape.milli == 1000 else f" × {shape.milli / 1000:g}"
    memory = f" with {shape.memory_mib} MiB each" if shape.memory_mib else ""
    if shape.devices == 0:
        return f"{shape.cpu_milli / 1000:g} CPU(s)"
    return f"{shape.devices}{share} {models}{memory}"


def runs(jobs: list[Running]) -> str:
    """Runs by name."""
    return ", ".join(f"{called(one.job.id)} of {one.job.project}" for one in jobs)


def called(holder: str) -> str:
    """A run by the beginning of its id; a lease without a run, a reservation or a drain by its name."""
    kind, separator, name = holder.partition(":")
    if not separator:
        return f"run {holder[:8]}"
    return f"the drain of {name}" if kind == "drain" else f"{kind} {name}"


def misfit(job: Job, why: Misfit, holders: str) -> Reason:
    """Why a job has no place, from what the cluster says; the largest obstacle first."""
    words = asked(job)
    need = job.shape.devices
    if why.devices_usable < need:
        return reason("W5", asked=words, matching=why.devices_of_model, usable=why.devices_usable)
    free = why.devices_with_memory
    if free < need:
        return reason("W1", asked=words, free=free, holders=holders)
    if why.largest_block < need:
        return reason("W6", asked=words, free=free, most=why.largest_block)
    cpus = f"{job.shape.cpu_milli / 1000:g}"
    return reason("W7", asked=words, cpus=cpus, memory_mib=job.shape.host_memory_mib)
