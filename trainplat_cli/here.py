"""A run of Dagster in a process below this one: its log goes to a file, its end to the terminal."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from resources.home import HOME_VARIABLE, Home
from resources.texts import mark
from trainplat_cli.command import option
from trainplat_cli.failing import failure_of
from trainplat_cli.output import err
from trainplat_cli.texts import _

CODE = "trainplat_assets.definitions"
FOLDER = "here"
"""Where the logs of such runs lie, among those of the home."""

verbose_option = option(
    "--verbose", is_flag=True, help=mark("Show the log of a run in this process, which is in a file else.")
)


def run_here(
    home: Home,
    job: str,
    what: str,
    *,
    config: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    verbose: bool = False,
) -> None:
    """Be the run of ``job``: without daemon and without queue, under a lease of its own.

    Where it fails, the sentence of the step that did is raised, as ``what``; its traces are in the log.
    """
    from trainplat_cli.supervisor.prepare import link_instance

    link_instance(home)
    log = home.logs / FOLDER / f"{job}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="trainplat-here-") as folder, log.open("wb") as file:
        command = [sys.executable, "-m", "dagster", "job", "execute", "-m", CODE, "-j", job]
        if config is not None:
            path = Path(folder) / "run.yaml"
            path.write_text(json.dumps(config))  # JSON is YAML
            command += ["-c", str(path)]
        command += ["--tags", json.dumps(dict(tags))] if tags else []
        if not verbose:
            err().print(_("It runs in this process; its log is {path}").format(path=log), markup=False)
        failed = _ended(command, home, file, verbose=verbose)
    if failed:
        raise failure_of(home, job, what, log)


def _ended(command: list[str], home: Home, log: IO[bytes], *, verbose: bool) -> int:
    environment = {**os.environ, HOME_VARIABLE: str(home.path), "DAGSTER_HOME": str(home.dagster)}
    if not verbose:
        return subprocess.run(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, check=False
        ).returncode
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout or ():
            log.write(line)
            sys.stderr.buffer.write(line)  # its log is no result
            sys.stderr.buffer.flush()
    return process.returncode
