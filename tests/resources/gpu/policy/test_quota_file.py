"""Quotas in YAML: what is written reads back the same, and a wrong file is told where it is wrong."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed, read_quotas, write_quotas
from resources.gpu.policy.quota_model import (
    BadQuota,
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
from tests.resources.gpu.policy.trees import LAW, rows

FILE = """
cohorts:
  research:
    quotas: {cpus: 64}
projects:
  vision:
    cohort: research
    weight: 2
    quotas:
      v100: {nominal: 4, borrowing_limit: 2.5, lending_limit: 1}
      "*": 6
      memory: 64G
    users:
      ann: {quotas: {V100: {nominal: 0.5, borrowing_limit: 0}}}
  "*":
    quotas: {"*": {nominal: 0}}
"""
ROWS = QuotaRows(
    (
        Membership(cohort("research")),
        Membership(project("*")),
        Membership(project("vision"), "research", 2.0),
        Membership(user("vision", "ann")),
    ),
    (
        QuotaRow(cohort("research"), CPU_MILLI, 64_000),
        QuotaRow(project("*"), ANY_DEVICE, 0),
        QuotaRow(project("vision"), ANY_DEVICE, 6000),
        QuotaRow(project("vision"), Resource("V100"), 4000, 2500, 1000),
        QuotaRow(project("vision"), HOST_MEMORY_MIB, 65_536),
        QuotaRow(user("vision", "ann"), Resource("V100"), 500, 0),
    ),
)

names = st.sampled_from(
    ["a", "*", "1", "null", "yes", "张三", "a: b", "x y", "#", "'", "~", "1e3", "<<", "="]
)
resources = st.sampled_from([ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource("V100"), Resource("1080")])
amounts = st.integers(min_value=0, max_value=10**12)
weights = st.floats(min_value=0, max_value=1e9)
parties = st.one_of(st.builds(cohort, names), st.builds(project, names), st.builds(user, names, names))


hours = st.floats(min_value=0, max_value=1e9)
periods = st.one_of(
    st.builds(Period, first_day=st.integers(1, 28), zone=st.sampled_from(["UTC", "Asia/Shanghai"])),
    st.builds(Period, st.just(PeriodKind.ROLLING), days=st.integers(1, 9999)),
)


@st.composite
def any_rows(draw: st.DrawFn) -> QuotaRows:
    """Rows of which each stands once, whether or not they hold together."""
    named = draw(st.sets(parties, max_size=6))
    pairs = draw(st.sets(st.tuples(parties, resources), max_size=8))
    memberships = [
        Membership(one, None if one.user is not None else draw(st.none() | names), draw(weights))
        for one in named
    ]
    limits = st.none() | amounts
    quotas = [
        QuotaRow(party, resource, draw(amounts), draw(limits), draw(limits)) for party, resource in pairs
    ]
    budgeted = draw(
        st.lists(st.tuples(parties, periods), max_size=4, unique_by=lambda one: (one[0], one[1].key))
    )
    budgets = [BudgetRow(party, draw(hours), period) for party, period in budgeted]
    return QuotaRows(tuple(memberships), tuple(quotas), tuple(budgets))


@LAW
@given(any_rows())
def test_what_is_written_reads_back_the_same(given_rows: QuotaRows) -> None:
    assert read_quotas(write_quotas(given_rows), "q.yaml") == completed(given_rows)


@LAW
@given(rows())
def test_completing_rows_changes_no_account(given_rows: QuotaRows) -> None:
    before, after = QuotaTree(given_rows), QuotaTree(completed(given_rows))
    assert before.resources == after.resources
    for party in before.parties():
        for resource in before.resources:
            assert after.account(party, resource) == before.account(party, resource)


def test_a_file_is_read_in_units_that_people_use() -> None:
    assert read_quotas(FILE, "q.yaml") == ROWS


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_a_file_without_a_word_takes_no_quota_away(text: str) -> None:
    with pytest.raises(BadQuota, match=r"^quotas\.yaml says nothing; expected cohorts or projects"):
        read_quotas(text, "quotas.yaml")


@pytest.mark.parametrize("text", ["{}", "cohorts:\nprojects:\n", "projects: {}"])
def test_a_file_that_names_nobody_means_no_quotas(text: str) -> None:
    assert read_quotas(text, "q.yaml") == QuotaRows()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1", "q.yaml:1: the file is [1]; expected a mapping with the keys cohorts and projects"),
        ("queues: {}", "q.yaml:1: queues is not a known key; expected one of cohorts, projects"),
        (
            "projects:\n  a: {quota: 1}",
            "q.yaml:2: projects.a.quota is not a known key; expected one of cohort, weight, quotas, budget",
        ),
        ("projects: [a]", "q.yaml:1: projects is ['a']; expected a mapping from names to projects"),
        (
            "projects: {a: {quotas: {V100: many}}}",
            "projects.a.quotas.V100 is 'many'; expected a number of devices",
        ),
        (
            "projects: {a: {quotas: {V100: true}}}",
            "projects.a.quotas.V100 is True; expected a number of devices",
        ),
        (
            "projects: {a: {quotas: {V100: -1}}}",
            "projects.a.quotas.V100 is -1; expected a number of devices, 0 or",
        ),
        ("projects: {a: {quotas: {V100: 0.0005}}}", "is 0.0005; expected a number of devices"),
        ("projects: {a: {quotas: {V100: .inf}}}", "is inf; expected a number of devices"),
        ("projects: {a: {quotas: {V100: 010}}}", "is '010'; expected a number of devices"),
        ("projects: {a: {quotas: {V100: 0x10}}}", "is '0x10'; expected a number of devices"),
        ("projects: {a: {quotas: {V100: 1:30}}}", "is '1:30'; expected a number of devices"),
        ("projects: {a: {weight: 0b11}}", "weight is '0b11'; expected a number"),
        ("projects: {a: {budget: 1:30.5}}", "budget is '1:30.5'; expected"),
        ("projects: {a: {quotas: {V100: .nan}}}", "is nan; expected a number of devices"),
        ("projects: {a: {quotas: {V100: 10000000000}}}", "at most 1000000000, with at most three decimals"),
        ("projects: {a: {quotas: {cpus: x}}}", "projects.a.quotas.cpus is 'x'; expected a number of cores"),
        (
            "projects: {a: {quotas: {memory: 64}}}",
            "memory is 64; expected a whole amount of memory with its unit",
        ),
        ("projects: {a: {quotas: {memory: 64X}}}", "memory is '64X'; expected a whole amount of memory"),
        ("projects: {a: {quotas: {memory: 9999999999999G}}}", "at most 1000000000000M"),
        (
            "projects: {a: {quotas: {'': 1}}}",
            "names no resource; expected cpus, memory, a model such as V100",
        ),
        ("projects: {a: {quotas: {v100: 1, V100: 2}}}", "projects.a.quotas.V100 names V100 a second time"),
        (
            "projects:\n  a:\n  a:\n",
            "q.yaml:3: projects.a stands twice, first in line 2; expected each key once",
        ),
        ("projects: {a: {weight: heavy}}", "projects.a.weight is 'heavy'; expected a number, 0 or more"),
        ("projects: {a: {weight: -1}}", "projects.a.weight is -1; expected a number from 0 to"),
        ("projects: {a: {cohort: 7}}", "projects.a.cohort is 7; expected the name of a cohort"),
        ("projects: {'': {}}", "the name '' in projects.; expected 1 to 100 characters"),
        (
            "projects: {a: {quotas: {V100: {nominal: 1, most: 2}}}}",
            "projects.a.quotas.V100.most is not a known key; expected one of nominal, borrowing_limit",
        ),
        ("projects: {a: {users: {b: {cohort: c}}}}", "projects.a.users.b.cohort is not a known key"),
        (
            "projects: {a: {budget: much}}",
            "projects.a.budget is 'much'; expected a number of GPU-hours, 0 or more",
        ),
        ("projects: {a: {budget: -1}}", "projects.a.budget is -1; expected a number of GPU-hours"),
        ("projects: {a: {budget: .nan}}", "projects.a.budget is nan; expected a number of GPU-hours"),
        ("projects: {a: {budget: true}}", "projects.a.budget is True; expected a number of GPU-hours"),
        (
            "projects: {a: {budget: {year: 1}}}",
            "projects.a.budget.year names no period; expected month, or such as 7 days",
        ),
        ("projects: {a: {budget: {0 days: 1}}}", "projects.a.budget.0 days names no period"),
        ("projects: {a: {budget: {month: {zone: UTC}}}}", "expected the key gpu_hours in it"),
        (
            "projects: {a: {budget: {month: {gpu_hours: 1, zone: Mars}}}}",
            "projects.a.budget.month: a budget's time zone is 'Mars'",
        ),
        (
            "projects: {a: {budget: {month: {gpu_hours: 1, first_day: 31}}}}",
            "a budget's month begins on day 31; expected 1 to 28",
        ),
        ("projects: {a: {budget: {month: {gpu_hours: 1, first_day: x}}}}", "expected a day of the month"),
        ("projects: {a: {budget: {month: {gpu_hours: 1, zone: 5}}}}", "expected a time zone such as"),
        ("projects: {a: {budget: {month: {hours: 1}}}}", "is not a known key; expected one of gpu_hours"),
        ("projects: {a: ", "q.yaml:1: this is not YAML"),
        ("a: \x00", "q.yaml is not YAML"),
        ("projects: {a: {weight: 2020-99-99}}", "q.yaml is not YAML"),
    ],
)
def test_a_wrong_file_is_told_where_and_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(BadQuota) as refused:
        read_quotas(text, "q.yaml")
    assert said in refused.value.problem


def test_budgets_are_read_by_their_periods() -> None:
    text = """
