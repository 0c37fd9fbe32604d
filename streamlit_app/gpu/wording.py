"""Requests, devices and what keeps runs apart, as a person says them, in the reader's language."""

from resources.gpu.enforcement.isolation import Level
from resources.gpu.inventory.model import Device, DeviceReading
from resources.gpu.manual.naming import name_of
from resources.gpu.model import OVERUSE, Lease, RunId, Terms
from resources.gpu.requests.model import WHOLE_MILLI, GpuRequest, Mode
from resources.texts import Plural, Translate, mark
from streamlit_app import wording
from streamlit_app.readings.cluster import Use

MIB_PER_GIB = 1024
SHORT = 8
"""Of a run's id, as much as tells runs apart."""

USES = {
    Use.FREE: mark("free"),
    Use.PART: mark("partly in use"),
    Use.FULL: mark("in use"),
    Use.DRAINED: mark("drained"),
    Use.ILL: mark("out of order"),
}
LEVELS = {
    Level.ALONE: mark("alone on it"),
    Level.ISOLATED: mark("isolated by the hardware"),
    Level.LIMITED: mark("kept apart by limits"),
    Level.COOPERATIVE: mark("cooperative: only watched"),
}


WHOMS = {
    "run": mark("run {name}"),
    "lease": mark("lease {name}"),
    "reservation": mark("reservation {name}"),
    "drain": mark("the drain of {name}"),
    "device": mark("{name}, which is out of order"),
}
"""For whom, or for what, something makes room."""
STOPS = {
    "lease": mark("makes room for lease {name}"),
    "reservation": mark("makes room for reservation {name}"),
    "drain": mark("makes room because {name} is drained"),
    "device": mark("stops because {name} is out of order"),
}


def called(run_id: RunId) -> str:
    """A run by the beginning of its id; a lease without a run by its name."""
    return name_of(run_id) or run_id[:SHORT]


def whom_in_words(whom: RunId, _: Translate) -> str:
    """For whom, or for what, something makes room."""
    kind, separator, name = whom.partition(":")
    if not separator:
        kind, name = "run", called(whom)
    return _(WHOMS[kind]).format(name=name) if kind in WHOMS else whom


def stop_in_words(lease: Lease, _: Translate) -> str:
    """Why a lease that is asked to end is; empty where it is not."""
    if lease.stop_for is None:
        return ""
    if lease.stop_for.startswith(OVERUSE):
        return _("is stopped: {reason}").format(reason=lease.stop_reason)
    kind, separator, name = lease.stop_for.partition(":")
    if not separator:
        return _("makes room for run {run}").format(run=called(lease.stop_for))
    return _(STOPS[kind]).format(name=name) if kind in STOPS else lease.stop_for


def request_in_words(request: GpuRequest, _: Translate, ngettext: Plural) -> str:
    """What a request string was understood as."""
    parts = [_amount(request, _, ngettext)]
    if request.mode is Mode.FRACTION and request.model is not None:
        parts.append(request.model)
    if request.memory_mib is not None:
        parts.append(_("{gib} GiB each").format(gib=f"{request.memory_mib / MIB_PER_GIB:g}"))
    return _(", ").join(parts)


def apart_in_words(request: GpuRequest, _: Translate) -> str:
    """What a fraction may expect of its neighbours, before it is known where it will stand."""
    if request.mode is Mode.FRACTION and request.memory_mib is None:
        return _("Names no memory: its memory is only watched. Name it, as in 8G,0.5, to have it kept apart.")
    if request.mode is Mode.FRACTION:
        return _("Kept apart by limits where MPS can set them; else only watched.")
    if request.mode is Mode.SHARED:
        return _("Shared use reserves nothing.")
    return ""


def terms_in_words(terms: Terms, _: Translate) -> list[str]:
    """What a run says besides its devices; what is usual is not said."""
    said = []
    if terms.priority:
        said.append(_("priority {priority}").format(priority=terms.priority))
    if terms.preemptible:
        said.append(_("makes room for others"))
    if terms.max_runtime_s is not None:
        longest = wording.duration(terms.max_runtime_s, _)
        said.append(_("at most {duration}").format(duration=longest))
    if terms.cpu_milli:
        said.append(_("{count} CPU(s)").format(count=f"{terms.cpu_milli / 1000:g}"))
    if terms.host_memory_mib:
        said.append(_("{gib} GiB of main memory").format(gib=f"{terms.host_memory_mib / MIB_PER_GIB:g}"))
    return said


def kind(device: Device, _: Translate) -> str:
    """What a device is."""
    if device.is_cpu_slot:
        return _("CPU slot")
    name = device.model or _("unknown")
    if device.mig_profile:
        name += f" MIG {device.mig_profile}"
    return name if device.memory_mib is None else f"{name} · {device.memory_mib / MIB_PER_GIB:.0f} GiB"


def share(milli: int) -> str:
    """A part of a device as a number, such as 0.5."""
    return f"{milli / WHOLE_MILLI:g}"


def reading_in_words(seen: DeviceReading, _: Translate) -> list[str]:
    """What a look at a device told."""
    said = []
    if seen.utilisation_pct is not None:
        said.append(_("utilisation {percent} %").format(percent=f"{seen.utilisation_pct:.0f}"))
    if seen.memory_used_mib is not None:
        said.append(memory(seen, _))
    return said + warmth(seen)


def warmth(seen: DeviceReading) -> list[str]:
    """How warm a device is, and what it draws."""
    said = [] if seen.temperature_c is None else [f"{seen.temperature_c:.0f} °C"]
    return said if seen.power_w is None else [*said, f"{seen.power_w:.0f} W"]


def memory(seen: DeviceReading, _: Translate) -> str:
    """How much memory of a device is in use."""
    used = f"{(seen.memory_used_mib or 0) / MIB_PER_GIB:.1f}"
    if seen.memory_total_mib is None:
        return _("{used} GiB in use").format(used=used)
    total = f"{seen.memory_total_mib / MIB_PER_GIB:.0f}"
    return _("{used} of {total} GiB").format(used=used, total=total)


def _amount(request: GpuRequest, _: Translate, ngettext: Plural) -> str:
    if request.mode is Mode.NONE:
        return _("no device")
    if request.mode is Mode.SHARED:
        return _("shared use of a device")
    if request.mode is Mode.FRACTION:
        return _("{share} of one device").format(share=share(request.milli))
    if request.partition is not None:
        return ngettext(
            "{count} MIG partition {profile}", "{count} MIG partitions {profile}", request.count
        ).format(count=request.count, profile=request.partition)
    if request.model is None:
        return ngettext("{count} device of any kind", "{count} devices of any kind", request.count).format(
            count=request.count
        )
    return ngettext("{count} device, {model}", "{count} devices, {model}", request.count).format(
        count=request.count, model=request.model
    )
