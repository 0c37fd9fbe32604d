"""``trainplat model run | ps | serve | stop`` with a real server."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from resources.deploy_plan import DeployPlan
from resources.errors import ExitCode, NotFound
from resources.home import Home
from resources.ports import free_port
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.serving.running import end, running
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import SAMPLES, saying, served
from trainplat_cli.main import main
from trainplat_cli.supervisor.prepare import mark_home


def model(*arguments: str, standard_input: bytes | None = None) -> Result:
    """``trainplat model`` on a wide terminal."""
    return CliRunner().invoke(
        main, ["model", *arguments], env={"COLUMNS": "240"}, input=standard_input, catch_exceptions=False
    )


def told(*arguments: str) -> Any:
    done = model(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def picture() -> bytes:
    content = BytesIO()
    Image.fromarray(SAMPLES[0]).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def service(trainplat_home: Path) -> Iterator[DeploymentService]:
    """One model that is live and one that is not; the server that a test begins is ended."""
    mark_home(Home(trainplat_home))
    made = served(trainplat_home, {1: saying(1), 7: saying(7)})
    made.promote(parse_reference("digits:1"), ACTOR, "a test", declared=DeployPlan(idle_s=0))
    yield made
    home = Home(trainplat_home)
    if running(home) is not None:
        end(home)


@pytest.mark.usefixtures("service")
def test_one_command_asks_a_model_about_files_and_others_show_and_stop_what_runs(tmp_path: Path) -> None:
    good, broken = tmp_path / "good.png", tmp_path / "broken.png"
    good.write_bytes(picture())
    broken.write_bytes(b"no picture")
    assert told("ps") == {"server": None, "models": [], "endpoints": {}}
    said = model(
        "run", "digits", str(good), str(broken), str(tmp_path / "none.png"), "-", standard_input=picture()
    )
    assert said.exit_code == ExitCode.BAD_INPUT
    title, first, second = said.stdout.splitlines()
    assert title.split() == ["FILE", "SURE", "BY", "ANSWER"]
    assert first.split() == [str(good), "100.0", "%", "digits:1", "1"]
    assert second.split() == ["-", "100.0", "%", "digits:1", "1"]
    assert f"{broken}: " in said.stderr
    assert f"{tmp_path / 'none.png'}: it cannot be read: No such file or directory" in said.stderr
    assert "2 of 4 files cannot be read" in said.stderr
    one = told("run", "digits:7", str(good))
    assert (one["model"], one["answers"][0]["answer"]) == ("digits:7", "7")
    assert one["answers"][0]["sureness"] == pytest.approx(1.0)

    loaded = {one["reference"]: one for one in told("ps")["models"]}
    assert loaded["digits:1"]["unloads_in_s"] is None
    assert 0 < loaded["digits:7"]["unloads_in_s"] <= 300
    assert loaded["digits:7"]["replicas"][0]["device"] == "cpu"
    lines = model("ps").stdout.splitlines()
    assert lines[0].split() == ["NAME", "DIGEST", "SIZE", "DEVICE", "REPLICAS", "STATE", "UNTIL"]
    assert lines[1].split()[-2:] == ["ready", "stays"]
    assert loaded["digits:1"]["digest"][:12] in lines[1]
    assert lines[-2].split() == ["ENDPOINT", "LIVE", "NEW", "REQUESTS"]
    assert lines[-1].split()[:3] == ["digits", "digits:1", "-"]

    assert "Unloaded: digits:7." in model("stop", "digits:7").stdout
    assert [one["reference"] for one in told("ps")["models"]] == ["digits:1"]
    assert "has no version or tag '9'" in model("run", "digits:9", str(good)).stderr
    assert "has ended" in model("stop", "--server").stdout
    assert model("stop", "--server").exit_code == NotFound.exit_code
    assert "No model server runs" in model("ps").stdout


def test_asking_about_nothing_and_stopping_nothing_is_refused_before_anything_starts(
    trainplat_home: Path,
) -> None:
    assert "Name files to ask about" in model("run", "digits").stderr
    assert "no declared data set 'birds'" in model("run", "birds", "a.png").stderr
    assert "Name a model, or give --server" in model("stop").stderr
    assert "Name a model, or give --server" in model("stop", "digits", "--server").stderr
    assert running(Home(trainplat_home)) is None


@pytest.mark.slow
def test_a_prompt_asks_line_by_line_and_goes_on_after_what_cannot_be_read(
    service: DeploymentService, tmp_path: Path
) -> None:
    (tmp_path / "good.png").write_bytes(picture())
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "trainplat_cli.main", "model", "run", "digits"]
    environment = {**os.environ, "TRAINPLAT_HOME": str(service.home.path), "TERM": "dumb", "COLUMNS": "200"}
    begun = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)

    def heard(wanted: str) -> None:
        seen = ""
        while wanted not in seen:
            seen += os.read(ours, 4096).decode()

    heard(">>> ")
    os.write(ours, b"%s/none.png\n" % os.fsencode(tmp_path))
    heard("it cannot be read: No such file or directory")
    os.write(ours, b"%s/good.png\n" % os.fsencode(tmp_path))
    heard("1  (100.0 %, digits:1)")
    os.write(ours, b"/bye\n")
    assert begun.wait() == 0
    os.close(ours)


@pytest.mark.slow
def test_a_server_in_the_foreground_serves_until_it_is_interrupted(service: DeploymentService) -> None:
    home = service.home
    port = free_port()
    command = [sys.executable, "-m", "trainplat_cli.main", "model", "serve", "--port", str(port)]
    environment = {**os.environ, "TRAINPLAT_HOME": str(home.path), "COLUMNS": "200"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as begun:
        while (found := running(home)) is None:
            assert begun.poll() is None
        assert found.address == f"http://127.0.0.1:{port}"
        assert "runs already at" in model("serve", "--port", "0").stderr
        begun.send_signal(signal.SIGINT)
        assert f"Serving the models of {home.path}" in begun.communicate()[1]
    assert begun.returncode == 0
    assert running(home) is None