projects:
  vision: {budget: 500}
  speech:
    budget:
      month: {gpu_hours: 100, first_day: 15, zone: Europe/Berlin}
      7 days: 30.5
    users: {bob: {budget: {1 day: 10}}}
"""
    found = read_quotas(text, "q.yaml").budgets
    assert found == (
        BudgetRow(project("speech"), 100, Period(first_day=15, zone="Europe/Berlin")),
        BudgetRow(project("speech"), 30.5, Period(PeriodKind.ROLLING, days=7)),
        BudgetRow(project("vision"), 500),
        BudgetRow(user("speech", "bob"), 10, Period(PeriodKind.ROLLING, days=1)),
    )
    assert "budget: 500\n" in write_quotas(QuotaRows(budgets=found))


def test_what_is_written_is_what_people_would_write() -> None:
    told = write_quotas(ROWS)
    assert "cpus:\n        nominal: 64\n" in told
    assert "nominal: 64G" in told
    assert "borrowing_limit: 2.5" in told
    assert "weight: 2\n" in told
    assert write_quotas(QuotaRows()) == "{}\n"


def test_the_file_of_the_manual_holds_together() -> None:
    manual = (Path(__file__).parents[4] / "docs" / "gpu-policy.md").read_text()
    example = manual.partition("### Look, and set quotas")[2].partition("```yaml\n")[2].partition("```")[0]
    tree = QuotaTree(read_quotas(example, "the manual"))
    assert tree.account(project("vision"), Resource("V100")).nominal == 4000
