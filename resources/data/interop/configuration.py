"""What the configuration of a repository of DVC says: its own, its user's, and its machine's."""

import os
from configparser import ConfigParser, Error
from pathlib import Path

from resources.errors import BadInput


def own_cache(root: Path) -> Path:
    """The cache that a repository has where no configuration names another."""
    return root / ".dvc" / "cache"


def cache_of(root: Path) -> Path:
    """The cache that ``dvc`` uses in a repository. Raises BadInput for a file that cannot be read."""
    place = own_cache(root)
    for file in (*_around(), root / ".dvc" / "config", root / ".dvc" / "config.local"):
        if said := _said_in(file, "cache", "dir"):
            place = file.parent / _expanded(said, file)
    return place


def is_without_git(root: Path) -> bool:
    """Whether a repository says that git has no part in it. Raises BadInput as :func:`cache_of` does."""
    files = (root / ".dvc" / "config", root / ".dvc" / "config.local")
    said = [one for file in files if (one := _said_in(file, "core", "no_scm"))]
    return said[-1:] == ["true"]


def _expanded(said: str, file: Path) -> Path:
    try:
        return Path(said).expanduser()
    except RuntimeError:
        raise BadInput(
            f"{file} says that the cache is at {said}, and nobody here knows that home",
            "Give its whole path there: `dvc config cache.dir PATH`.",
        ) from None


def _said_in(file: Path, section: str, option: str) -> str:
    """What a file says of an option, in small letters where it is true or false; empty for nothing."""
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (Error, UnicodeDecodeError) as problem:
        raise BadInput(
            f"{file} cannot be read: {str(problem).splitlines()[0]}",
            "Mend it: `dvc config --list` tells more.",
        ) from problem
    said = parser.get(section, option, fallback="").strip("'\"")
    return said.lower() if said.lower() in ("true", "false") else said


def _around() -> list[Path]:
    """The files of the machine and of the user, where dvc/dirs.py looks for them; the later one counts."""
    machine = os.environ.get("XDG_CONFIG_DIRS", "").split(":")[0] or "/etc/xdg"
    folders = [Path(os.environ.get("DVC_SYSTEM_CONFIG_DIR") or Path(machine, "dvc")), _of_the_user()]
    return [folder / "config" for folder in folders if folder is not None]


def _of_the_user() -> Path | None:
    if folder := os.environ.get("DVC_GLOBAL_CONFIG_DIR"):
        return Path(folder)
    try:
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser(), "dvc")
    except RuntimeError:  # as in a container whose user has no home
        return None
