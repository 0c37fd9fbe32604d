"""Where a reservation can lie, and when. Pure.

Two reservations never hold the same part of a device at the same time. A lease that cannot be stopped and has
declared an end after the start of the reservation will still be there, so it counts the same; one that has
declared no end is kept clear of where that is possible. What can be stopped makes room when the time comes
(rule P4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from resources.gpu.inventory.model import DeviceId, Inventory
from resources.gpu.model import Drained, Lease, Reserved, Terms
from resources.gpu.policy.model import Settings
from resources.gpu.policy.overlay import Overlay
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.model import GpuRequest
from resources.gpu.snapshot import Known, Snapshot


@dataclass(frozen=True)
class World:
    """What is known of devices and of those who have them, or will."""

    inventory: Inventory
    leases: Sequence[Lease]
    """Also those to come for whom others make room."""
    reservations: Sequence[Reserved]
    drains: Sequence[Drained] = ()


def find_devices(
    world: World, request: GpuRequest, terms: Terms, starts_at: datetime, ends_at: datetime
) -> tuple[DeviceId, ...] | None:
    """Devices that can be set aside from ``starts_at`` to ``ends_at``; None where nothing is left."""
    staying = [lease for lease in world.leases if _may_stay(lease, starts_at)]
    sure = [lease for lease in staying if declared_end(lease) is not None]
    return _find(world, staying, request, terms, starts_at, ends_at) or _find(
        world, sure, request, terms, starts_at, ends_at
    )


def nearest_start(
    world: World, request: GpuRequest, terms: Terms, starts_at: datetime, length: timedelta
) -> datetime | None:
    """The first moment after ``starts_at`` from which it can be reserved; None where there is none.

    Room grows only when a reservation or a lease ends, so only their ends are tried.
    """
    ends = {one.ends_at for one in world.reservations}
    ends |= {end for lease in world.leases if (end := declared_end(lease)) is not None}
    for moment in sorted(one for one in ends if one > starts_at):
        if find_devices(world, request, terms, moment, moment + length) is not None:
            return moment
    return None


def clashes(
    world: World, request: GpuRequest, starts_at: datetime, ends_at: datetime
) -> tuple[Reserved | Lease, ...]:
    """Who holds devices of the kind asked for in that time, the first to end first."""
    kind = {device.id for device in world.inventory.devices if request.matches(device)}
    found: list[tuple[datetime, Reserved | Lease]] = [
        (one.ends_at, one)
        for one in world.reservations
        if one.overlaps(starts_at, ends_at) and kind.intersection(one.devices)
    ]
    for lease in world.leases:
        end = declared_end(lease)
        if end is not None and _may_stay(lease, starts_at) and kind.intersection(lease.devices):
            found.append((end, lease))
    return tuple(one for _end, one in sorted(found, key=lambda pair: pair[0]))


def declared_end(lease: Lease) -> datetime | None:
    """When a lease ends by its own word."""
    seconds = lease.terms.max_runtime_s
    return None if seconds is None else lease.granted_at + timedelta(seconds=seconds)


def _may_stay(lease: Lease, until: datetime) -> bool:
    end = declared_end(lease)
    return not lease.terms.preemptible and (end is None or end > until)


def _find(
    world: World,
    leases: Sequence[Lease],
    request: GpuRequest,
    terms: Terms,
    starts_at: datetime,
    ends_at: datetime,
) -> tuple[DeviceId, ...] | None:
    known = Known(leases, (), reservations=world.reservations, drains=world.drains)
    snapshot = Snapshot(world.inventory, known, QuotaTree(), Settings())
    cluster = snapshot.state.cluster
    overlay = Overlay(cluster)
    for one in snapshot.state.reservations.values():
        if one.starts_at_s < ends_at.timestamp() and starts_at.timestamp() < one.ends_at_s:
            overlay.block(one.holder, one.shape, one.placement)
    shape = snapshot.shapes.shape_of(request, terms)
    wanted = set(terms.nodes)
    suits = [wanted <= node.every_label.items() for node in world.inventory.nodes]
    # Where runs can use it, if there is room.
    here = [fit and node.takes_runs for fit, node in zip(suits, world.inventory.nodes, strict=True)]
    found = cluster.find(shape, terms.span, allowed=here) or cluster.find(shape, terms.span, allowed=suits)
    return None if found is None else snapshot.devices_of(found)
