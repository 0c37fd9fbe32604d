"""A declared cluster beside this machine: what runs may have, and what leases without a run may."""

from datetime import timedelta
from pathlib import Path

import pytest

from resources.database.engine import Database
from resources.errors import Unavailable
from resources.gpu import device_store
from resources.gpu.duties.simulation import Outcome
from resources.gpu.inventory.discover import known_inventory
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import TIME_OVER, Lease, RunId, Terms
from resources.gpu.placement.model import Span
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota_model import QuotaRow, QuotaRows, project
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.service import GpuService
from tests.resources.gpu.duties.clock import ANN, ME, VISION, Clock, end, submit, told

CLUSTER = """
nodes:
  - name: gpu-[1-3]
    cpus: 96
    memory: 768GiB
    labels: {rack: a1}
    devices:
      - {model: NVIDIA H100 80GB HBM3, memory: 81559MiB, count: 8, islands: 2}
"""
HERE = ["cpu:0", "cpu:1"]
ON_ONE_ONLY = "Such devices are declared on gpu-1, gpu-2, gpu-3, and runs are started on this machine only"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(any_database: Database, clock: Clock, trainplat_home: Path) -> GpuService:
    """The arbiter as it is, on a machine with two CPU slots that has declared three nodes of eight GPUs."""
    trainplat_home.mkdir(exist_ok=True)
    (trainplat_home / "inventory.yaml").write_text(CLUSTER)
    return GpuService(any_database, clock=clock)


def allocate(service: GpuService, name: str, text: str, terms: Terms | None = None) -> Lease | None:
    asked = service.allocate(
        name, text, for_s=3600, owner=VISION, actor=ANN, holder=ME, terms=terms or Terms()
    )
    service.decide_now(ANN)
    return service.claim(asked.run_id, ME)


def test_every_declared_node_is_seen_beside_this_machine(service: GpuService) -> None:
    status = service.status()
    assert [node.id for node in status.inventory.nodes] == ["local", "gpu-1", "gpu-2", "gpu-3"]
    assert len(status.devices) == 2 + 24
    assert len(status.declared) == 24
    assert [device.id for device in service.devices()] == HERE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3", "asks for 3 devices; this machine has 2: cpu:0 (CPU slot), cpu:1 (CPU slot)"),
        ("1(H100)", "names the model H100, which this machine does not have"),
        ("16(H100)", "names the model H100, which this machine does not have"),
        ("0.5(H100)", "names the model H100, which this machine does not have"),
    ],
)
def test_a_run_that_needs_devices_of_other_machines_is_refused_with_who_has_them(
    service: GpuService, text: str, said: str
) -> None:
    with pytest.raises(ImpossibleGpuRequest) as raised:
        submit(service, "run", text, Terms(span=Span.NODES))
    assert said in raised.value.problem
    assert ON_ONE_ONLY in raised.value.problem
    assert f"trainplat gpu allocate NAME '{text}'" in raised.value.next_step
    assert service.waiting() == []


def test_what_no_machine_has_is_refused_without_naming_one(service: GpuService) -> None:
    with pytest.raises(ImpossibleGpuRequest) as raised:
        submit(service, "run", "1(V100)")
    assert "declared" not in raised.value.problem
    with pytest.raises(ImpossibleGpuRequest, match="which the cluster does not have; it has cpu:0"):
        allocate(service, "probe", "1(V100)")


def test_runs_get_devices_of_this_machine_only_and_wait_for_them_while_others_are_free(
    service: GpuService,
) -> None:
    for number in range(3):
        submit(service, f"run-{number}")
    assert told(service.decide_now(ANN)) == {"run-0": "A2", "run-1": "A2", "run-2": "W9"}
    assert sorted(device for lease in service.live_leases() for device in lease.devices) == HERE
    waiting = service.newest_request(RunId("run-2"))
    assert waiting is not None
    assert (waiting.reason or "").startswith("Waits for 1 device(s) on this machine, 0 free: node gpu-")
    end(service, "run-0")
    assert told(service.decide_now(ANN)) == {"run-2": "A2"}


