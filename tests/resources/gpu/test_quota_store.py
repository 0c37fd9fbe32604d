"""Quotas as rows, on both databases."""

import pytest

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI
from resources.gpu.policy.quota_model import (
    BadQuota,
    Membership,
    QuotaRow,
    QuotaRows,
    cohort,
    project,
    user,
)
from resources.gpu.requests.errors import OverQuota
from resources.gpu.service import GpuService
from resources.terms import Actor

ANN = Actor("user:ann")
ROWS = QuotaRows(
    (
        Membership(cohort("all")),
        Membership(project("vision"), "all", 2.0),
        Membership(project("speech"), "all"),
    ),
    (
        QuotaRow(project("speech"), ANY_DEVICE, 1000, lending_limit=0),
        QuotaRow(project("vision"), ANY_DEVICE, 1000, borrowing_limit=0),
        QuotaRow(project("vision"), CPU_MILLI, 64_000),
        QuotaRow(user("vision", "ann"), ANY_DEVICE, 0, borrowing_limit=1000),
    ),
)


@pytest.fixture
def service(any_database: Database) -> GpuService:
    return GpuService(any_database, inventory=lambda: one_node(cpu_slots()))


def test_there_are_no_quotas_until_somebody_sets_them(service: GpuService) -> None:
    assert service.quotas() == QuotaRows()


def test_what_is_set_is_read_and_replaces_what_was(service: GpuService) -> None:
    service.set_quotas(ROWS, ANN)
    kept = service.quotas()
    assert set(kept.memberships) == set(ROWS.memberships)
    assert set(kept.quotas) == set(ROWS.quotas)
    service.set_quotas(QuotaRows(), ANN)
    assert service.quotas() == QuotaRows()


def test_rows_that_contradict_each_other_change_nothing(service: GpuService) -> None:
    service.set_quotas(ROWS, ANN)
    with pytest.raises(BadQuota):
        service.set_quotas(QuotaRows((), (QuotaRow(project("x"), nominal=-1),)), ANN)
    assert len(service.quotas().quotas) == 4


def test_what_quotas_never_allow_is_refused_and_what_they_allow_later_waits(service: GpuService) -> None:
    service.set_quotas(ROWS, ANN)

    def ask(run: str, text: str, who: str) -> None:
        service.submit(
            RunId(run), text, owner=Owner(who, "bob"), origin=Origin.QUEUE, instance="x", actor=ANN
        )

    with pytest.raises(OverQuota, match="of bob in project vision"):
        ask("a", "2", "vision")
    ask("b", "1", "vision")
    ask("c", "1", "vision")
    decided = {one.run_id: one.rule for one in service.decide_now(ANN)}
    assert sorted(decided.values()) == ["A2", "Q4"]
