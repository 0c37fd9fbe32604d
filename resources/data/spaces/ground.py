"""What a place can: tried, not guessed."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp

from resources.data.spaces.btrfs import is_btrfs
from resources.data.spaces.choosing import Ground
from resources.data.spaces.overlay import Layers, mount, unmount
from resources.data.storage.drafts import own_mark, sweep_drafts
from resources.data.storage.links import can_clone
from resources.data.storage.objects import ObjectStore
from resources.errors import TrainplatError


def ground_of(objects: ObjectStore, place: Path, writer_uid: int) -> Ground:
    """Look at the store and at the folder that a space is to lie in, which exists."""
    drafts = Path(objects.draft(0)).parent
    sweep_drafts(drafts)  # what a look that was killed left
    sweep_drafts(place)
    clones = can_clone(drafts, place)
    return Ground(
        is_btrfs=clones and is_btrfs(drafts),  # only within one file system are there clones
        can_clone=clones,
        can_overlay=_can_overlay(drafts),
        is_one_file_system=_can_link(drafts, place),
        writer_uid=writer_uid,
        objects_uid=drafts.stat().st_uid,
        maker_uid=os.geteuid(),
    )


def _can_link(first: Path, second: Path) -> bool:
    # Named as drafts are, so that what a kill leaves is swept away with them.
    mark = token_hex(6)
    source, target = first / f"{own_mark()}-link-{mark}", second / f"{own_mark()}-linked-{mark}"
    try:
        source.write_bytes(b"")
        target.hardlink_to(source)
    except OSError:
        return False
    finally:
        for file in (source, target):
            with suppress(OSError):
                file.unlink()
    return True


def _can_overlay(near: Path) -> bool:
    if os.geteuid() != 0:
        return False
    root = Path(mkdtemp(prefix=f"{own_mark()}-overlay-", dir=near))
    layers = Layers(root / "lower", root / "upper", root / "work")
    merged = root / "merged"
    try:
        for folder in (layers.lower, merged):
            folder.mkdir()
        mount(layers, merged)
    except (TrainplatError, OSError):
        return False
    else:
        unmount(merged)
        return True
    finally:
        layers.remove()
        for folder in (layers.lower, merged, root):
            with suppress(OSError):
                folder.rmdir()