def test_a_run_that_takes_any_device_has_a_slot_of_this_machine_whatever_others_have(
    service: GpuService, trainplat_home: Path
) -> None:
    card = "{model: AMD Instinct MI210, vendor: amd}"
    (trainplat_home / "inventory.yaml").write_text(
        f"{CLUSTER}  - {{name: amd-1, cpus: 8, memory: 64GiB, devices: [{card}]}}\n"
    )
    # What others may not have of it takes nothing away here.
    service.set_quotas(QuotaRows((), (QuotaRow(project("vision"), Resource("H100"), nominal=0),)), ANN)
    submit(service, "first")
    submit(service, "second", "2")
    assert told(service.decide_now(ANN)) == {"first": "A2", "second": "W9"}
    assert [one.devices for one in service.live_leases()] == [("cpu:0",)]
    assert service.simulate("1", owner=VISION).devices == ("cpu:1",)


def test_who_waits_where_nobody_has_room_is_told_of_those_here(service: GpuService) -> None:
    assert allocate(service, "all", "24(H100)", Terms(span=Span.NODES)) is not None
    submit(service, "here", "2")
    submit(service, "waits")
    service.decide_now(ANN)
    waiting = service.newest_request(RunId("waits"))
    assert waiting is not None
    assert waiting.reason == "Waits for 1 device(s), 0 free; in use by run here of vision (cpu:0, cpu:1)."


def test_a_lease_without_a_run_may_have_what_is_declared_and_ends_at_its_time(
    service: GpuService, clock: Clock
) -> None:
    lease = allocate(service, "probe", "4(H100)")
    assert lease is not None
    (place,) = service.places_of(lease.devices)
    assert place.node.id.startswith("gpu-")
    assert place.index in {1, 2, 3}
    assert len(place.indexes) == 4
    assert {one.island for one in place.node.devices if one.id in lease.devices} in ({0}, {1})
    clock.forward(3600)
    service.decide_now(ANN)
    assert service.status().past[0].release_reason == TIME_OVER


def test_a_lease_without_a_run_is_on_this_machine_where_it_can_be(service: GpuService) -> None:
    first, second = allocate(service, "first", "2"), allocate(service, "second", "2")
    assert first is not None
    assert list(first.devices) == HERE
    assert second is not None
    assert service.places_of(second.devices)[0].node.takes_runs is False


def test_cpus_without_a_device_are_those_of_this_machine(service: GpuService) -> None:
    here = service.status().inventory.nodes[0].cpu_milli
    with pytest.raises(ImpossibleGpuRequest, match="the most that one machine has"):
        allocate(service, "all", "0", Terms(cpu_milli=here + 1))
    assert allocate(service, "half", "0", Terms(cpu_milli=here)) is not None
    submit(service, "run", "0", Terms(cpu_milli=1))
    assert told(service.decide_now(ANN)) == {"run": "W7"}, "what the lease has is counted on this machine"


def test_a_simulation_says_where_a_lease_would_be_and_that_no_run_can_be_started_there(
    service: GpuService,
) -> None:
    found = service.simulate("8(H100)", owner=VISION)
    assert (found.outcome, found.for_run) == (Outcome.GRANTED, False)
    (place,) = found.places
    assert (place.index, place.indexes) == (int(place.node.id[-1]), tuple(range(8)))
    here = service.simulate("1", owner=VISION)
    assert (here.devices, here.for_run) == (("cpu:0",), True)
    with pytest.raises(ImpossibleGpuRequest):
        service.simulate("9(H100)", owner=VISION)


def test_a_simulated_run_waits_for_this_machine_as_a_real_one_does(service: GpuService, clock: Clock) -> None:
    submit(service, "run", "2", Terms(max_runtime_s=60))
    service.decide_now(ANN)
    found = service.simulate("1", owner=VISION)
    assert (found.outcome, found.why.rule, found.for_run) == (Outcome.WAITS, "W9", True)
    assert found.expected_at == clock.now + timedelta(seconds=60)


def test_declared_devices_can_be_set_aside_but_those_here_first(service: GpuService, clock: Clock) -> None:
    def reserve(name: str, text: str) -> tuple[str, ...]:
        starts_at = clock.now + timedelta(hours=1)
        made = service.reserve(name, text, project="vision", starts_at=starts_at, for_s=60, actor=ANN)
        return made.devices

    assert list(reserve("any", "2")) == HERE
    assert all(device.startswith("gpu-") for device in reserve("cards", "8(H100)"))
    clock.forward(3610)
    submit(service, "run", "2")
    assert told(service.decide_now(ANN)) == {"run": "A5"}


