"""Where a repository of DVC keeps its objects: what it says, its user, and its machine."""

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
        if (said := _said_in(file)) is not None:
            place = file.parent / Path(said).expanduser()
    return place


def _said_in(file: Path) -> str | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(file, encoding="utf-8")
    except (Error, UnicodeDecodeError) as problem:
        raise BadInput(
            f"{file} cannot be read: {str(problem).splitlines()[0]}",
            "Mend it: `dvc config --list` tells more.",
        ) from problem
    return parser.get("cache", "dir", fallback="").strip("'\"") or None


def _around() -> tuple[Path, Path]:
    """The files of the machine and of the user, where dvc/dirs.py looks for them; the later one counts."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser()
    machine = os.environ.get("XDG_CONFIG_DIRS", "").split(":")[0] or "/etc/xdg"
    return (
        Path(os.environ.get("DVC_SYSTEM_CONFIG_DIR") or Path(machine, "dvc")) / "config",
        Path(os.environ.get("DVC_GLOBAL_CONFIG_DIR") or Path(home, "dvc")) / "config",
    )
