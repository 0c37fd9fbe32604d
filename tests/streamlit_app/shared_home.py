"""A machine that two projects share: fractions, quotas, runs that made room, one that went on, and a line."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import NO_TERMS, Attempt, Origin, Owner, RunId, Terms
from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota_model import (
    BudgetRow,
    Membership,
    Period,
    PeriodKind,
    QuotaRow,
    QuotaRows,
    cohort,
    project,
    user,
)
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from tests.streamlit_app.homes import TESTER

SLOTS = tuple(Device(DeviceId(f"cpu:{number}"), None, None) for number in range(4))
"""What TRAINPLAT_CPU_SLOTS=4 declares."""

MARA, LEA = Owner("vision", "mara"), Owner("vision", "lea")
JUN = Owner("speech", "jun")
HALF, OTHER_HALF, OWED, BACK, STOPPED, FIRST, SECOND, LAST = (
    RunId(f"{beginning}-0000-4000-8000-000000000000")
    for beginning in (
        "a1a1a1a1",
        "a2a2a2a2",
        "b1b1b1b1",
        "b2b2b2b2",
        "b3b3b3b3",
        "c1c1c1c1",
        "c2c2c2c2",
        "d1d1d1d1",
    )
)
"""FIRST and SECOND of vision made BACK and STOPPED of speech stop; FIRST has ended, and BACK has gone on."""
AGAIN = Terms(preemptible=True, max_runtime_s=7200)


def quotas(devices: int) -> QuotaRows:
    """Of the devices, speech is owed one, and vision the others; both have a budget."""
    return QuotaRows(
        (
            Membership(cohort("research")),
            Membership(project("vision"), "research", 2.0),
            Membership(project("speech"), "research"),
        ),
        (
            QuotaRow(project("vision"), nominal=1000 * (devices - 1)),
            QuotaRow(project("speech"), nominal=1000, borrowing_limit=2000),
            QuotaRow(project("vision"), Resource("cpu_milli"), 16_000),
            QuotaRow(project("vision"), Resource("host_memory_mib"), 65_536, lending_limit=32_768),
            QuotaRow(user("vision", "lea"), nominal=500),
        ),
        (
            BudgetRow(project("vision"), 500),
            BudgetRow(project("speech"), 3, Period(PeriodKind.ROLLING, days=7)),
        ),
    )


@dataclass
class _Watch:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def fill(home: Home, now: datetime, devices: tuple[Device, ...] = SLOTS, memory: str = "") -> None:
    """What an hour of sharing leaves; ``memory`` goes before the fractions, as in ``8G,0.5``."""
    watch = _Watch(now - timedelta(minutes=60))
    service = service_on(home.database(), devices, watch)

    def ask(run: RunId, text: str, owner: Owner, terms: Terms = NO_TERMS) -> None:
        watch.now += timedelta(minutes=1)
        service.submit(
            run, text, owner=owner, origin=Origin.QUEUE, instance="here", actor=TESTER, terms=terms
        )
        service.decide_now(TESTER)
        service.claim(run, ProcessIdentity.current())

    service.set_quotas(quotas(len(devices)), TESTER)
    ask(OWED, "1", JUN)
    ask(BACK, "1", JUN, AGAIN)
    ask(STOPPED, "1", JUN, AGAIN)
    for number in range(len(devices) - len(SLOTS)):
        ask(RunId(f"e{number}e{number}e{number}e{number}-0000"), "1", MARA)
    # One device is left by now, which the fractions have to share.
    ask(HALF, f"{memory}0.5", MARA)
    ask(OTHER_HALF, "0.25", LEA)
    watch.now = now - timedelta(minutes=25)
    ask(FIRST, "1", MARA)
    ask(SECOND, "1", LEA)
    watch.now += timedelta(seconds=40)
    for run in (BACK, STOPPED):
        service.try_again(run, Attempt(1), reason="it made room for another run", actor=TESTER)
    for _ in range(2):
        service.decide_now(TESTER)
    for run in (FIRST, SECOND):
        service.claim(run, ProcessIdentity.current())
    watch.now = now - timedelta(minutes=9)
    service.release(FIRST, Attempt(1), reason="the run ended", actor=TESTER)
    service.decide_now(TESTER)
    watch.now = now - timedelta(minutes=4)
    ask(LAST, "2", MARA, Terms(priority=5, max_runtime_s=3600, cpu_milli=2000))


def service_on(database: Database, devices: tuple[Device, ...], watch: _Watch) -> GpuService:
    """The service of a machine with these devices."""
    return GpuService(database, inventory=lambda: one_node(devices), clock=watch)
