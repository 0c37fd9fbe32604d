"""The files of the checkout, as git knows them: tracked ones and new ones that are not ignored."""

import subprocess
from functools import cache
from pathlib import Path

from tests.house.modules import CHECKOUT

_ENDINGS = ".py .toml .yaml .yml .md .sh .txt .cfg .ini .ipynb .json .in .po .css"
TEXT_ENDINGS = frozenset(_ENDINGS.split())
TEXT_NAMES = {"Makefile", "run", ".gitignore"}


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(
        path for name in sorted(set(listed.split("\0"))) if name and (path := CHECKOUT / name).is_file()
    )


def text_files() -> list[Path]:
    """Those that people read."""
    return [path for path in files() if path.suffix in TEXT_ENDINGS or path.name in TEXT_NAMES]


def name_of(path: Path) -> str:
    """The path inside the checkout."""
    return path.relative_to(CHECKOUT).as_posix()
