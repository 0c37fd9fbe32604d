"""Small states for tests of the policy: a few nodes, jobs with short names, decisions as short texts."""

from resources.gpu.model import Owner
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Placement, Shape, Slot, Span
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.decide import decide
from resources.gpu.policy.model import Decision, Grant, Job, JobId, Move, Preempt, Running, Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.state import State

NOW_S = 1_000_000.0
LONG_AGO_S = NOW_S - 100_000


def state(
    *cards: int, model: str = "V100", quotas: QuotaRows | None = None, settings: Settings | None = None
) -> State:
    """A state of one node for each number of cards."""
    nodes = [
        NodeSpec(f"n{number}", 64_000, 256_000, tuple(DeviceSpec(model, 16_384, 0) for _ in range(count)))
        for number, count in enumerate(cards)
    ]
    capacity = {ANY_DEVICE: sum(cards) * 1000}
    return State(Cluster(nodes), QuotaTree(quotas), capacity, settings=settings or Settings())


def owed(**nominals: int) -> QuotaRows:
    """Projects of one cohort, each owed so many whole devices."""
    return QuotaRows(
        (Membership(cohort("all")), *(Membership(project(name), "all") for name in nominals)),
        tuple(QuotaRow(project(name), nominal=count * 1000) for name, count in nominals.items()),
    )


def job(name: str, devices: int = 1, *, who: str = "a", **fields: object) -> Job:
    """A job of project ``who``; fields of its shape may be given beside its own."""
    shape_fields = {
        key: fields.pop(key)
        for key in ("milli", "memory_mib", "models", "cpu_milli", "host_memory_mib")
        if key in fields
    }
    fields.setdefault("submitted_at_s", LONG_AGO_S)
    fields.setdefault("queued_since_s", NOW_S)
    return Job(JobId(name), Owner(who, "u"), Shape(devices, **shape_fields), **fields)  # type: ignore[arg-type]


def runs(to: State, one: Job, *places: tuple[int, int], since_s: float = LONG_AGO_S) -> None:
    """``one`` holds these (node, device) pairs."""
    by_node: dict[int, list[int]] = {}
    for node, device in places:
        by_node.setdefault(node, []).append(device)
    placement = tuple(Slot(node, tuple(devices)) for node, devices in sorted(by_node.items()))
    to.start(Running(one, placement, since_s))


def waits(to: State, *jobs: Job) -> None:
    """These wait."""
    for one in jobs:
        to.submit(one)


def decided(of: State, now_s: float = NOW_S) -> dict[str, str]:
    """What one pass says: ``A2 n0:0,1`` for a grant, ``P1 -x,y`` for a preemption, ``W1`` for a wait."""
    return {_name(one): _told(one) for one in decide(of, now_s)}


def step(of: State, now_s: float = NOW_S) -> dict[str, str]:
    """One pass, and what was decided done."""
    decisions = decide(of, now_s)
    for one in decisions:
        of.apply(one, now_s)
    return {_name(one): _told(one) for one in decisions}


def span(name: str) -> Span:
    """By its name."""
    return Span(name)


def _name(one: Decision) -> str:
    return one.job


def _told(one: Decision) -> str:
    if isinstance(one, Grant):
        return f"{one.reason.rule} {_places(one.placement)}".strip()
    if isinstance(one, Preempt):
        return f"{one.reason.rule} -{','.join(sorted(one.victims))}"
    if isinstance(one, Move):
        return f"{one.reason.rule} to {_places(one.placement)}"
    return one.reason.rule


def _places(placement: Placement) -> str:
    return " ".join(
        f"n{slot.node}:{','.join(map(str, slot.devices))}"
        for slot in sorted(placement, key=lambda slot: slot.node)
    )
