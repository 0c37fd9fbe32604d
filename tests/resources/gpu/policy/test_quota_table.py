"""Quotas as a table that people edit."""

import pytest
from hypothesis import HealthCheck, given, settings

from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_lines import lines_of
from resources.gpu.policy.quota_model import QuotaRows, project
from resources.gpu.policy.quota_table import BadTable, TableRow, rows_of, table_of
from tests.resources.gpu.policy.trees import LAW
from tests.resources.gpu.policy.trees import rows as random_rows

VISION = TableRow("project", "vision", cohort="research", weight="2", resource="V100", nominal="4")


@settings(LAW, suppress_health_check=[HealthCheck.too_slow])
@given(random_rows())
def test_the_table_of_quotas_says_the_same_quotas(rows: QuotaRows) -> None:
    assert rows_of(table_of(rows)) == completed(rows)


def test_amounts_are_typed_as_in_the_file() -> None:
    rows = rows_of(
        [
            TableRow("cohort", "research", resource="memory", nominal="64G"),
            VISION,
            TableRow("project", "vision", cohort="research", weight="2", resource="cpus", nominal="2.5"),
            TableRow(),
            TableRow("user", "vision", "ann"),
        ]
    )
    assert [(row.resource, row.nominal) for row in rows.quotas] == [
        ("host_memory_mib", 65_536),
        ("V100", 4000),
        ("cpu_milli", 2500),
    ]
    assert [one.party.path for one in rows.memberships] == ["research", "vision", "vision/ann"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (TableRow("projects", "vision"), "the scope is 'projects'; expected one of cohort, project, user"),
        (TableRow("project", ""), "it has no name; expected that of the project"),
        (TableRow("project", "vision", "ann"), "the user is 'ann'; expected one for the scope user"),
        (TableRow("user", "vision"), "the user is ''; expected one for the scope user"),
        (TableRow("user", "vision", "ann", "research"), "the cohort is 'research'; expected none"),
        (
            TableRow("project", "vision", weight="heavy"),
            "the weight is 'heavy'; expected a number, 0 or more",
        ),
        (TableRow("project", "vision", nominal="4"), "it has amounts and no resource"),
        (
            TableRow("project", "vision", resource="-", nominal="4"),
            "the resource is '-'; expected cpus, memory",
        ),
        (
            TableRow("project", "vision", resource="V100", nominal="four"),
            "the nominal is 'four'; expected a number of devices, 0 or more, such as 4 or 2.5",
        ),
        (
            TableRow("project", "vision", resource="memory", lending_limit="64"),
            "the lending limit is '64'; expected a whole amount of memory with its unit",
        ),
        (TableRow("project", "v" * 101), "the name has 101 characters; expected at most 100"),
    ],
)
def test_a_bad_row_is_named_with_what_was_expected(row: TableRow, problem: str) -> None:
    with pytest.raises(BadTable) as refused:
        rows_of([TableRow("project", "speech", resource="*", nominal="1"), row])
    (found,) = refused.value.at_rows
    assert found.row == 1
    assert found.problem.startswith(problem)


def test_rows_that_say_different_things_of_one_party_are_named() -> None:
    with pytest.raises(BadTable, match="row 3: another row of project vision says another cohort or weight"):
        rows_of([TableRow("cohort", "research"), VISION, TableRow("project", "vision", resource="cpus")])


def test_what_does_not_hold_together_is_told_at_the_rows_of_whom_it_names() -> None:
    with pytest.raises(BadTable) as refused:
        rows_of(
            [
                TableRow("project", "speech", resource="V100", nominal="1"),
                TableRow("project", "vision", resource="V100", nominal="1"),
                TableRow("user", "vision", "ann", resource="V100", nominal="2"),
            ]
        )
    assert [one.row for one in refused.value.at_rows] == [1]
    assert "the users of project vision are owed 2000" in refused.value.at_rows[0].problem


def test_every_line_says_whose_it_is() -> None:
    rows = rows_of([TableRow("cohort", "research"), VISION])
    (line,) = [one for one in lines_of(QuotaTree(rows)) if one.row is not None]
    assert (line.account.party, line.nominal, line.weight, line.lent) == (project("vision"), 4000, 2.0, 0)
