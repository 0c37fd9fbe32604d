"""``trainplat gpu quota set``: what changes, for whom, and what is refused."""

import json
import os
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.gpu.model import Origin, Owner, RunId, Terms
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota_model import QuotaRows, project
from resources.gpu.service import GpuService
from resources.home import Home
from resources.terms import Actor
from tests.trainplat_cli.commands.gpu.homes import add_runs, run

LOW = "projects: {vision: {quotas: {'*': 0.5}}}"
SHARED = """
cohorts: {research: {}}
projects:
  vision: {cohort: research, quotas: {'*': 0.5}}
  speech: {cohort: research, quotas: {'*': 1.5}}
"""


def stored() -> QuotaRows:
    return GpuService(Home.from_environment().database()).quotas()


def test_the_quotas_of_a_file_take_the_place_of_all(tmp_path: Path) -> None:
    file = tmp_path / "q.yaml"
    file.write_text(SHARED)
    assert run("quota", "set", str(file)).exit_code == 0
    file.write_text(LOW)
    result = run("quota", "set", str(file))
    assert result.exit_code == 0
    assert "project vision  cohort: research → -" in result.stdout
    assert "project speech  *: 1.5 → nothing" in result.stdout
    assert [(row.party, row.nominal) for row in stored().quotas] == [(project("vision"), 500)]


def test_a_dry_run_writes_nothing_and_says_who_is_over_a_limit() -> None:
    add_runs()
    result = run("quota", "set", "-", "--dry-run", stdin=LOW)
    assert result.exit_code == 0
    assert "project vision  *: nothing → 0.5" in result.stdout
    assert "project vision is 0.5 of any device over its limit" in result.stdout
    assert "Nothing was changed." in result.stdout
    assert stored() == QuotaRows()
    told = json.loads(run("quota", "set", "-", "--dry-run", "--json", stdin=LOW).stdout)
    assert told["written"] is False
    vision = {"scope": "project", "name": "vision", "user": None}
    assert {**vision, "what": "*", "before": None, "after": "0.5"} in told["changes"]
    assert told["over"] == [{**vision, "resource": "*", "amount": 500}]


def test_who_borrows_is_told_to_give_back() -> None:
    add_runs()
    told = json.loads(run("quota", "set", "-", "--json", stdin=SHARED).stdout)
    assert told["written"] is True
    assert (told["over"], [(one["name"], one["amount"]) for one in told["borrowers"]]) == (
        [],
        [("vision", 500)],
    )
    said = run("quota", "set", "-", stdin=SHARED).stdout
    assert "project vision borrows 0.5 of any device: it gives this back when" in said
    assert "The file says what holds already." in said


TAKEN_BACK = """
cohorts: {research: {}}
projects:
  vision: {cohort: research, quotas: {'*': 0}}
  speech: {cohort: research, quotas: {'*': 2}}
"""


def test_a_dry_run_says_whom_the_next_pass_would_stop() -> None:
    os.environ["TRAINPLAT_CPU_SLOTS"] = "2"
    service = GpuService(Home.from_environment().database(), settings=Settings(min_runtime_s=0))

    def submit(run_id: str, text: str, project_name: str) -> None:
        owner, tester = Owner(project_name, "eve"), Actor("user:tester")
        terms = Terms(preemptible=True)
        for_run = {"origin": Origin.QUEUE, "instance": "here", "actor": tester, "terms": terms}
        service.submit(RunId(run_id), text, owner=owner, **for_run)  # type: ignore[arg-type]
        service.decide_now(tester)

    submit("borrower", "2", "vision")
    submit("owed", "1", "speech")
    os.environ["TRAINPLAT_MIN_RUNTIME_S"] = "0"
    told = json.loads(run("quota", "set", "-", "--dry-run", "--json", stdin=TAKEN_BACK).stdout)
    assert [(one["run"], one["for_run"], one["rule"]) for one in told["stops"]] == [
        ("borrower", "owed", "P1")
    ]
    said = run("quota", "set", "-", "--dry-run", stdin=TAKEN_BACK).stdout
    assert "Run borrower of vision/eve makes room for run owed: P1: speech is owed" in said
    assert all(one.stop_for is None for one in service.live_leases())


def test_what_quotas_cost_is_said_where_there_are_prices() -> None:
    home = Home.from_environment()
    home.path.mkdir(parents=True)
    home.prices_file.write_text("currency: EUR\nper_gpu_hour: {V100: 1.20, A100: 3}\n")
    file = "projects: {vision: {quotas: {V100: 2, cpus: 4, 'V100 32GB': 1}}, speech: {quotas: {T4: 1}}}"
    told = json.loads(run("quota", "set", "-", "--dry-run", "--json", stdin=file).stdout)
    assert [(one["name"], one["cost"], one["currency"]) for one in told["monthly_costs"]] == [
        ("vision", "1752.0000", "EUR")
    ]
    said = run("quota", "set", "-", "--dry-run", stdin=file).stdout
    assert "All that project vision is owed costs 1752.00 EUR a month." in said


def test_who_set_them_is_kept() -> None:
    run("quota", "set", "-", stdin=LOW)
    (row,) = [one for one in recent(Home.from_environment().database()) if one.action == "gpu.set_quotas"]
    assert row.actor.startswith("user:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "projects: {a: {quotas: {V100: x}}}",
            "-:1: projects.a.quotas.V100 is 'x'; expected a number of devices",
        ),
        ("projects: {a: {cohort: b}}", "-: the quotas do not hold together: project a is put into cohort b"),
    ],
)
def test_wrong_quotas_end_with_2_and_change_nothing(text: str, said: str) -> None:
    run("quota", "set", "-", stdin=LOW)
    before = stored()
    result = run("quota", "set", "-", stdin=text)
    assert result.exit_code == 2
    assert said in result.stderr
    assert stored() == before


def test_a_file_that_is_not_there_or_is_no_text_ends_with_2(tmp_path: Path) -> None:
    missing = run("quota", "set", str(tmp_path / "none.yaml"))
    assert missing.exit_code == 2
    assert "Next: Make one with `trainplat gpu quota show --yaml`." in missing.stderr
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    binary = run("quota", "set", str(tmp_path / "binary"))
    assert binary.exit_code == 2
    assert "is not text in UTF-8" in binary.stderr


def test_what_is_usual_is_not_told_as_a_change() -> None:
    said = run("quota", "set", "-", stdin="projects: {a: {quotas: {memory: 64G}}, b: {}}").stdout.splitlines()
    assert said[:-1] == [
        "project b  cohort: nothing → -",
        "project b  weight: nothing → 1",
        "project a  memory: nothing → 64G",
    ]
    said = run(
        "quota", "set", "-", stdin="projects: {a: {weight: 2, quotas: {memory: 64G}}}"
    ).stdout.splitlines()
    assert "project a  weight: 1 → 2" in said
