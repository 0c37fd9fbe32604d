"""What the service does about overuse, on either database."""

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.model import Lease, Origin, Overuse, Owner, RunId, Terms
from resources.gpu.policy.quota_file import read_quotas
from resources.gpu.policy.reason import Reason
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor

ANN, ME = Actor("user:ann"), ProcessIdentity.current()
V100 = Device(DeviceId("cuda:0"), "Tesla V100", 16_384, vendor=Vendor.NVIDIA, compute_capability=(7, 0))
P100 = Device(DeviceId("cuda:1"), "Tesla P100", 16_384, vendor=Vendor.NVIDIA, compute_capability=(6, 0))
NODE = Inventory((Node(NodeId("local"), 4000, 8192, (V100, P100)),))


@pytest.fixture
def service(any_database: Database) -> GpuService:
    return GpuService(any_database, inventory=lambda: NODE)


def runs(service: GpuService, run: str, text: str, terms: Terms | None = None) -> None:
    service.submit(
        RunId(run), text, owner=Owner("vision", "ann"), origin=Origin.DIRECT, instance="x", actor=ANN,
        holder=ME, terms=terms or Terms(),
    )  # fmt: skip
    service.decide_now(ANN)
    assert service.claim(RunId(run), ME)


def uses(rule: str, **values: str | int) -> Finding:
    return Finding(Reason(rule, "too much", values), Action.RESIZE, RunId("a"), DeviceId("cuda:0"))


def lease(service: GpuService) -> Lease:
    found = service.newest_lease(RunId("a"))
    assert found is not None
    return found


def test_a_lease_grows_to_what_is_used_where_there_is_room(service: GpuService) -> None:
    runs(service, "a", "4G,0.25(V100)", Terms(cpu_milli=1000, host_memory_mib=1024))
    runs(service, "b", "8G,0.5(V100)", Terms(cpu_milli=1000, host_memory_mib=1024))
    for finding in (uses("U3", used_milli=2950), uses("U4", used_mib=7000), uses("U2", used_mib=8000)):
        assert service.has_room(finding)
        assert service.resize(finding, ANN)
    grown = lease(service)
    assert (grown.terms.cpu_milli, grown.terms.host_memory_mib, grown.request.memory_mib) == (
        3000,
        7168,
        8192,
    )
    for finding in (uses("U3", used_milli=3100), uses("U4", used_mib=7300), uses("U2", used_mib=8300)):
        assert not service.has_room(finding)
        assert not service.resize(finding, ANN)
    assert lease(service) == grown
    assert [one.kind for one in service.decisions_of(RunId("a"))] == ["grant", "resize", "resize", "resize"]


def test_what_a_lease_has_grown_to_is_not_given_to_others(service: GpuService) -> None:
    runs(service, "a", "1(P100)")
    service.resize(uses("U3", used_milli=3500), ANN)
    service.submit(
        RunId("c"), "1(V100)", owner=Owner("vision", "ann"), origin=Origin.QUEUE, instance="x", actor=ANN,
        terms=Terms(cpu_milli=1000),
    )  # fmt: skip
    assert [one.rule for one in service.decide_now(ANN)] == ["W7"]


def test_a_lease_does_not_grow_above_its_quota(service: GpuService) -> None:
    rows = read_quotas("projects: {vision: {quotas: {cpus: {nominal: 2}}}}", "x")
    service.set_quotas(rows, ANN)
    runs(service, "a", "1(P100)", Terms(cpu_milli=1000))
    assert not service.resize(uses("U3", used_milli=2100), ANN)
    assert service.resize(uses("U3", used_milli=2000), ANN)


def test_a_whole_device_is_no_matter_of_more_memory(service: GpuService) -> None:
    runs(service, "a", "1(P100)")
    assert not service.has_room(uses("U2", used_mib=9000))
    assert not service.has_room(uses("U5", used_mib=9000))


def test_who_is_evicted_is_told_to_stop_once_with_the_rule_in_the_record(
    service: GpuService, any_database: Database
) -> None:
    runs(service, "a", "1(P100)")
    assert service.evict(uses("U3", used_milli=3000), ANN)
    assert not service.evict(uses("U4", used_mib=3000), ANN)
    assert not service.has_room(uses("U3", used_milli=3000))
    assert (lease(service).stop_for, lease(service).stop_reason) == ("overuse:U3", "U3: too much")
    last = service.decisions_of(RunId("a"))[-1]
    assert (last.kind, last.for_run, last.why.rule) == ("stop", "overuse:U3", "U3")
    assert recent(any_database, 1)[0].action == "gpu.evict"


def test_nobody_is_evicted_who_holds_nothing(service: GpuService) -> None:
    assert not service.evict(uses("U3", used_milli=3000), ANN)
    service.note_overuse(uses("U3", used_milli=3000))
    assert service.decisions_of(RunId("a")) == []


def test_fractions_are_counted_that_mps_may_limit(service: GpuService) -> None:
    runs(service, "a", "0.25(V100)")
    runs(service, "b", "0.25(P100)")
    assert service.fractions() == 1
    ill = Device(V100.id, None, None, vendor=Vendor.NVIDIA, fault="It has fallen off the bus.")
    service._look = lambda: one_node((ill, P100))
    assert service.fractions() == 1


def test_the_watched_are_those_that_have_a_process(
    service: GpuService, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(service, "a", "0.25(V100)")
    service.submit(
        RunId("b"), "1(P100)", owner=Owner("vision", "ann"), origin=Origin.QUEUE, instance="x", actor=ANN
    )
    service.decide_now(ANN)
    monkeypatch.setenv("TRAINPLAT_OVERUSE", "*=evict")
    (only,) = service.watched()
    assert (only.limits.run_id, only.holder.leader, only.limits.overuse) == ("a", ME, Overuse.EVICT)
    assert only.limits.device_memory_mib == {"cuda:0": 4096}
