"""Which vendor, model or partition a word means."""

import re

import pytest

from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.kinds import (
    NAME,
    missing_count,
    model_name,
    one_name,
    refuse_unlisted_model,
    vendor,
    within,
)
from resources.gpu.requests.scanner import Scanner
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import Kind

TABLE = shipped_vendors()


def word(text: str) -> tuple[Scanner, re.Match[str]]:
    scanner = Scanner(text)
    found = scanner.match(NAME)
    assert found is not None
    return scanner, found


def added(text: str, kind: Kind) -> Kind:
    scanner, name = word(text)
    return within(scanner, kind, name, TABLE)


@pytest.mark.parametrize(
    ("text", "key", "model", "partition"),
    [
        ("GPU", "gpu", None, None),
        ("ascend", "npu", None, None),
        ("1G.5GB", "mig", None, "1g.5gb"),
        ("v100", "gpu", "V100", None),
        ("mi300x", "amd", "MI300X", None),
        ("Ascend310P", "npu", "ASCEND310P", None),
    ],
)
def test_a_word_alone_is_a_vendor_else_a_partition_else_a_model(
    text: str, key: str, model: str | None, partition: str | None
) -> None:
    kind = one_name(*word(text), TABLE)
    assert (kind.family.key, kind.model, kind.partition) == (key, model, partition)


def test_an_unknown_vendor_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(BadGpuRequest, match='unknown vendor "foo"; known: gpu, vgpu, mig, amd'):
        vendor(*word("foo"), TABLE)
    assert vendor(*word("Cambricon"), TABLE).family.key == "mlu"


def test_a_vendor_takes_a_model_and_its_partitions() -> None:
    gpu = Kind(TABLE.families["gpu"])
    assert added("t4", gpu).model == "T4"
    assert added("2g.10gb", gpu).partition == "2g.10gb"
    with pytest.raises(BadGpuRequest, match=r'"2g\.10gb" is no model of it'):
        added("2g.10gb", Kind(TABLE.families["amd"]))


@pytest.mark.parametrize("text", ["80GB", "512m", "12", "A-", "A.B", "A--B", "x" * 64])
def test_what_cannot_be_a_model_is_refused(text: str) -> None:
    with pytest.raises(BadGpuRequest):
        model_name(*word(text))


def test_a_model_that_a_closed_family_does_not_list_is_refused() -> None:
    npu = TABLE.families["npu"]
    refuse_unlisted_model(Scanner("x"), Kind(npu, "ASCEND910B"), 0)
    with pytest.raises(BadGpuRequest, match=r"unknown model of npu; .* expected a model out of: 310, 310B"):
        refuse_unlisted_model(Scanner("x"), Kind(npu, "950"), 0)
    with pytest.raises(BadGpuRequest, match="mig without a profile"):
        refuse_unlisted_model(Scanner("x"), Kind(TABLE.families["mig"]), 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [("V100", "count missing before the model"), ("npu", "count missing before the vendor"), ("inf", None)],
)
def test_a_request_without_its_count_is_told_from_a_word(text: str, why: str | None) -> None:
    assert missing_count(word(text)[1], TABLE) == why
