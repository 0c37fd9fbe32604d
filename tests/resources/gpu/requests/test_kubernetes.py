"""Requests as Kubernetes is asked for them, by profile."""

import pytest

from resources.errors import BadInput
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.kubernetes import k8s_requests, template_of
from resources.gpu.requests.model import GpuRequest, Mode


@pytest.mark.parametrize(
    ("text", "profile", "asked"),
    [
        ("0", None, {}),
        ("-1", None, {}),
        ("2(V100)", None, {"nvidia.com/gpu": 2}),
        ("A100:80GB:2", None, {"nvidia.com/gpu": 2}),
        ("2(mig-1g.10gb)", None, {"nvidia.com/mig-1g.10gb": 2}),
        ("1(1g.10gb+me)", None, {"nvidia.com/mig-1g.10gb.me": 1}),
        ("8G,0.5", None, {"nvidia.com/gpu": 1, "nvidia.com/gpucores": 50, "nvidia.com/gpumem": 8192}),
        (
            "8G,0.5",
            "volcano",
            {"volcano.sh/vgpu-number": 1, "volcano.sh/vgpu-cores": 50, "volcano.sh/vgpu-memory": 8192},
        ),
        (
            "8G,0.5(vgpu)",
            "qgpu",
            {"tke.cloud.tencent.com/qgpu-core": 50, "tke.cloud.tencent.com/qgpu-memory": 8},
        ),
        ("0.5", "tencent-2021", {"tencent.com/vcuda-core": 50}),
        ("8G,0.5", "tencent-2021", {"tencent.com/vcuda-core": 50, "tencent.com/vcuda-memory": 32}),
        ("0.25(npu,310P)", None, {"huawei.com/Ascend310P": 1, "huawei.com/Ascend310P-memory": 6144}),
        ("6G,0.25(npu,310P)", None, {"huawei.com/Ascend310P": 1, "huawei.com/Ascend310P-memory": 6144}),
        (
            "16G,0.5(musa)",
            None,
            {"mthreads.com/vgpu": 1, "mthreads.com/sgpu-core": 8, "mthreads.com/sgpu-memory": 32},
        ),
        (
            "16G,0.5(corex,BI-V150)",
            None,
            {"iluvatar.ai/BI-V150-vgpu": 1, "iluvatar.ai/BI-V150.vCore": 50, "iluvatar.ai/BI-V150.vMem": 64},
        ),
        ("20G,0.4(gcu)", None, {"enflame.com/gcu-core": 40, "enflame.com/gcu-memory": 20480}),
    ],
)
def test_a_request_becomes_whole_numbers_of_resources(
    text: str, profile: str | None, asked: dict[str, int]
) -> None:
    assert k8s_requests(parse_request(text, profile=profile), profile=profile) == asked


@pytest.mark.parametrize(
    ("text", "profile"),
    [("0.125", None), ("100M,0.5", "tencent-2021"), ("0.5G,0.5", "qgpu"), ("0.1(musa)", None)],
)
def test_a_share_between_two_units_is_refused_and_not_rounded(text: str, profile: str | None) -> None:
    with pytest.raises(ImpossibleGpuRequest, match="is no whole number of"):
        k8s_requests(parse_request(text, profile=profile), profile=profile)


def test_a_share_of_something_that_is_not_in_the_table_is_named() -> None:
    strange = GpuRequest("0.5", 1, resource_name="x.y/z", milli=500, mode=Mode.FRACTION)
    with pytest.raises(BadInput, match=r"does not say how x\.y/z is shared"):
        k8s_requests(strange)


def test_a_share_that_is_cut_by_a_template_has_it() -> None:
    template = template_of(parse_request("0.5(npu,910B4)"))
    assert template is not None
    assert (template.name, template.memory_mib) == ("vir10_3c_16g", 16384)
    assert template_of(parse_request("1(npu,910B4)")) is None
    assert template_of(parse_request("0.5")) is None
