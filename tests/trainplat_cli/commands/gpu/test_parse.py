"""``trainplat gpu parse``: for people and for machines, right texts and wrong ones."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from trainplat_cli.main import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["gpu", "parse", *arguments], env={"COLUMNS": "160"})


def test_machines_get_a_flat_object() -> None:
    result = run("8G,0.5(V100)", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "count": 1,
        "model": "V100",
        "fraction": 0.5,
        "memory": 8192,
        "vendor": "nvidia",
        "resource_name": "nvidia.com/gpu",
        "mode": "fraction",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("-1", "--json"),
        ("--json", "-1"),
        ("--json", "--", "-1"),
        ("--", "-1"),
        ("-1(h100)", "--json"),
        ("-1",),
    ],
    ids=" ".join,
)
def test_a_text_may_begin_with_a_hyphen(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0
    if "--json" in arguments:
        assert json.loads(result.stdout)["mode"] == "shared"
    else:
        assert "shared use of a device" in result.stdout


@pytest.mark.parametrize(
    ("text", "position"), [("-2", 1), ("--1", 1), ("--jsn", 1), ("2(V100", 7), ("", 1), ("٣", 1)]
)
def test_machines_get_the_position_of_what_is_wrong(text: str, position: int) -> None:
    result = run("--json", text)
    assert result.exit_code == 2
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert set(document) == {"error", "position", "expected"}
    assert document["position"] == position
    assert document["expected"] in document["error"]


def test_people_get_an_error_and_what_to_do() -> None:
    result = run("2V100")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "Error: GPU request '2V100': not a GPU quantity; at position 2 expected '(' and a model, or the end\n"
        "Next: Put the model between parentheses: 2(V100).\n"
    )


def test_an_old_order_is_read_with_its_profile() -> None:
    assert run("50,8", "--json").exit_code == 2
    for arguments in (
        ("50,8", "--json", "--profile", "tencent-2021"),
        ("--profile=tencent-2021", "50,8", "--json"),
    ):
        document = json.loads(run(*arguments).stdout)
        assert (document["fraction"], document["memory"]) == (0.5, 8192)
        assert document["resource_name"] == "tencent.com/vcuda-core"


@pytest.mark.parametrize(
    "arguments", [(), ("1", "2"), ("1", "--profile"), ("1", "--profile", "none"), ("--json",)], ids=str
)
def test_a_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("0", ["Means no device", "Kubernetes nothing"]),
        (
            "2(V100)",
            [
                "Means 2 whole devices",
                "Model V100",
                "Reserved 2 device units",
                "Device memory all of each device",
                "Apart from others isolated: nobody else is on the device",
                "Kubernetes nvidia.com/gpu: 2",
            ],
        ),
        ("A100:80GB:1", ["Device memory all of each device, which has 81,920 MiB or more"]),
        ("-1", ["Reserved nothing", "Device memory what the others leave", "Kubernetes nothing"]),
        (
            "8G,0.5",
            [
                "Means 0.5 of one device",
                "Reserved 0.5 device units",
                "Device memory 8,192 MiB reserved",
                "Apart from others cooperative: whoever shares the device is trusted to keep to the share",
                "Kubernetes nvidia.com/gpu: 1, nvidia.com/gpucores: 50, nvidia.com/gpumem: 8192",
            ],
        ),
        ("0.5", ["Device memory not limited"]),
        (
            "0.125",
            ["Kubernetes GPU request '0.125' is no whole number of hundredths of a device of profile hami"],
        ),
        (
            "0.25(npu,310P)",
            [
                "Device memory 6,144 MiB reserved",
                "Apart from others isolated: hardware keeps the shares apart",
            ],
        ),
        (
            "1(mig-1g.10gb)",
            ["Means 1 MIG partition 1g.10gb", "Apart from others isolated: nobody else is on the device"],
        ),
    ],
)
def test_people_read_what_a_request_means_and_reserves(text: str, lines: list[str]) -> None:
    shown = [" ".join(line.split()) for line in run(text).stdout.splitlines()]
    assert shown[0] == f"Request {text}"
    for line in lines:
        assert line in shown, shown


def test_people_read_it_in_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert "2 个整卡" in run("2(V100)").stdout
    assert "协作" in run("0.5").stdout


def test_the_table_of_the_home_counts_and_a_bad_one_is_named(trainplat_home: Path) -> None:
    trainplat_home.mkdir()
    file = trainplat_home / "vendors.yaml"
    file.write_text("families: {ppu: {vendor: alibaba, resource: alibaba.com/ppu}}")
    assert json.loads(run("1(ppu)", "--json").stdout)["vendor"] == "alibaba"
    file.write_text("families: {ppu: {}}")
    result = run("1(ppu)", "--json")
    assert result.exit_code == 2
    assert f"{file}: families.ppu.resource is nothing" in result.stderr


def test_a_mistake_is_told_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    told = " ".join(run("8G").stderr.split())
    assert "GPU 申请 '8G'：只有显存，没有份额；位置 3 处应为 ',' 和设备份额，例如 0.5" in told
    assert "要半个设备和这么多显存，请写 8G,0.5；" in told
    assert json.loads(run("8G", "--json").stdout)["expected"].startswith("','")
