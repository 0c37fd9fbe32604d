"""What a place can: tried, not guessed."""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from resources.data.spaces.btrfs import is_btrfs
from resources.data.spaces.choosing import Ground
from resources.data.spaces.overlay import can_mount
from resources.data.storage.drafts import own_mark, sweep_drafts
from resources.data.storage.links import can_clone
from resources.data.storage.objects import ObjectStore


def ground_of(objects: ObjectStore, place: Path, layers: Path, writer_uid: int) -> Ground:
    """Look at the store, at the folder that a space is to lie in, which exists, and where layers would."""
    drafts = Path(objects.draft(0)).parent
    sweep_drafts(drafts)  # what a look that was killed left
    sweep_drafts(place)  # spaces have their names here: 2026-new-labels
    clones = can_clone(drafts, place)
    return Ground(
        # Only within one file system are there clones; a snapshot is made of a folder beside the objects.
        is_btrfs=clones and is_btrfs(drafts) and os.access(drafts.parent, os.W_OK),
        can_clone=clones,
        can_overlay=can_mount(layers),
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
