from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.enforcement.allowance import Machine, joined, limits_of
from resources.gpu.enforcement.model import Limits
from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.model import Attempt, Lease, LeaseState, Origin, Overuse, Owner, RunId, Terms
from resources.gpu.requests.grammar import parse_request

GPUS = tuple(Device(DeviceId(f"cuda:{n}"), "Tesla V100", 16_000, vendor=Vendor.NVIDIA) for n in range(2))
MACHINE = Machine(GPUS, 8000, 32_000)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def lease(run: str, text: str, *devices: str, terms: Terms | None = None, project: str = "vision") -> Lease:
    ids = tuple(DeviceId(one) for one in devices)
    return Lease(
        RunId(run), Attempt(1), ids, parse_request(text), Owner(project, "ann"), Origin.QUEUE, "x",
        LeaseState.CLAIMED, NOW, terms=terms or Terms(),
    )  # fmt: skip


def allowed(*leases: Lease, **overuse: Overuse) -> dict[str, Limits]:
    projects = {name.replace("all", "*"): rule for name, rule in overuse.items()}
    return {str(one.run_id): one for one in limits_of(leases, MACHINE, projects)}


def test_who_has_a_device_alone_may_use_all_of_its_memory() -> None:
    assert allowed(lease("a", "1", "cuda:0"))["a"].device_memory_mib == {"cuda:0": None}


def test_a_fraction_has_the_memory_it_names_else_what_goes_with_its_share() -> None:
    found = allowed(
        lease("a", "10000M,0.25", "cuda:0"), lease("b", "0.5", "cuda:0"), lease("c", "0.5", "cuda:1")
    )
    memory = {run: dict(one.device_memory_mib) for run, one in found.items()}
    assert memory == {"a": {"cuda:0": 10_000}, "b": {"cuda:0": 6000}, "c": {"cuda:1": 8000}}


def test_a_run_may_use_what_its_second_leases_give_it_too() -> None:
    own = Limits(RunId("a"), {GPUS[0].id: 4000}, 2000, 1000)
    second = Limits(RunId("a+1234"), {GPUS[0].id: 1000, GPUS[1].id: None}, 500, None, unreserved=frozenset())
    other = Limits(RunId("ab"), {GPUS[1].id: 500}, 100, 100)
    assert joined([second, other, own]) == [
        replace(
            own, device_memory_mib={GPUS[0].id: 5000, GPUS[1].id: None}, cpu_milli=2500, host_memory_mib=None
        ),
        other,
    ]
    assert joined([second]) == [second]


def test_who_states_cpus_and_memory_has_them_and_the_others_share_the_rest_by_their_devices() -> None:
    stated = Terms(cpu_milli=6000, host_memory_mib=2000)
    found = allowed(lease("a", "1", "cuda:0", terms=stated), lease("b", "0.5", "cuda:1"))
    limits = {run: (one.cpu_milli, one.host_memory_mib) for run, one in found.items()}
    assert limits == {"a": (6000, 2000), "b": (1000, 15_000)}


def test_a_run_alone_on_one_of_two_devices_has_half_of_the_machine() -> None:
    assert allowed(lease("a", "1", "cuda:0"))["a"].cpu_milli == 4000


def test_a_run_without_devices_that_states_nothing_is_not_limited() -> None:
    found = allowed(lease("a", "0"))["a"]
    assert (found.cpu_milli, found.host_memory_mib) == (None, None)


def test_what_a_run_declares_goes_before_its_project_and_that_before_all_others() -> None:
    own = lease("a", "1", "cuda:0", terms=Terms(overuse=Overuse.LEAVE))
    found = allowed(own, lease("b", "1", "cuda:1"), vision=Overuse.EVICT, all=Overuse.RESIZE)
    assert (found["a"].overuse, found["b"].overuse) == (Overuse.LEAVE, Overuse.EVICT)
    assert allowed(replace(own, terms=Terms()), all=Overuse.RESIZE)["a"].overuse is Overuse.RESIZE
    assert allowed(replace(own, terms=Terms()))["a"].overuse is Overuse.LEAVE


PARTS = st.tuples(
    st.integers(1, 500), st.none() | st.integers(1, 5000), st.integers(0, 2500), st.integers(0, 10_000)
)


@given(st.lists(PARTS, max_size=3))
def test_allowances_never_add_up_to_more_than_there_is(parts: list[tuple[int, int | None, int, int]]) -> None:
    leases = []
    for number, (milli, memory_mib, cpu_milli, host_mib) in enumerate(parts):
        text = ("" if memory_mib is None else f"{memory_mib}M,") + f"0.{milli:03d}"
        terms = Terms(cpu_milli=cpu_milli, host_memory_mib=host_mib)
        leases.append(lease(str(number), text, "cuda:0", terms=terms))
    found = limits_of(leases, MACHINE)
    assert sum(one.device_memory_mib[GPUS[0].id] or 0 for one in found) <= 16_000
    assert sum(one.cpu_milli or 0 for one in found) <= 8000
    assert sum(one.host_memory_mib or 0 for one in found) <= 32_000
