"""docs/gpu-requests.md says what the grammar and the table do."""

import re
from pathlib import Path

import pytest

from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.vendor_file import load_vendors, shipped_vendors
from resources.gpu.requests.vendors import Family
from tests.house.modules import CHECKOUT

MANUAL = (CHECKOUT / "docs" / "gpu-requests.md").read_text()


def rows(head: str) -> list[list[str]]:
    """The rows of the table that begins with these columns, without the marks of code."""
    table = MANUAL.partition(f"| {head}")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in table]


@pytest.mark.parametrize("row", rows("text | devices"), ids=lambda row: row[0])
def test_each_example_is_read_as_the_manual_says(row: list[str]) -> None:
    text, count, model, share, memory, mode, resource = row
    request = parse_request(text)
    assert (request.count, request.fraction, request.mode) == (int(count), float(share), mode)
    assert (request.model or "–", str(request.memory_mib or "–")) == (model, memory)
    assert request.resource_name == resource


@pytest.mark.parametrize("row", rows("text | position"), ids=lambda row: row[0])
def test_each_refusal_is_where_and_why_the_manual_says(row: list[str]) -> None:
    text, position, why = row
    with pytest.raises(BadGpuRequest) as refusal:
        parse_request(text)
    assert refusal.value.position == int(position)
    assert refusal.value.reason.startswith(why)


def test_the_table_of_vendors_is_the_one_that_is_shipped() -> None:
    told = [[cell.replace("`", "") for cell in row] for row in rows("key | also")]
    shipped = [
        [one.key, ", ".join(one.aliases), one.vendor, one.resource, how_shared(one)]
        for one in shipped_vendors().families.values()
    ]
    assert told == shipped


def how_shared(family: Family) -> str:
    if family.share is not None:
        return "template" if family.share.core is None else "share"
    return "model" if any(model.share for model in family.models.values()) else "–"


def test_the_example_of_a_file_can_be_used(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(families:.*?)```", MANUAL, re.DOTALL)
    file = tmp_path / "vendors.yaml"
    file.write_text(example)
    table = load_vendors(file)
    assert parse_request("ZW810E:2", table).vendor == "alibaba"
    assert parse_request("1(t-head)", table).resource_name == "alibaba.com/ppu"
    assert parse_request("npu:950:1", table).resource_name == "huawei.com/Ascend950"
    assert table.default_profile == "ours"
