"""A supervisor over two small parts, for tests that kill it: ``python -m …small_stack HOME``."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from resources.home import Home
from trainplat_cli.commands.up import stop_on_signals
from trainplat_cli.output import err
from trainplat_cli.progress import Progress
from trainplat_cli.supervisor import run
from trainplat_cli.supervisor.marked import MARK_VARIABLE
from trainplat_cli.supervisor.model import Part, PartName, StackStatus, StopOrder
from trainplat_cli.supervisor.probes import http_probe

SERVER = """
import http.server, subprocess, sys
beside = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER


def small_parts(home: Home, ports: dict[PartName, int], mark: str) -> Sequence[Part]:
    """MLflow and Streamlit, played by web servers with a child each."""
    environment = {**os.environ, MARK_VARIABLE: mark}

    def part(name: PartName, code: str, order: StopOrder) -> Part:
        port = ports[name]
        command = (sys.executable, "-c", code, str(port))
        return Part(
            name,
            command,
            environment,
            home.run,
            http_probe(port, "/"),
            port,
            f"http://{port}",
            stop_order=order,
        )

    code = STUBBORN if "stubborn" in sys.argv else SERVER
    return (
        part(PartName.MLFLOW, code, StopOrder.AFTER_RUNS),
        part(PartName.STREAMLIT, code, StopOrder.BEFORE_RUNS),
    )


def main(home: Home) -> None:
    """Supervise until a signal comes."""
    vars(run).update(
        build_parts=lambda home, ports, _secrets, mark, *_more, **_: small_parts(home, ports, mark),
        label_studio_program=lambda: Path(sys.executable),
        put_runs_back=put_back,
    )
    stop, hurry = threading.Event(), threading.Event()
    with stop_on_signals(stop, hurry):
        run.supervise(home, stop, hurry, Progress(err()).show if "watched" in sys.argv else unwatched)


def put_back(home: Home) -> int:
    """Leaves a sign that running trainings were put back."""
    (home.run / "put-back").touch()
    return 0


def unwatched(_status: StackStatus) -> None:
    """Tell nobody."""


if __name__ == "__main__":
    if "deaf" in sys.argv:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does with what is started with &
    main(Home(Path(sys.argv[1])))
