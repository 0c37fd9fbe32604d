"""Rows of the ledger as values."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from resources.errors import BadInput
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import (
    NO_TERMS,
    Attempt,
    Held,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    WaitingRequest,
)
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.gpu.terms import terms_from_json
from resources.process import ProcessIdentity

TEXTS_KEPT = 4096


def waiting_of(rows: Iterable[Row[Any]]) -> list[WaitingRequest]:
    """Rows of requests as values."""
    texts = texts_now()
    return [_waiting(row, texts) for row in rows]


def leases_of(rows: Iterable[Row[Any]]) -> list[Lease]:
    """Rows of leases as values."""
    texts = texts_now()
    return [_lease(row, texts) for row in rows]


def held_to_json(held: Held) -> str:
    """What a lease holds, as it is stored: the same amounts give the same text."""
    return json.dumps(dict(held), sort_keys=True)


def held_from_json(text: str) -> Held:
    """What :func:`held_to_json` wrote."""
    return tuple((Resource(kind), int(milli)) for kind, milli in json.loads(text).items())


class Texts:
    """What the texts of requests mean by one table of vendors: many rows have the same text."""

    def __init__(self, vendors: VendorTable) -> None:
        self.vendors = vendors
        self._known: dict[str, GpuRequest] = {}

    def request_of(self, row: Row[Any]) -> GpuRequest:
        """What was parsed at submission; the count and the model where the vendor table has changed since."""
        found = self._known.get(row.text)
        if found is not None:
            return found
        try:
            found = parse_request(row.text, self.vendors)
        except BadInput:
            mode = Mode.WHOLE if row.device_count else Mode.NONE
            return GpuRequest(row.text, row.device_count, row.model, mode=mode)
        if len(self._known) >= TEXTS_KEPT:
            self._known.clear()
        self._known[row.text] = found
        return found


_texts: Texts | None = None


def texts_now() -> Texts:
    """The meaning of texts by the vendors of the home."""
    global _texts  # noqa: PLW0603 - it is kept from one query to the next
    vendors = home_vendors()
    if _texts is None or _texts.vendors is not vendors:
        _texts = Texts(vendors)
    return _texts


def _waiting(row: Row[Any], texts: "Texts") -> WaitingRequest:
    return WaitingRequest(
        run_id=RunId(row.run_id),
        attempt=Attempt(row.attempt),
        request=texts.request_of(row),
        owner=Owner(row.project, row.user),
        origin=Origin(row.origin),
        instance=row.instance,
        submitted_at=row.submitted_at,
        rule=row.rule,
        reason=row.reason,
        holder=_process(row.holder_pid, row.holder_started_at),
        queued_at=row.queued_at,
        expected_at=row.expected_at,
        why=None if row.reason_values is None else Reason.from_json(row.reason_values),
        **_history(row),
    )


def _lease(row: Row[Any], texts: "Texts") -> Lease:
    return Lease(
        run_id=RunId(row.run_id),
        attempt=Attempt(row.attempt),
        devices=tuple(DeviceId(device) for device in row.devices.split(",") if device),
        request=texts.request_of(row),
        owner=Owner(row.project, row.user),
        origin=Origin(row.origin),
        instance=row.instance,
        state=LeaseState(row.state),
        granted_at=row.granted_at,
        claimed_at=row.claimed_at,
        claimer=_process(row.claimer_pid, row.claimer_started_at),
        holder=_process(row.holder_pid, row.holder_started_at),
        released_at=row.released_at,
        release_reason=row.release_reason,
        submitted_at=row.submitted_at,
        stop_for=None if row.stop_for is None else RunId(row.stop_for),
        stop_reason=row.stop_reason,
        stop_asked_at=row.stop_asked_at,
        expires_at=row.expires_at,
        heartbeat_at=row.heartbeat_at,
        held=held_from_json(row.held),
        **_history(row),
    )


def _history(row: Row[Any]) -> dict[str, Any]:
    return {
        "terms": NO_TERMS if row.terms == "{}" else terms_from_json(row.terms),
        "attained_gpu_s": row.attained_gpu_s,
        "evictions": row.evictions,
        "evicted_at": row.evicted_at,
        "made_room_for": tuple(RunId(one) for one in row.made_room_for.split(",") if one),
        "batch": row.batch,
    }


def _process(pid: int | None, started_at: float | None) -> ProcessIdentity | None:
    return None if pid is None or started_at is None else ProcessIdentity(pid, started_at)
