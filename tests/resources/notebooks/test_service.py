"""Notebooks under a lease, with a real JupyterLab."""

import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from resources.errors import Conflict, Denied, NotFound
from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.policy.reason import Reason
from resources.gpu.service import GpuService
from resources.home import Home
from resources.notebooks import store
from resources.notebooks.model import Notebook, Wanted, is_notebook, new_id
from resources.notebooks.service import ENDED, IDLE, OVER, STOPPED, NotebookService, Told, over
from resources.process import ProcessIdentity
from resources.terms import Actor

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ANN = Actor("user:ann")
OWNER = Owner("vision", "ann")
ME = ProcessIdentity.current()


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    return Home(trainplat_home)


def gpu(home: Home) -> GpuService:
    return GpuService(home.database())


def service(home: Home) -> NotebookService:
    return NotebookService(home, gpu(home))


def a_notebook(name: str = "0a1b2c3d-notebook", server: ProcessIdentity = ME) -> Notebook:
    return Notebook(
        id=RunId(name),
        owner=OWNER,
        request="1",
        devices=("cpu:0",),
        folder="work/ann",
        address="http://127.0.0.1:1/lab?token=t",
        opened_at=NOW,
        until=NOW + timedelta(hours=8),
        idle_s=3600,
        server=server,
    )


@pytest.mark.parametrize(
    ("open_h", "still_h", "why"),
    [(0.9, 0.9, None), (1, 1, IDLE), (3, 0.5, None), (8, 0.1, OVER), (9, 0, OVER)],
)
def test_a_notebook_is_given_back_when_it_is_idle_or_its_time_is_over(
    open_h: float, still_h: float, why: str | None
) -> None:
    assert over(open_h * 3600, still_h * 3600, for_s=8 * 3600, idle_s=3600) == why


def test_a_notebook_is_known_while_its_server_lives_and_to_its_user_only(home: Home) -> None:
    dead = ProcessIdentity(ME.pid, ME.started_at - 1)
    store.write(home, a_notebook())
    store.write(home, a_notebook("ffffffff-notebook", dead))
    assert service(home).running() == [a_notebook()]
    [file] = (home.run / "notebooks").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_stopping_what_does_not_run_names_what_does(home: Home) -> None:
    store.write(home, a_notebook())
    with pytest.raises(NotFound, match=r"no notebook has an id that .* there are: 0a1b2c3d-notebook"):
        service(home).stop("beef", user="ann")
    store.write(home, a_notebook("0a1b2c3e-notebook"))
    with pytest.raises(Conflict, match="several notebooks have an id that begins with '0a1b'"):
        service(home).stop("0a1b", user="ann")


def test_only_its_user_or_an_operator_closes_a_notebook(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as server:
        found = ProcessIdentity.of(server.pid)
        assert found is not None
        store.write(home, a_notebook(server=found))
        with pytest.raises(Denied, match="is of ann in project vision; you are eve"):
            service(home).stop("0a1b", user="eve")
        assert found.is_alive()
        service(home).stop("0a1b", user="eve", is_operator=True)
        assert server.wait(60) == -signal.SIGTERM


def test_who_stops_waiting_for_a_notebook_leaves_the_line(home: Home) -> None:
    ledger = gpu(home)
    ledger.submit(RunId("other"), "2", owner=OWNER, origin=Origin.DIRECT, instance="x", actor=ANN, holder=ME)
    ledger.decide_now(ANN)
    ledger.claim(RunId("other"), ME)
    said: list[str] = []

    def give_up(reason: str) -> None:
        said.append(reason)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service(home).keep(Wanted("1", OWNER, 60, 60), Told(give_up, lambda _: None))
    assert said[0].startswith("Waits for 1 device(s), 0 free; in use by run other")
    assert ledger.waiting() == []


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(143)])
def test_a_notebook_that_its_terminal_closes_is_not_said_to_have_failed(
    home: Home, monkeypatch: pytest.MonkeyPatch, end: BaseException
) -> None:
    def closed(*_: object) -> str:
        raise end

    monkeypatch.setattr(NotebookService, "_open", closed)
    with pytest.raises(type(end)):
        service(home).keep(Wanted("1", OWNER, 60, 60), Told(pytest.fail, lambda _: None))
    [past] = gpu(home).status().past
    assert past.release_reason == f"the notebook ended: {ENDED}"


def test_only_the_lease_of_a_notebook_is_taken_for_one() -> None:
    assert is_notebook(new_id())
    assert not is_notebook(RunId("9f0c1a2b-5d6e-4c3b-8a7f-001122334455"))


@pytest.mark.real
@pytest.mark.parametrize(
    ("idle_s", "why"),
    [(1, IDLE), *(pytest.param(3600, why, marks=pytest.mark.slow) for why in (ENDED, STOPPED))],
)
def test_it_opens_in_the_users_folder_with_its_devices_and_gives_them_back(
    home: Home, idle_s: int, why: str
) -> None:
    seen: list[Notebook] = []

    def opened(one: Notebook) -> None:
        seen.append(one)
        held = gpu(home).newest_lease(one.id)
        assert held is not None
        assert held.holder == one.server
        address, _, token = one.address.partition("/lab?token=")
        assert httpx.get(f"{address}/api/kernels", trust_env=False).status_code == 403
        allowed = {"Authorization": f"token {token}"}
        assert httpx.get(f"{address}/api/kernels", headers=allowed, trust_env=False).json() == []
        assert service(home).running() == [one]
        environment = Path(f"/proc/{one.server.pid}/environ").read_text().split("\0")
        assert f"TRAINPLAT_DEVICES={','.join(one.devices)}" in environment
        if why == ENDED:
            service(home).stop(one.id[:8], user="ann")
        if why == STOPPED:
            gone = Finding(Reason("U6", "A neighbour is short.", {}), Action.EVICT, one.id, None)
            assert gpu(home).evict(gone, ANN)

    reason = service(home).keep(Wanted("1", OWNER, 3600, idle_s), Told(pytest.fail, opened))
    assert reason == why
    assert not seen[0].server.is_alive()
    assert (home.path / "work" / "ann").is_dir()
    assert service(home).running() == []
    assert gpu(home).live_leases() == []
    assert gpu(home).status().past[0].release_reason == f"the notebook ended: {why}"
