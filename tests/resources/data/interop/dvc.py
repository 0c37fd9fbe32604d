"""The real ``dvc`` and ``git``, run in a folder."""

import os
import subprocess
import sys
from pathlib import Path

AUTHOR = "Ada Example <ada@example.org>"


def dvc(folder: Path, *arguments: str) -> str:
    """What ``dvc`` prints. Raises where it fails."""
    # Its state is kept below the folder: the tests share no cache with each other.
    settings = {"DVC_SITE_CACHE_DIR": str(folder.parent / ".dvc-site"), "DVC_NO_ANALYTICS": "1"}
    return _run([sys.executable, "-m", "dvc", *arguments], folder, settings)


def git(folder: Path, *arguments: str, at: str = "2026-03-01T12:00:00+02:00") -> str:
    """What ``git`` prints, as a person with a name, at a time."""
    named = {
        "GIT_AUTHOR_NAME": "Ada Example",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Example",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": at,
        "GIT_COMMITTER_DATE": at,
    }
    return _run(["git", *arguments], folder, named)


def contents(folder: Path) -> dict[str, bytes]:
    """Path to content of all files of a folder."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _run(command: list[str], folder: Path, settings: dict[str, str]) -> str:
    ran = subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, text=True)
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
    return ran.stdout
