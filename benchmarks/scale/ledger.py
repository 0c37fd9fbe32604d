"""How long it takes through the service and its database, from submission to a lease to be claimed."""

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchmarks.scale.cluster import Ask as Asked
from resources.database.engine import Database
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import Ask, Grant, Origin, RunId
from resources.gpu.service import GpuService
from resources.terms import Actor

WHO = Actor("benchmark")
BURST = 1_000
LINE = 10_000
PASSES = 3


def ledger_metrics(
    database: Database, inventory: Inventory, asks: Sequence[Asked], name: str
) -> dict[str, float]:
    """Times on one database, whose name ends the metrics' names. ``asks``: as many as all of it takes."""
    service = GpuService(database, inventory=lambda: inventory)
    database.migrate()
    rest = iter(asks)
    found: dict[str, float] = {}

    _submit(service, rest, "first", 1)
    found[f"first_pass_{name}_s"] = _timed(lambda: service.decide_now(WHO))

    begin = time.perf_counter()
    _submit(service, rest, "burst", BURST)
    granted = sum(isinstance(one, Grant) for one in service.decide_now(WHO))
    found[f"submit_to_bound_1000_{name}_s"] = time.perf_counter() - begin
    if granted != BURST:
        raise RuntimeError(
            f"{granted} of {BURST} requests were granted; expected all on a cluster that is free"
        )

    begin = time.perf_counter()
    for at in range(BURST // 10):
        _submit(service, rest, f"single{at}", 1)
        service.decide_now(WHO)
    found[f"submit_to_bound_each_{name}_ms"] = 1000 * (time.perf_counter() - begin) / (BURST // 10)

    _submit(service, rest, "fill", LINE)
    service.decide_now(WHO)
    _submit(service, rest, "line", LINE - len(service.waiting()))
    found[f"pass_10000_{name}_first_s"] = _timed(lambda: service.decide_now(WHO))
    passes = []
    for at in range(PASSES + 1):  # the first of them reads what the one before has written of the whole line
        _submit(service, rest, f"last{at}", 1)
        passes.append(_timed(lambda: service.decide_now(WHO)))
    found[f"pass_10000_{name}_s"] = median(passes[1:])
    found[f"leases_{name}"] = float(len(service.live_leases()))
    found[f"waiting_{name}"] = float(len(service.waiting()))
    return found


def _submit(service: GpuService, rest: Iterator[Asked], name: str, number: int) -> None:
    service.submit_many(
        [
            Ask(RunId(f"{name}-{at:06}"), one.text, one.owner, Origin.QUEUE, "benchmark", one.terms)
            for at, one in zip(range(number), rest, strict=False)
        ],
        WHO,
    )


def _timed(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin
