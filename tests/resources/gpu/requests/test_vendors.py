"""The shipped table, and looking things up in it."""

import pytest

from resources.errors import BadInput
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import Family, Kind

TABLE = shipped_vendors()


@pytest.mark.parametrize(
    ("name", "vendor", "resource"),
    [
        ("gpu", "nvidia", "nvidia.com/gpu"), ("nvidia", "nvidia", "nvidia.com/gpu"),
        ("vgpu", "nvidia", "nvidia.com/vgpu"), ("amd", "amd", "amd.com/gpu"),
        ("intel", "intel", "gpu.intel.com/i915"), ("xe", "intel", "gpu.intel.com/xe"),
        ("gaudi", "intel", "habana.ai/gaudi"), ("npu", "huawei", "huawei.com/Ascend910"),
        ("dcu", "hygon", "hygon.com/dcunum"), ("mlu", "cambricon", "cambricon.com/vmlu"),
        ("musa", "mthreads", "mthreads.com/vgpu"), ("gcu", "enflame", "enflame.com/gcu"),
        ("metax", "metax", "metax-tech.com/gpu"), ("xpu", "kunlunxin", "kunlunxin.com/xpu"),
        ("corex", "iluvatar", "iluvatar.ai/MR-V100-vgpu"), ("biren", "biren", "birentech.com/gpu"),
        ("vast", "vastai", "vastaitech.com/va"), ("neuron", "aws", "aws.amazon.com/neuron"),
        ("tpu", "google", "google.com/tpu"),
    ],
)  # fmt: skip
def test_each_vendor_has_its_resource(name: str, vendor: str, resource: str) -> None:
    request = parse_request(f"1({name.upper()})")
    assert (request.vendor, request.resource_name, request.model) == (vendor, resource, None)


@pytest.mark.parametrize("family", TABLE.families.values(), ids=lambda family: family.key)
def test_a_listed_model_alone_means_its_family(family: Family) -> None:
    for name in family.models:
        assert TABLE.family_of_model(name) is family


def test_a_model_that_nobody_lists_is_of_the_default_family() -> None:
    assert TABLE.family_of_model("H800") is TABLE.default
    assert TABLE.family_of_model("NVIDIA-A100-SXM4-80GB") is TABLE.default


def test_a_vendor_may_be_the_first_word_of_a_model() -> None:
    assert parse_request("tpu-v5e-8:1").vendor == "google"
    assert parse_request("1(AMD-Instinct)").vendor == "amd"


def test_a_prefix_before_a_model_changes_nothing() -> None:
    npu = TABLE.families["npu"]
    assert npu.model("ASCEND910B") is npu.model("Ascend-910b") is npu.model("910B")
    assert npu.model("950") is None


def test_a_partition_is_known_by_the_names_that_tools_and_kubernetes_give_it() -> None:
    for name in ("1g.5gb+me", "MIG-1G.5GB+ME", "1g.5gb.me", "mig-1g.5gb.me"):
        kind = TABLE.partition(name)
        assert kind is not None
        assert kind.resource_name == "nvidia.com/mig-1g.5gb.me"
    assert TABLE.partition("1g.7gb") is None


def test_a_resource_name_leads_back_to_what_was_asked_for() -> None:
    for text in ("1", "1(vgpu,V100)", "1(npu,910B)", "1(mig-1g.5gb,A100)", "0.5"):
        request = parse_request(text)
        kind = TABLE.kind_of(request.resource_name, request.model)
        assert kind is not None
        assert (kind.resource_name, kind.model) == (request.resource_name, request.model)
    legacy = TABLE.kind_of("tencent.com/vcuda-core", None)
    assert legacy == Kind(TABLE.default)
    assert TABLE.kind_of("x.y/z", None) is None


def test_a_partition_is_not_shared_and_hardware_keeps_templates_apart() -> None:
    profile = TABLE.profile()
    mig = TABLE.partition("1g.5gb")
    assert mig is not None
    assert TABLE.share(mig, profile) is None
    share = TABLE.share(Kind(TABLE.families["npu"], "310P"), profile)
    assert share is not None
    assert share.isolated
    cooperative = TABLE.share(Kind(TABLE.default), profile)
    assert cooperative is not None
    assert not cooperative.isolated


def test_an_unknown_profile_is_refused_with_those_that_are_known() -> None:
    assert TABLE.profile().name == "hami"
    with pytest.raises(BadInput, match="known: hami, volcano, qgpu, tencent-2021"):
        TABLE.profile("none")