def test_quotas_count_what_is_declared(service: GpuService) -> None:
    service.set_quotas(QuotaRows((), (QuotaRow(project("vision"), Resource("H100"), nominal=4000),)), ANN)
    assert allocate(service, "first", "4(H100)") is not None
    asked = service.allocate("second", "1(H100)", for_s=60, owner=VISION, actor=ANN, holder=ME)
    assert told(service.decide_now(ANN))[asked.run_id] in {"Q4", "Q5"}


def test_a_declared_node_is_drained_by_its_name_and_this_machine_by_its_own(
    service: GpuService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for node in ("gpu-1", "gpu-2"):
        service.drain(node, actor=ANN)
    lease = allocate(service, "probe", "8(H100)")
    assert lease is not None
    assert service.places_of(lease.devices)[0].node.id == "gpu-3"
    monkeypatch.setattr("socket.gethostname", lambda: "gpu-1.example.org")
    assert service.drain("gpu-1.example.org", actor=ANN).target == "local"
    service.undrain("gpu-1", ANN)
    assert "local" not in {one.target for one in service.drains()}


def test_nobody_looks_at_declared_devices(service: GpuService, any_database: Database) -> None:
    lease = allocate(service, "probe", "1(H100)", Terms(cpu_milli=50_000))
    assert lease is not None
    assert service.tend_devices(ANN) == []
    with any_database.read() as connection:
        assert device_store.read(connection) == ()
    assert service.watched() == ()
    assert service.fractions() == 0


def test_a_node_that_is_declared_no_more_leaves_its_lease_alone(
    service: GpuService, trainplat_home: Path
) -> None:
    lease = allocate(service, "probe", "8(H100)")
    assert lease is not None
    (trainplat_home / "inventory.yaml").unlink()
    assert service.tend_devices(ANN) == []
    assert [one.devices for one in service.live_leases()] == [lease.devices]
    assert service.places_of(lease.devices) == ()
    submit(service, "run")
    assert told(service.decide_now(ANN)) == {"run": "A2"}
    assert service.give_back("probe", ANN, user="ann").is_over


def test_a_pass_asks_for_what_there_is_as_often_as_without_a_declared_cluster(
    service: GpuService, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def look() -> Inventory:
        looks.append(1)
        return known_inventory()

    monkeypatch.setattr(service, "_look", look)
    submit(service, "run", "2")
    submit(service, "waits")
    looks.clear()
    service.decide_now(ANN)
    assert len(looks) == 1
    again = service.status().inventory
    assert service.status().inventory is again


def test_a_file_that_cannot_be_read_stops_the_giving_out_and_refuses_nobody(
    service: GpuService, trainplat_home: Path
) -> None:
    submit(service, "run")
    (trainplat_home / "inventory.yaml").write_text("nodes: [")
    with pytest.raises(Unavailable, match=r"inventory.yaml:1: this is not YAML that can be used"):
        submit(service, "other")
    with pytest.raises(Unavailable):
        service.decide_now(ANN)
    assert service.tend_devices(ANN) == []
    assert [one.run_id for one in service.waiting()] == ["run"]
    (trainplat_home / "inventory.yaml").write_text(CLUSTER)
    assert told(service.decide_now(ANN)) == {"run": "A2"}


def test_a_run_that_asks_for_labels_of_declared_nodes_is_told_how_to_have_them(service: GpuService) -> None:
    with pytest.raises(ImpossibleGpuRequest) as raised:
        submit(service, "run", "1", Terms(nodes=(("rack", "a1"),)))
    assert raised.value.problem == (
        "only declared nodes are rack=a1, and runs are started on this machine only"
    )
    assert "trainplat gpu allocate NAME '1' --nodes rack=a1" in raised.value.next_step
    lease = allocate(service, "probe", "1", Terms(nodes=(("node", "gpu-2"),)))
    assert lease is not None
    assert lease.devices[0].startswith("gpu-2/")
    found = service.simulate("8(H100)", owner=VISION, terms=Terms(nodes=(("node", "gpu-2"),)))
    assert found.outcome is Outcome.WAITS
    elsewhere = service.simulate("8(H100)", owner=VISION, terms=Terms(nodes=(("node", "gpu-3"),)))
    assert {one[:6] for one in elsewhere.devices} == {"gpu-3/"}
