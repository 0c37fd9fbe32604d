"""Make the two environments of the checkout: ``python3.11 -m scripts.setup``, or ``make setup``.

What is installed already and fits the lock files is left alone, so a second start takes no time. A set-up
that was killed half-way is found and mended by the next one.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.checkout import (
    INSTALLER_LOCK,
    LABEL_STUDIO,
    PLATFORM,
    ROOT,
    CommandFailed,
    Environment,
    run,
    say,
    stop,
)
from scripts.indexes import has_nvidia_driver, pip_settings, torch_options, uv_environment

UV_CHATTER = (" + ", " - ", " ~ ", "Using Python")
PIP_CHATTER = (
    "Requirement already",
    "Collecting",
    "Processing",
    "  ",
    "Looking in",
    "Using cached",
    "WARNING: Location",
)
STAMP = ".trainplat-stamp"
UNFINISHED = ".trainplat-unfinished"


def main() -> None:
    """Make what is missing, or say nothing when all of it is there."""
    environments = (PLATFORM, LABEL_STUDIO)
    if all(is_ready(environment) for environment in environments):
        return
    with one_at_a_time() as lock:
        missing = [environment for environment in environments if not is_ready(environment)]
        started_s = time.monotonic()
        for number, environment in enumerate(missing, start=1):
            say(f"[{number}/{len(missing)}] {environment.name}: {_relative(environment.folder)}")
            make(environment, lock)
        if missing:
            say(f"Set-up done in {time.monotonic() - started_s:.0f} s.")


def is_ready(environment: Environment) -> bool:
    """Whether ``environment`` is what its lock file and ``pyproject.toml`` ask for."""
    stamp = environment.folder / STAMP
    if not stamp.exists() or (environment.folder / UNFINISHED).exists() or not environment.python.exists():
        return False
    return stamp.read_text() == fingerprint(environment)


def fingerprint(environment: Environment) -> str:
    """What an environment is made of, as one hash; it differs when a new set-up is due.

    Of ``pyproject.toml`` only what says how the project is installed counts. The folder counts, because the
    programs of an environment name it: one that was moved does not work.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    installed = {
        "project": project["project"],
        "build": project["build-system"],
        "setuptools": project["tool"]["setuptools"],
    }
    content = hashlib.sha256(environment.lock.read_bytes())
    content.update(str(environment.folder).encode())
    if environment == PLATFORM:
        content.update(INSTALLER_LOCK.read_bytes())
        content.update(json.dumps(installed, sort_keys=True).encode())
    return content.hexdigest()


def make(environment: Environment, lock: int) -> None:
    """Create ``environment`` or bring it up to date. What it starts holds ``lock`` too."""
    unfinished = environment.folder / UNFINISHED
    # Packages that were being written when a set-up was killed look installed: it begins anew.
    _ensure_environment(environment, lock, anew=unfinished.exists())
    (environment.folder / STAMP).unlink(missing_ok=True)
    unfinished.touch()
    try:
        _install(environment, lock)
    except CommandFailed as failed:
        stop(
            f"{environment.name} could not be installed: {failed}",
            "Mend what the lines above name (often the network or a full disk), then run the same again.",
        )
    draft = environment.folder / (STAMP + ".tmp")
    draft.write_text(fingerprint(environment))
    draft.replace(environment.folder / STAMP)
    unfinished.unlink()


@contextmanager
def one_at_a_time() -> Iterator[int]:
    """Hold the checkout's set-up lock; waits for another set-up to end. Gives the lock's file descriptor."""
    (ROOT / ".venvs").mkdir(exist_ok=True)
    with (ROOT / ".venvs/setup.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this checkout is at work; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _ensure_environment(environment: Environment, lock: int, *, anew: bool) -> None:
    if not anew and _works(environment):
        return
    say(f"      making the environment with Python {sys.version.split()[0]}")
    environment.folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "venv", "--clear", str(environment.folder)]
    try:
        run(command, keep=[lock])
    except CommandFailed:
        _install_venv_module()
        try:
            run(command, keep=[lock])
        except CommandFailed as failed:
            stop(
                f"Python cannot make an environment in {environment.folder}: {failed}",
                "Install its venv module (Debian: apt-get install python3.11-venv), then run make again.",
            )


