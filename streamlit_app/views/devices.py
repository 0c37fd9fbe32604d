"""GPUs and queue: who has which device, who waits and why, and who had them before."""

import streamlit as st

from resources.gpu.inventory.model import Device
from resources.gpu.model import Lease, WaitingRequest
from resources.gpu.requests.model import GpuRequest
from resources.texts import Plural, Translate
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.devices import Devices, lease_seconds, read_devices
from streamlit_app.readings.source import open_home

_MIB_PER_GIB = 1024


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "devices")


@frame.cached
def _read(_place: str) -> Devices:
    return read_devices(*open_home())


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("GPUs and queue"))
    with frame.guarded(reader):
        devices = _read(frame.place())
        frame.refreshed(note, reader, devices.read_at)
        _numbers(reader, devices)
        st.subheader(_("Devices"), anchor=False)
        st.html(pieces.cards([_device_card(reader, devices, one) for one in devices.status.devices]))
        st.subheader(_("Queue"), anchor=False)
        _queue(reader, devices)
        st.subheader(_("Past leases"), anchor=False)
        _past(reader, devices)


def _numbers(reader: Reader, devices: Devices) -> None:
    _ = reader.translate
    held = {device for lease in devices.status.leases for device in lease.devices}
    total = len(devices.status.devices)
    waiting = devices.status.waiting
    longest = max(((devices.read_at - one.submitted_at).total_seconds() for one in waiting), default=None)
    numbers = {
        _("In use"): _("{used} of {total}").format(used=len(held), total=total),
        _("Free"): f"{max(total - len(held), 0):,}",
        _("Waiting"): f"{len(waiting):,}",
        _("Longest wait"): "–" if longest is None else wording.duration(longest, _),
    }
    grid = st.grid(len(numbers))
    for name, value in numbers.items():
        grid.metric(name, value, border=True, height="stretch")


def _device_card(reader: Reader, devices: Devices, device: Device) -> str:
    _ = reader.translate
    lease = devices.lease_on(device)
    rows = [(_("Kind"), _kind(device, _))]
    if lease is None:
        pill = pieces.pill(_("free"), colours.DONE)
        return pieces.card(device.id, pill, colours.DONE, rows, busy=False)
    tone = colours.of_owner(lease.owner.project)
    held = wording.duration(lease_seconds(lease, devices.read_at), _)
    rows += [
        (_("Owner"), pieces.text(f"{lease.owner.project} · {lease.owner.user}")),
        (_("Run"), _run(devices, lease.run_id, lease.attempt)),
        (_("Request"), pieces.code(lease.request.text)),
        (_("Held for"), pieces.moment(held, reader.stamp(lease.granted_at))),
    ]
    return pieces.card(device.id, pieces.pill(_("in use"), tone), tone, rows, busy=True)


def _queue(reader: Reader, devices: Devices) -> None:
    _, ngettext = reader.translate, reader.plural
    if not devices.status.waiting:
        st.caption(_("Nobody waits. A run that asks for devices while all are in use appears here."))
        return
    heads = ["", _("Run"), _("Owner"), _("Request"), _("Means"), _("Waiting"), _("Waiting because")]
    rows = [
        [
            str(place),
            _run(devices, one.run_id, one.attempt),
            pieces.text(f"{one.owner.project} · {one.owner.user}"),
            pieces.code(one.request.text),
            pieces.text(request_in_words(one.request, _, ngettext)),
            pieces.moment(_waited(devices, one, _), reader.stamp(one.submitted_at)),
            _waiting_because(one, _),
        ]
        for place, one in enumerate(devices.status.waiting, start=1)
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({0})))


def _past(reader: Reader, devices: Devices) -> None:
    _ = reader.translate
    if not devices.status.past:
        st.caption(_("No lease has ended yet."))
        return
    heads = [_("Run"), _("Owner"), _("Devices"), _("Request"), _("Held for"), _("Given back"), _("Because")]
    rows = [
        [
            _run(devices, one.run_id, one.attempt),
            pieces.text(f"{one.owner.project} · {one.owner.user}"),
            pieces.text(", ".join(one.devices) or "–"),
            pieces.code(one.request.text),
            pieces.text(wording.duration(lease_seconds(one, devices.read_at), _)),
            _given_back(reader, devices, one),
            pieces.text(reasons.of_release(one.release_reason, _) if one.release_reason else "–"),
        ]
        for one in devices.status.past
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({4})))
    st.download_button(
        _("Download as CSV"),
        devices.past_as_csv(),
        file_name="leases.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def request_in_words(request: GpuRequest, _: Translate, ngettext: Plural) -> str:
    """What a request string was understood as."""
    if request.count == 0:
        return _("no device")
    if request.model is None:
        return ngettext("{count} device of any kind", "{count} devices of any kind", request.count).format(
            count=request.count
        )
    return ngettext("{count} device, {model}", "{count} devices, {model}", request.count).format(
        count=request.count, model=request.model
    )


def _kind(device: Device, _: Translate) -> str:
    if device.is_cpu_slot:
        return pieces.text(_("CPU slot"))
    memory = "" if device.memory_mib is None else f" · {device.memory_mib / _MIB_PER_GIB:.0f} GiB"
    return pieces.text(f"{device.model}{memory}")


def _run(devices: Devices, run_id: str, attempt: int) -> str:
    address = devices.run_link(run_id)
    short = pieces.code(run_id[:8]) if address is None else pieces.link(run_id[:8], address)
    return short if attempt == 1 else f"{short} · {attempt}"


def _waiting_because(one: WaitingRequest, _: Translate) -> str:
    if one.reason is None:
        return pieces.text(_("The arbiter has not looked at it yet."))
    meaning = reasons.of_rule(one.rule, _)
    kept = pieces.kept(one.reason)
    return kept if meaning is None else pieces.text(meaning) + kept


def _waited(devices: Devices, one: WaitingRequest, _: Translate) -> str:
    return wording.duration((devices.read_at - one.submitted_at).total_seconds(), _)


def _given_back(reader: Reader, devices: Devices, lease: Lease) -> str:
    if lease.released_at is None:
        return "–"
    words = wording.ago(lease.released_at, devices.read_at, reader.translate)
    return pieces.moment(words, reader.stamp(lease.released_at))


if __name__ == "__main__":
    page()
