import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from resources.clock import utc_now
from resources.errors import Unavailable
from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from trainplat_cli.commands import up as module
from trainplat_cli.commands.up import start_detached, stop_on_signals, supervisor_log
from trainplat_cli.main import main
from trainplat_cli.output import err, out
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.supervisor.record import only_supervisor, write_addresses, write_status


def test_signals_stop_and_a_second_one_hurries() -> None:
    stop, hurry = threading.Event(), threading.Event()
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals(stop, hurry) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.is_set()
        assert not hurry.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert hurry.is_set()
    assert (caught.first, caught.exit_code) == (signal.SIGTERM, 143)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_stack_of_one_home_is_refused(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", sys.executable)
    log = supervisor_log(Home(trainplat_home))
    log.parent.mkdir(parents=True)
    log.write_text("what the first one said\n")
    with only_supervisor(Home(trainplat_home)):
        result = CliRunner().invoke(main, ["up"])
        detached = CliRunner().invoke(main, ["up", "--detach"])
    assert log.read_text().startswith("what the first one said\n")
    assert "what the first one said" not in detached.stderr
    assert result.exit_code == detached.exit_code == 5
    for said in (result.stderr, detached.stderr):
        assert "runs already" in said
        assert "trainplat down" in said


def test_a_missing_label_studio_is_said_before_anything_is_made(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", "/nowhere/label-studio")
    result = CliRunner().invoke(main, ["up"])
    assert result.exit_code == 4
    assert "make setup" in result.stderr
    assert not trainplat_home.exists()


def test_a_stack_that_is_not_ready_in_time_names_what_is_missing(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(trainplat_home)
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    supervisor = ProcessIdentity.of(sleeper.pid)
    assert supervisor is not None
    part = PartStatus(PartName.LABEL_STUDIO, PartState.STARTING, utc_now(), home.logs / "x.log")
    write_status(home, StackStatus(supervisor, "one", StackPhase.STARTING, utc_now(), (part,)))
    monkeypatch.setattr(module, "launch", lambda _home: sleeper)
    try:
        with pytest.raises(Unavailable, match="still missing: label-studio") as late:
            start_detached(home, err(), timeout_s=0.3)
    finally:
        sleeper.kill()
        sleeper.wait()
    assert "trainplat down" in late.value.next_step


def test_the_addresses_say_how_to_sign_in_without_showing_the_password(
    trainplat_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(trainplat_home)
    write_addresses(home, Addresses("http://d", "http://m", "http://[fe80::1]", "http://s", "http://w"))
    module.show_addresses(out(), home)
    shown = capsys.readouterr().out
    assert [line.split()[-1] for line in shown.splitlines()[:4]] == [
        "http://s",
        "http://d",
        "http://[fe80::1]",
        "http://m",
    ]
    assert str(home.secrets_file) in shown
    assert "admin@trainplat.local" in shown
