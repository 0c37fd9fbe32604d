"""Each request has one text that says it in full."""

import pytest

from resources.gpu.requests.canonical import canonical
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (" 02 ", "2"),
        ("V100:2", "2(V100)"),
        ("0（v100）", "0(V100)"),
        ("-1(gpu)", "-1"),
        ("1.5GB,0.50(t4)", "1536M,0.5(T4)"),
        ("910B:1", "1(npu,910B)"),
        ("1(gpu,910B)", "1(gpu,910B)"),
        ("A100:1G.5GB:2", "2(mig-1g.5gb,A100)"),
        ("nvidia:A100:80GB:2", "gpu:A100:81920M:2"),
        ("16gb:1", "gpu:16384M:1"),
    ],
)
def test_a_request_is_written_in_one_way(text: str, written: str) -> None:
    assert canonical(parse_request(text)) == written


def test_what_the_table_does_not_know_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"x\.y/z is not in the vendor table"):
        canonical(GpuRequest("1", 1, resource_name="x.y/z"))
