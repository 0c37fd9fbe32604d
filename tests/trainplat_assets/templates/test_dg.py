"""Dagster's own commands on what the platform declares: ``dg check yaml`` and ``dg list defs``."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.modules import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
DG = Path(sys.executable).parent / "dg"
PIPELINES = "trainplat_assets/pipelines"


def dg(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder), "DAGSTER_HOME": str(CHECKOUT), "NO_COLOR": "1"}
    return subprocess.run(
        [str(DG), *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def test_what_comes_with_the_platform_passes_the_check_of_dagster() -> None:
    told = dg(CHECKOUT, "check", "yaml")
    assert (told.returncode, "All component YAML validated successfully." in told.stdout) == (0, True)


def test_the_check_of_dagster_points_at_wrong_values(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for name in ("trainplat_assets", "resources", "sensors"):
        shutil.copytree(
            CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "pipelines")
        )
    shutil.copytree(CHECKOUT / "resources/pipelines", tmp_path / "resources/pipelines")
    shutil.copytree(CHECKOUT / PIPELINES, tmp_path / PIPELINES)
    wrong = tmp_path / PIPELINES / "wine/defs.yaml"
    wrong.parent.mkdir()
    wrong.write_text(
        "type: trainplat_assets.templates.Pretrain\nattributes:\n  task: tables\n  steps: many\n  hops: 3\n"
    )
    told = dg(tmp_path, "check", "yaml")
    assert told.returncode == 1
    for place in ("wine/defs.yaml:3", "wine/defs.yaml:4", "wine/defs.yaml:5"):
        assert place in told.stdout
    assert "'many' is not of type 'integer'" in told.stdout


def test_dagster_lists_the_definitions_of_every_pipeline() -> None:
    told = dg(CHECKOUT, "list", "defs", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    keys = {one["key"] if "key" in one else one["asset_key"] for one in found["assets"]}
    assert {"stories/model", "sums/model", "text_scores/sums", "digits/champion"} <= keys
