"""Versions that lie ready as folders: overlays and snapshots are made from them, at once."""

import shutil
from pathlib import Path
from secrets import token_hex

from resources.data.storage.objects import TREE_SUFFIX, ObjectStore

_ASIDE = ".aside-"
"""Stands in the name of a folder from which nothing is made any more."""
_MOUNTS = Path("/proc/self/mountinfo")


def ready_root(objects: ObjectStore) -> Path:
    """Where all of them lie."""
    return objects.cache / "ready"


def ready_folder(objects: ObjectStore, tree_md5: str, kind: str) -> Path:
    """Where a tree lies ready, or would lie."""
    return ready_root(objects) / f"{tree_md5.removesuffix(TREE_SUFFIX)}-{kind}"


def looked_at(folder: Path) -> Path:
    """The file whose time tells when a folder was last found untouched."""
    return folder.with_name(f"{folder.name}.looked-at")


def ready_lock(folder: Path) -> Path:
    """The file that whoever makes a folder ready holds."""
    return folder.with_name(f"{folder.name}.lock")


def ready_folders(objects: ObjectStore, tree_md5: str) -> list[Path]:
    """The folders from which spaces of a tree are made now."""
    found = ready_root(objects).glob(f"{tree_md5.removesuffix(TREE_SUFFIX)}-*")
    return [path for path in found if _ASIDE not in path.name and path.is_dir()]


def set_aside(folder: Path) -> Path:
    """Make nothing from a folder any more; overlays that are mounted over it keep what they have."""
    looked_at(folder).unlink(missing_ok=True)
    return folder.rename(folder.with_name(f"{folder.name}{_ASIDE}{token_hex(4)}"))


def remove_set_aside(objects: ObjectStore) -> int:
    """Remove the folders that were set aside and that no overlay shows any more; how many."""
    removed, mounts = 0, _MOUNTS.read_text() if _MOUNTS.exists() else ""
    for folder in ready_root(objects).glob(f"*{_ASIDE}*"):
        if f"/{folder.name.partition(_ASIDE)[0]}," in mounts:  # as it was named when it was mounted
            continue
        shutil.rmtree(folder, ignore_errors=True)
        removed += not folder.exists()
    return removed
