"""The checkout: where its parts lie, and how its chores talk to people."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Environment:
    """One Python environment and the lock file that says what is in it."""

    name: str
    folder: Path
    lock: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin/python"


PLATFORM = Environment("trainplat", ROOT / ".venv", ROOT / "locks/trainplat.txt")
LABEL_STUDIO = Environment("Label Studio", ROOT / ".venvs/label-studio", ROOT / "locks/label-studio.txt")
INSTALLER_LOCK = ROOT / "locks/uv.txt"


class CommandFailed(Exception):
    """A command that a chore started ended with an error, which it has printed itself."""

    def __init__(self, command: Sequence[str], status: int) -> None:
        super().__init__(f"{' '.join(command)} ended with status {status}")


def say(text: str) -> None:
    """One line for whoever watches, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stop(problem: str, next_step: str) -> NoReturn:
    """End with a problem that a person can mend, and what to do about it."""
    sys.stdout.flush()
    sys.stderr.write(f"{problem}\nNext: {next_step}\n")
    raise SystemExit(2)


def run(
    command: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    keep: Sequence[int] = (),
    hidden: tuple[str, ...] = (),
) -> None:
    """Run ``command`` in the checkout and pass on what it says, less the lines that begin with ``hidden``.

    ``keep`` are file descriptors that it inherits. Raises :class:`CommandFailed`.
    """
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        pass_fds=tuple(keep),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            if line.strip() and not line.startswith(hidden):
                say(f"      {line.strip()}")
    if process.returncode != 0:
        raise CommandFailed(command, process.returncode)
