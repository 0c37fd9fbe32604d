"""What every test shares: a clean environment, a home of its own, and the servers of ``tests/servers``."""

import os
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from coverage import Coverage

from tests import examples
from tests.environment import enter
from tests.needs import NEEDS, ON_POSTGRESQL, needs

_USER_HOME = Path(tempfile.mkdtemp(prefix="trainplat-tests-"))
_BEGAN_S = time.monotonic()
enter(_USER_HOME)

SERVERS = Path(__file__).with_name("servers")
pytest_plugins = [
    f"tests.servers.{file.stem}" for file in sorted(SERVERS.glob("*.py")) if file.stem != "__init__"
]

UNCOUNTED = ("hypothesis", "uncounted")
"""Marks of tests whose lines are not counted."""
SEED_VARIABLE = "SEED_OF_THESE_TESTS"
SHARED_SERVERS = {
    "real_stack": "the stack",
    "label_studio_server": "Label Studio",
    "mlflow_server": "MLflow",
    "postgres_server": ON_POSTGRESQL,
}
"""Fixtures that start a server for the whole session: one worker gets their tests, so that it starts once."""


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """Whatever a test puts into the environment is gone after it, however it did so."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(autouse=True)
def trainplat_home(_own_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of this test: empty, named by ``TRAINPLAT_HOME``, and not made yet."""
    home = tmp_path / "home"
    monkeypatch.setenv("TRAINPLAT_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What random tests draw from: ``--seed``, else a new one each time, told at the top of the run."""
    return int(request.config.getoption("--seed"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the slow suite: another part of it each time, and the same part again when one failed."""
    # Workers of -n draw as the process does that started them.
    drawn = int(os.environ.setdefault(SEED_VARIABLE, str(secrets.randbelow(1_000_000))))
    parser.addoption("--seed", type=int, default=drawn, help="what random tests draw from")
    parser.addoption("--share", type=float, default=1.0, help="which part of the slow tests to run, 0 to 1")
    parser.addoption("--budget-s", type=int, default=0, help="begin no slow test after so many seconds")


def pytest_report_header(config: pytest.Config) -> str:
    """The seed, so that a failure can be had again."""
    return f"seed: --seed {config.getoption('--seed')} --share {config.getoption('--share')}"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that names what a test needs, and say how many examples are drawn."""
    wanted = config.option.markexpr
    examples.enter(many="slow" in wanted and "not slow" not in wanted)
    config.addinivalue_line(
        "markers",
        "needs(name): skipped where it is missing; what can be installed fails in CI. "
        f"One of: {', '.join(sorted(NEEDS))}",
    )


def pytest_unconfigure() -> None:
    """Take this process's user home away: a worker's ends without what ``atexit`` keeps."""
    shutil.rmtree(_USER_HOME, ignore_errors=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or in CI fail, a test whose needs are not met."""
    budget_s = int(item.config.getoption("--budget-s"))
    if budget_s and item.get_closest_marker("slow") and time.monotonic() - _BEGAN_S > budget_s:
        pytest.skip(f"the {budget_s} s for slow tests are over; another run draws another order")
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            needs(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines of laws and simulations, nor of what is tested on another database besides.

    They run what other tests run once, and to count takes half as long as to run.
    """
    counting = Coverage.current()
    if counting is None or not (_runs_on_postgresql(item) or any(map(item.get_closest_marker, UNCOUNTED))):
        return (yield)
    counting.stop()
    try:
        return (yield)
    finally:
        counting.start()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Say which worker runs a test beside which others, for ``-n``, and which of a pair is slow."""
    item.add_marker(pytest.mark.xdist_group(_worker_group(item)))
    if item.get_closest_marker("slow_on_postgresql") and _runs_on_postgresql(item):
        item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests to ``make test-slow``, which asks for a share of them with ``-m``."""
    if any("::" in argument for argument in config.args):
        return
    share = float(config.getoption("--share")) if config.option.markexpr else 0.0
    draw = random.Random(int(config.getoption("--seed")))
    unwanted = [item for item in items if item.get_closest_marker("slow") and draw.random() >= share]
    if unwanted:
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]
    if config.getoption("--budget-s"):
        draw.shuffle(items)  # what the budget leaves out is something else each time
    items.sort(key=_how_soon)


def _how_soon(item: pytest.Item) -> int:
    """What takes minutes begins first, so that no worker waits for another at the end.

    Of the tests of the stack, those that look at it come before those that kill parts of it.
    """
    if "played_stack" in getattr(item, "fixturenames", ()):
        return 0
    longest_first = ["end_to_end", "real"]
    marked = [place for place, name in enumerate(longest_first, start=1) if item.get_closest_marker(name)]
    return min(marked, default=len(longest_first) + 1)


def _worker_group(item: pytest.Item) -> str:
    """Tests of one group run on one worker: those of a shared server, else those of one file."""
    used = getattr(item, "fixturenames", ())
    shared = [group for fixture, group in SHARED_SERVERS.items() if fixture in used]
    if _runs_on_postgresql(item):
        shared.append(ON_POSTGRESQL)
    return shared[0] if shared else item.nodeid.partition("::")[0]


def _runs_on_postgresql(item: pytest.Item) -> bool:
    """Whether this is the second of a pair: the same test on SQLite needs no server."""
    given = getattr(getattr(item, "callspec", None), "params", {}).values()
    return any(isinstance(one, str) and one == ON_POSTGRESQL for one in given)
