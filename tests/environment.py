"""The environment that tests run in: nothing of the user's own leaks in, nothing of the tests' leaks out."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path

OURS = ("TRAINPLAT_", "DAGSTER_", "MLFLOW_", "LABEL_STUDIO_", "STREAMLIT_", "DVC_", "POSTGRE_")
"""Variables with these beginnings change what the parts do; a developer's own are taken away."""

COUNTING = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
"""By these each process that one of ours starts counts which lines it runs."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""How many threads share one sum. Several wait in a loop for the slowest of them: beside other workers, which
keep each core busy, a small training takes four times the time with two threads that it takes with one."""
WORKER = "PYTEST_XDIST_WORKER"


def clean(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for a test process whose home folder is ``home``.

    Sent nowhere: usage statistics. Left alone: the machine's GPUs, so that every machine has the CPU slots
    that tests count on. One thread each: see :data:`THREADS`. Kept where they are: the caches of the package
    installers, which hold gigabytes and no settings.
    """
    cleaned = {name: value for name, value in environment.items() if not name.startswith(OURS)}
    for name in (
        "LANGUAGE",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
    ):  # a make inside `make test` is nobody's child
        cleaned.pop(name, None)
    user_home = Path(environment.get("HOME") or Path.home())
    cleaned.update(
        HOME=str(home),
        XDG_CONFIG_HOME=str(home / ".config"),
        XDG_CACHE_HOME=str(home / ".cache"),
        XDG_DATA_HOME=str(home / ".local/share"),
        XDG_STATE_HOME=str(home / ".local/state"),
        DVC_GLOBAL_CONFIG_DIR=str(home / ".config/dvc"),
        DVC_SYSTEM_CONFIG_DIR=str(home / ".config/dvc-system"),
        DVC_SITE_CACHE_DIR=str(home / ".cache/dvc-site"),
        UV_CACHE_DIR=environment.get("UV_CACHE_DIR") or str(user_home / ".cache/uv"),
        PIP_CACHE_DIR=environment.get("PIP_CACHE_DIR") or str(user_home / ".cache/pip"),
        LANG="C.UTF-8",
        LC_ALL="C.UTF-8",
        TRAINPLAT_ACCELERATOR="cpu",
        DAGSTER_DISABLE_TELEMETRY="true",
        DO_NOT_TRACK="1",
        DVC_NO_ANALYTICS="1",
        MLFLOW_DISABLE_TELEMETRY="true",
        STREAMLIT_BROWSER_GATHER_USAGE_STATS="false",
        **dict.fromkeys(THREADS, "1"),
    )
    return cleaned


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment`` for processes whose lines need not be counted: what they run, others run as well."""
    return {name: value for name, value in environment.items() if name not in COUNTING}


def enter(home: Path) -> None:
    """Make this process's environment a clean one. Called once, before any test module is imported.

    The workers of ``-n`` count their lines; what their tests start does not: counting costs a process of
    Dagster's a third more time, and there are hundreds of them.
    """
    home.mkdir(parents=True, exist_ok=True)
    cleaned = clean(home, os.environ)
    kept = () if WORKER in os.environ else COUNTING
    for name in set(os.environ) - set(cleaned) - set(kept):
        del os.environ[name]
    os.environ.update(cleaned)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As whatever a script starts with `&`; so would be all that tests start, and press Ctrl-C in.
        signal.signal(signal.SIGINT, signal.default_int_handler)
