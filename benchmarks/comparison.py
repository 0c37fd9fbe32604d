"""How long it takes to see a thousand model versions side by side, here and in MLflow's own pages.

The same versions lie in a home and in a real MLflow server, both on this machine, and one browser looks at
both in turns. The task is the same: come back to the versions from another page, and then change what is
looked for among their parameters. It ends when what was asked for is seen. Here that is the metric of all
versions in a chart, and the first hundred rows with their differences to the baseline; there the first rows
of their list, which loads a hundred runs and shows no metric, chart or difference before it is told to, or,
as `mlflow_charts`, their view with charts. What is compared with first is the list: it is the faster one.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import comparison_mlflow
from benchmarks.comparison_pages import Ours, Pages, Theirs, seconds
from benchmarks.many_models import METHODS, ManyModels, fill
from benchmarks.result import spread
from benchmarks.stack import environment, say
from resources.home import Home
from resources.ports import free_port
from scripts.checkout import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME = "comparison"
DESCRIPTION = (
    "A thousand model versions in a real browser: the switch to the page and a change of the filter, with a "
    "warm cache, median of five, beside the same task in MLflow's own pages, interleaved; cold is reported."
)
START_TIMEOUT_S = 120
OTHERS = METHODS[1:]
"""What is looked for: of the first method is the newest model, which stands first before and after."""
WIDTH_PX, HEIGHT_PX = 1360, 900


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--models", type=int, default=1000, help="model versions, at least 500")
    parser.add_argument("--repeat", type=int, default=5, help="times that each is measured")
    parser.add_argument("--alone", action="store_true", help="without MLflow, whose filling takes minutes")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Fill both, then look at them in turns."""
    with TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        home, mlflow = Home(Path(folder) / "home"), Path(folder) / "mlflow"
        say(f"fills a home with {arguments.models} model versions")
        measured = fill(home, ManyModels(count=arguments.models))
        with contextlib.ExitStack() as stack:
            experiment = ""
            if not arguments.alone:
                say("fills MLflow with the same")
                experiment = comparison_mlflow.fill(mlflow, measured)
            browser = stack.enter_context(_browser())
            ours = stack.enter_context(_dashboard(home))
            looks: list[Pages] = [Ours(_page(browser), ours, arguments.models)]
            if not arguments.alone:
                theirs = stack.enter_context(_mlflow(mlflow))
                looks += [
                    Theirs(_page(browser), theirs, experiment, arguments.models, charts)
                    for charts in (False, True)
                ]
            return _measure(looks, arguments.repeat)


def _measure(looks: Sequence[Pages], repeat: int) -> dict[str, float]:
    """The first look is cold; what follows is warm, one after the other in each round."""
    metrics: dict[str, float] = {}
    for look in looks:
        metrics[f"{look.name}_cold_s"] = seconds(look.arrive)
        _round(look, 0)  # what a page loads when it is first asked for belongs to the cold look
    switches: dict[str, list[float]] = defaultdict(list)
    filters: dict[str, list[float]] = defaultdict(list)
    for number in range(repeat):
        for look in looks:
            switch_s, filter_s = _round(look, number)
            say(f"{number} {look.name}: switch {switch_s:.2f} s, filter {filter_s:.2f} s")
            switches[look.name].append(switch_s)
            filters[look.name].append(filter_s)
    for look in looks:
        metrics |= spread(f"{look.name}_switch_s", switches[look.name])
        metrics |= spread(f"{look.name}_filter_s", filters[look.name])
    for what, values in (("switch", switches), ("filter", filters)):
        for other in (look.name for look in looks[1:]):
            metrics[f"{what}_ratio_to_{other}"] = median(values["ours"]) / median(values[other])
    return metrics


def _round(look: Pages, number: int) -> tuple[float, float]:
    look.leave()
    switch_s = seconds(look.switch)
    ask = look.narrow(OTHERS[number % len(OTHERS)])
    filter_s = seconds(ask)
    look.widen()
    return switch_s, filter_s


@contextlib.contextmanager
def _browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


def _page(browser: "Browser") -> "Page":
    context = browser.new_context(locale="en-GB", viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
    return context.new_page()


@contextlib.contextmanager
def _dashboard(home: Home) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app" / "app.py")]
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with (home.path.parent / "dashboard.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment(home.path), stdout=log, stderr=log, start_new_session=True
        )
    with _ended(process):
        yield _ready(f"http://127.0.0.1:{port}", "/_stcore/health")


@contextlib.contextmanager
def _mlflow(folder: Path) -> Iterator[str]:
    port = free_port()
    with _ended(comparison_mlflow.start(folder, port)):
        yield _ready(f"http://127.0.0.1:{port}", "/health")


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Both leave processes of their own: the group is ended."""
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _ready(address: str, path: str) -> str:
    import httpx

    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address + path, timeout=2).is_success:
                return address
        time.sleep(0.2)
    raise TimeoutError(f"{address} does not answer after {START_TIMEOUT_S} s")
