"""What a home adds to the vendor table, and what is wrong with what it adds."""

import os
import tomllib
from pathlib import Path

import pytest

from resources.errors import BadInput
from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.kubernetes import k8s_requests
from resources.gpu.requests.vendor_file import SHIPPED, home_vendors, load_vendors, shipped_vendors
from tests.house.modules import CHECKOUT

OWN = """
families:
  ppu:
    vendor: alibaba
    resource: alibaba.com/ppu
    share: {device: alibaba.com/ppu, core: alibaba.com/ppu-core, memory: alibaba.com/ppu-memory}
  gpu: {aliases: [geforce], share: {core: nvidia.com/sm, core_units: 200}}
  npu:
    resource: huawei.com/ascend-310
    models:
      910B: {templates: {0.05: {name: vir01_1c_3g, memory_mib: 3072}}}
      950: {resource: huawei.com/Ascend950}
  mig: {partitions: [1g.7gb]}
profiles:
  ours:
    shares: {ppu: {core: alibaba.com/gpu-core}}
default_profile: ours
"""


def write(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    file = home / "vendors.yaml"
    file.write_text(text)
    return file


def test_a_home_without_a_file_has_the_shipped_table(trainplat_home: Path) -> None:
    assert home_vendors() is shipped_vendors()
    trainplat_home.write_text("not a folder")
    assert home_vendors() is shipped_vendors()


def test_what_a_file_says_is_added_or_overrides(trainplat_home: Path) -> None:
    table = load_vendors(write(trainplat_home, OWN))
    assert parse_request("1(ppu)", table).vendor == "alibaba"
    assert parse_request("1(geforce)", table).resource_name == "nvidia.com/gpu"
    assert parse_request("1(nvidia)", table).resource_name == "nvidia.com/gpu"
    assert k8s_requests(parse_request("8G,0.5", table), table) == {
        "nvidia.com/gpu": 1,
        "nvidia.com/sm": 100,
        "nvidia.com/gpumem": 8192,
    }
    assert k8s_requests(parse_request("0.5(ppu)", table), table) == {"alibaba.com/gpu-core": 50}
    assert parse_request("1(npu)", table).resource_name == "huawei.com/ascend-310"
    assert parse_request("0.05(npu,910B)", table).milli == 50
    assert parse_request("0.25(npu,910B)", table).milli == 250
    assert parse_request("npu:950:2", table).resource_name == "huawei.com/Ascend950"
    assert parse_request("1(1g.7gb)", table).resource_name == "nvidia.com/mig-1g.7gb"
    for text in ("1(ppu,x)", "1(1g.7gb)", "1(npu,950)"):
        with pytest.raises(BadGpuRequest):
            parse_request(text)


def test_a_file_that_changes_is_read_again(trainplat_home: Path) -> None:
    file = write(trainplat_home, "families: {ppu: {vendor: alibaba, resource: alibaba.com/ppu}}")
    assert home_vendors() is home_vendors()
    assert home_vendors().family("ppu") is not None
    file.write_text("families: {dpu: {vendor: fungible, resource: fungible.com/dpu}}")
    assert home_vendors().family("ppu") is None
    assert home_vendors().family("dpu") is not None


def test_an_empty_file_changes_nothing(trainplat_home: Path) -> None:
    assert load_vendors(write(trainplat_home, "# nothing\n")) == shipped_vendors()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- gpu", "the file is ['gpu']; expected a mapping with families or profiles"),
        ("familie: {}", "the file is 'familie'; expected a key out of: families, profiles"),
        ("families: 3", "families is 3; expected a mapping"),
        ("families: {GPU: {}}", "families is 'GPU'; expected a key of the form"),
        ("families: {x: 3}", "families.x is 3; expected a mapping with some of: vendor"),
        ("families: {gpu: {resources: a}}", "families.gpu is 'resources'; expected a key out of: vendor"),
        (
            "families: {x: {resource: a.b/c}}",
            "families.x.vendor is nothing; expected a vendor such as nvidia",
        ),
        ("families: {x: {vendor: y}}", "families.x.resource is nothing; expected the name of a Kubernetes"),
        (
            "families: {gpu: {resource: gpu}}",
            "families.gpu.resource is 'gpu'; expected the name of a Kubernetes",
        ),
        ("families: {gpu: {vendor: 3}}", "families.gpu.vendor is 3; expected a vendor such as nvidia"),
        ("families: {gpu: {aliases: x}}", "families.gpu.aliases is 'x'; expected a list"),
        ("families: {gpu: {aliases: [X]}}", "families.gpu.aliases is 'X'; expected a name in small letters"),
        (
            "families: {gpu: {aliases: [npu]}}",
            "families.npu is 'npu'; expected another name, this one is that of gpu",
        ),
        ("families: {gpu: {resource: amd.com/gpu}}", "families.amd is 'amd.com/gpu'; expected another name"),
        ("families: {gpu: {share: {core: x}}}", "families.gpu.share.core is 'x'; expected the name of"),
        (
            "families: {gpu: {share: {core_units: 0}}}",
            "share.core_units is 0; expected a whole number from 1",
        ),
        (
            "families: {gpu: {share: {memory_unit_mib: yes}}}",
            "memory_unit_mib is True; expected a whole number",
        ),
        ("families: {gpu: {share: {isolated: 1}}}", "share.isolated is 1; expected true or false"),
        (
            "families: {tpu: {share: {device: a.b/c}}}",
            "families.tpu.share is {'device': 'a.b/c'}; expected core, memory",
        ),
        ("families: {gpu: {models: {A B: {}}}}", "families.gpu.models is 'A B'; expected a key of the form"),
        ("families: {gpu: {models: {A: 1}}}", "families.gpu.models.A is 1; expected a mapping"),
        (
            "families: {npu: {models: {310: {templates: {1.5: {}}}}}}",
            "templates is 1.5; expected a key of the form",
        ),
        (
            "families: {npu: {models: {310: {templates: {0.0: {}}}}}}",
            "templates.0.0 is {}; expected a share above 0",
        ),
        (
            "families: {npu: {models: {310: {templates: {0.5: {name: x}}}}}}",
            "310.templates.0.5.memory_mib is nothing; expected a whole number from 1",
        ),
        (
            "families: {mig: {partitions: [big]}}",
            "families.mig.partitions is 'big'; expected a profile such as",
        ),
        (
            "families: {mig: {resource: a.b/c}}",
            "families.mig.resource is 'a.b/c'; expected a resource name with",
        ),
        (
            "profiles: {x: {order: up}}",
            "profiles.x.order is 'up'; expected one of: memory,share, core,memory",
        ),
        (
            "profiles: {x: {shares: {y: {core: a.b/c}}}}",
            "profiles.x.shares.y is 'y'; expected the key of a family",
        ),
        ("profiles: {x: {shares: {gpu: }}}", "profiles.x.shares.gpu is nothing; expected how parts"),
        ("default_family: foo", "default_family is 'foo'; expected one of: gpu, vgpu"),
        ("default_profile: [hami]", "default_profile is ['hami']; expected one of: hami"),
        ("families: {gpu: [", "is not YAML: while parsing"),
        ("families: \x07", "is not YAML: unacceptable character"),
    ],
)
def test_a_bad_file_is_refused_with_the_key_the_value_and_what_was_expected(
    trainplat_home: Path, text: str, says: str
) -> None:
    file = write(trainplat_home, text)
    with pytest.raises(BadInput) as refusal:
        home_vendors()
    assert refusal.value.problem.startswith(str(file))
    assert says in refusal.value.problem


def test_a_file_that_is_not_text_is_refused(trainplat_home: Path) -> None:
    write(trainplat_home, "").write_bytes(b"families: \xff")
    with pytest.raises(BadInput, match="is not YAML"):
        home_vendors()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read_is_an_error_of_the_disk(trainplat_home: Path) -> None:
    write(trainplat_home, OWN).chmod(0)
    with pytest.raises(PermissionError):
        home_vendors()


def test_the_table_is_packaged() -> None:
    data = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    assert SHIPPED.name in data["resources.gpu.requests"]
