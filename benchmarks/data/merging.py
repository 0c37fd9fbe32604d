"""How much CPU a merge of three trees takes, beside dvc-data's.

The same job for both, in one process and in memory: three trees in DVC's text, of which two have other edits
of the first, become one tree in DVC's text with its MD5. Both have to come to the same bytes.
"""

import hashlib
import random
import time
from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING

from resources.data.merging.merge import merge
from resources.data.trees.listing import Tree, tree_of_text

if TYPE_CHECKING:
    from dvc_data.hashfile.db import HashFileDB
    from dvc_data.hashfile.hash_info import HashInfo

Files = dict[str, str]
CHANGES = ["add", "change", "remove"]
"""What dvc-data may merge; of itself it merges files that were added, and nothing else."""


def merge_cpu_s(entries: int = 20_000, edits: int = 200, repeats: int = 5) -> tuple[float, float]:
    """CPU seconds of one merge, ours and dvc-data's: medians, one after the other in each round.

    Raises ValueError when the two do not come to the same tree.
    """
    trees = _trees(entries, edits)
    texts = [_text(files) for files in trees]
    odb = _memory()
    infos = [_stored(odb, files) for files in trees]
    ours_s, dvc_s = [], []
    for _ in range(repeats):
        begun_s = time.process_time()
        ours = _merged_by_us(texts)
        ours_s.append(time.process_time() - begun_s)
        begun_s = time.process_time()
        theirs = _merged_by_dvc(odb, infos)
        dvc_s.append(time.process_time() - begun_s)
        if ours != theirs:
            raise ValueError("our merge and dvc-data's came to different trees")
    return median(ours_s), median(dvc_s)


def _trees(entries: int, edits: int) -> tuple[Files, Files, Files]:
    """A tree of images in folders, and two copies of it, each with half of the edits, in different files."""
    draw = random.Random(entries)
    base = {f"images/{place // 1000:03d}/{place:06d}.jpg": _md5(draw) for place in range(entries)}
    touched = draw.sample(sorted(base), edits)
    return base, _edited(base, touched[::2], "ours", draw), _edited(base, touched[1::2], "theirs", draw)


def _edited(base: Files, touched: list[str], side: str, draw: random.Random) -> Files:
    """A third of the edits each: a file changed, one deleted, one added."""
    files = dict(base)
    for place, path in enumerate(touched):
        if place % 3 == 0:
            files[path] = _md5(draw)
        elif place % 3 == 1:
            del files[path]
        else:
            files[f"images/{side}/{place:06d}.jpg"] = _md5(draw)
    return files


def _md5(draw: random.Random) -> str:
    return f"{draw.getrandbits(128):032x}"


def _text(files: Mapping[str, str]) -> bytes:
    return Tree.of({path: (md5, 0) for path, md5 in files.items()}).text


def _merged_by_us(texts: list[bytes]) -> tuple[bytes, str]:
    base, ours, theirs = (tree_of_text(text).files for text in texts)
    text = _text(merge(base, ours, theirs, _never_read).merged)
    return text, hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"


def _never_read(md5: str) -> bytes:
    raise ValueError(f"{md5} was asked for, and no annotation file is in these trees")


def _merged_by_dvc(odb: "HashFileDB", infos: "list[HashInfo]") -> tuple[bytes, str]:
    from dvc_data.hashfile.tree import merge as dvc_merge

    tree = dvc_merge(odb, *infos, allowed=CHANGES)  # type: ignore[misc, no-untyped-call]
    with tree.fs.open(tree.path, "rb") as file:
        return file.read(), tree.oid


def _memory() -> "HashFileDB":
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.memory import MemoryFileSystem

    memory = MemoryFileSystem()  # type: ignore[no-untyped-call]
    return HashFileDB(memory, "memory://merging")


def _stored(odb: "HashFileDB", files: Files) -> "HashInfo":
    """The tree in dvc-data's own store."""
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.tree import Tree as DvcTree

    tree = DvcTree()  # type: ignore[no-untyped-call]
    for path, md5 in files.items():
        tree.add(tuple(path.split("/")), None, HashInfo("md5", md5))
    tree.digest()
    odb.add(tree.path, tree.fs, tree.oid)
    return tree.hash_info
