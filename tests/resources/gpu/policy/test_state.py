"""The state: what came, what ended, and what was decided, made so."""

from resources.gpu.model import Owner
from resources.gpu.placement.model import Slot
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.model import JobId
from resources.gpu.policy.quota_model import project
from tests.resources.gpu.policy.cases import NOW_S, job, owed, runs, state, step, waits


def test_what_is_granted_is_taken_and_counted_and_comes_back_at_the_end() -> None:
    one = state(2, quotas=owed(a=2))
    waits(one, job("x", 2))
    step(one)
    assert one.quotas.held(Owner("a", "u")).devices_milli == {"V100": 2000}
    assert one.cluster.open_milli(0) == 0
    one.end(JobId("x"), NOW_S + 10)
    assert one.cluster.open_milli(0) == 2000
    assert not one.running
    assert not one.quotas.owners()


def test_past_use_is_remembered_by_project_and_user() -> None:
    one = state(2)
    runs(one, job("x", 2), (0, 0), (0, 1), since_s=NOW_S - 3600)
    one.end(JobId("x"), NOW_S)
    assert one.usage[project("a")].level(NOW_S) > 0
    assert one.usage[project("a")].level(NOW_S) < one.capacity[ANY_DEVICE]


def test_a_withdrawn_job_leaves_no_hold() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True), (0, 0))
    waits(one, job("high", priority=1))
    step(one)
    one.withdraw(JobId("high"))
    assert not one.holds
    assert one.running[JobId("low")].placement == (Slot(0, (0,)),)
    assert one.running[JobId("low")].stopping_for == "high"
