"""Stand-ins for what vendors install: NVIDIA's shared library, and the tools of the others."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

STANDIN = Path(__file__).with_name("nvml_standin.c")
RECORDED = Path(__file__).with_name("recorded")
LOOK = """
import json, os, sys
from dataclasses import asdict
from resources.errors import TrainplatError
from resources.gpu.inventory.discover import discover, discover_inventory
from resources.gpu.inventory.readings import read_devices
from resources.gpu.inventory.sources import SOURCES

def look():
    seen = {}
    try:
        inventory = discover_inventory()
        seen["devices"] = [asdict(one) for one in inventory.devices]
        seen["readings"] = {name: asdict(one) for name, one in read_devices(inventory).items()}
        found = SOURCES[0].find()
        seen["nvml"] = getattr(found, "version", None) or found.why
        seen["given out"] = [one.id for one in discover()]
    except TrainplatError as problem:
        seen["problem"] = problem.problem
    return seen

for line in sys.stdin:
    os.environ.update(json.loads(line))
    print(json.dumps(look(), default=str), flush=True)
"""

Look = Callable[..., dict[str, Any]]
InstallTool = Callable[..., Path]


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the stand-in for NVML."""
    return compile_nvml(tmp_path_factory.mktemp("nvml"))


def compile_nvml(folder: Path) -> Path:
    """Put the stand-in into ``folder``, which is returned."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.fail("no C compiler here to build the stand-in for NVML with; install gcc")
    target = folder / "libnvidia-ml.so.1"
    soname = "-Wl,-soname,libnvidia-ml.so.1"
    subprocess.run([compiler, "-w", "-shared", "-fPIC", soname, "-o", target, STANDIN], check=True)
    return folder


@pytest.fixture(scope="session")
def onlooker(nvml_library: Path) -> Iterator[subprocess.Popen[str]]:
    """A process with the stand-in, which looks at the devices once for each line that it is sent."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(nvml_library)}
    command = [sys.executable, "-c", LOOK]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def look(onlooker: subprocess.Popen[str], tmp_path: Path) -> Look:
    """What a process sees for which NVML lists these cards: each a line, see the stand-in."""

    def seen(*cards: str, accelerator: str = "auto") -> dict[str, Any]:
        file = tmp_path / "cards"
        file.write_text("\n".join([*cards, ""]))
        told = {"TRAINPLAT_ACCELERATOR": accelerator, "FAKE_NVML": str(file)}
        assert onlooker.stdin is not None
        assert onlooker.stdout is not None
        onlooker.stdin.write(json.dumps(told) + "\n")
        onlooker.stdin.flush()
        answer: dict[str, Any] = json.loads(onlooker.stdout.readline())
        return answer

    return seen


@pytest.fixture
def install_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstallTool:
    """Puts a program on PATH that answers with recorded outputs, by its arguments; it fails on all others."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")

    def install(name: str, answers: Mapping[str, str | Path]) -> Path:
        cases = []
        for number, (arguments, answer) in enumerate(answers.items()):
            text = answer.read_text() if isinstance(answer, Path) else answer
            kept = folder / f"{name}.{number}.answer"
            kept.write_text(text)
            cases.append(f'"{arguments}") exec cat "{kept}";;')
        program = folder / name
        program.write_text(
            "#!/bin/sh\n" + f'case "$*" in\n{chr(10).join(cases)}\n'
            f'*) echo "{name} knows no $*" >&2; exit 1;;\nesac\n'
        )
        program.chmod(0o755)
        return program

    return install