def _install_venv_module() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    say("      installing python3.11-venv")
    subprocess.run(["apt-get", "install", "-y", "-q", "python3.11-venv"], check=False)


def _works(environment: Environment) -> bool:
    """Whether its pip runs, and was made in this folder: a moved one starts the programs of the old place."""
    program = environment.folder / "bin/pip"
    if not program.exists() or str(environment.folder) not in program.read_text(errors="replace"):
        return False
    asked = [str(environment.python), "-m", "pip", "--version"]
    return (
        environment.python.exists()
        and subprocess.run(asked, capture_output=True, check=False).returncode == 0
    )


def _install(environment: Environment, lock: int) -> None:
    driver = has_nvidia_driver()
    uv = _uv(lock)
    say(f"      installing {_relative(environment.lock)} with {'pip' if uv is None else 'uv'}")
    if uv is None:
        _install_with_pip(environment, lock)
    else:
        _install_with_uv(uv, environment, lock, driver=driver)
    if environment == PLATFORM:
        say("      installing the project itself, editable")
        pip = [str(environment.python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], keep=[lock])
        _check_torch(driver=driver)


def _uv(lock: int) -> str | None:
    """The pinned uv, inside the platform's environment; None where it cannot be had."""
    program = PLATFORM.folder / "bin/uv"
    pip = [str(PLATFORM.python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    try:
        run([*pip, "-r", str(INSTALLER_LOCK)], keep=[lock])
    except CommandFailed:
        say("      uv cannot be installed here; pip does its work, more slowly")
        return None
    return str(program) if program.exists() else None


def _install_with_uv(uv: str, environment: Environment, lock: int, *, driver: bool) -> None:
    settings = pip_settings(str(PLATFORM.python))
    looking = uv_environment(settings, os.environ)
    torch = torch_options(settings, os.environ, driver=driver) if environment == PLATFORM else []
    where = ["--python", str(environment.python), *torch]
    locked = [uv, "pip", "sync", "--compile-bytecode", *where, str(environment.lock)]
    run(locked, environment=looking, keep=[lock], hidden=UV_CHATTER)
    if environment == PLATFORM and driver:
        # The libraries that a CUDA build needs depend on the driver, so no lock file names them.
        run([uv, "pip", "install", *where, _torch_pin()], environment=looking, keep=[lock], hidden=UV_CHATTER)


def _install_with_pip(environment: Environment, lock: int) -> None:
    # The lock file is complete, and one pin in it goes against a wish (docs/decisions/0002-locks.md).
    pip = [str(environment.python), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check"]
    run([*pip, "-r", str(environment.lock)], keep=[lock], hidden=PIP_CHATTER)


def _torch_pin() -> str:
    return next(line for line in PLATFORM.lock.read_text().splitlines() if line.startswith("torch=="))


def _check_torch(*, driver: bool) -> None:
    """Where there is no NVIDIA driver, torch must be the build without CUDA; the other may not even load."""
    asked = "import torch; print(torch.__version__, torch.version.cuda or 'none')"
    told = subprocess.run([str(PLATFORM.python), "-c", asked], capture_output=True, text=True, check=False)
    if told.returncode == 0 and (driver or told.stdout.split()[1] == "none"):
        return
    found = told.stdout.strip() or told.stderr.strip().splitlines()[-1]
    stop(
        f"The installed torch cannot be loaded: {found}"
        if driver
        else f"Without an NVIDIA driver, torch has to be the build without CUDA; installed is {found}",
        "Tell pip where the build without CUDA is (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL), or set "
        "UV_TORCH_BACKEND=cpu, then run make setup again.",
    )


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
