"""What the paths of a tree tell by themselves: formats, class folders, and where annotation files are.

Every path is looked at once, and no content.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resources.data.merging.records.rules import USUAL_RULES, FileKind
from resources.data.schemas.model import MOST_CLASSES

MOST_FILES = 64
"""So many annotation files of one kind are looked into. Where there are more, each is one sample's."""

_SAME_FORMAT = {".jpeg": ".jpg", ".tiff": ".tif"}
_FORMATS = frozenset(
    f".{name}"
    for names in (
        ("bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp", "dcm", "npy", "npz"),
        ("aac", "flac", "m4a", "mp3", "ogg", "opus", "wav"),
        ("avi", "m4v", "mkv", "mov", "mp4", "webm"),
    )
    for name in names
)
_KINDS = {rule.glob.removeprefix("*"): rule.kind for rule in USUAL_RULES}
_ENDINGS = tuple(_KINDS)
_LONGEST_ENDING = max(map(len, (*_KINDS, *_FORMATS)))
_AFTER_SLASH = chr(ord("/") + 1)
_NO_CLASS = frozenset(
    (
        *("train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"),
        *("unlabeled", "unlabelled", "label", "labels", "annotation", "annotations", "data", "dataset"),
        *("image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "mask", "masks"),
        *("audio", "video", "videos", "frame", "frames"),
    )
)
"""Folders that tell a split, or what kind of thing lies in them."""
_SHARD = re.compile(r"[0-9a-f]{2,}")


@dataclass(frozen=True)
class Layout:
    """What the paths tell."""

    annotation_files: Mapping[str, FileKind]
    """Those that are to be looked into."""
    unread_from: Mapping[FileKind, int]
    """As in :class:`Schema`; and so are these."""
    formats: tuple[str, ...]
    folders: tuple[str, ...] | None


def layout_of(paths: Sequence[str]) -> Layout:
    """The layout of files at these paths, which are sorted."""
    endings = {path[-_LONGEST_ENDING:] for path in paths}
    formats = {end for one in endings if (end := _ending(one)) in _FORMATS}
    has_annotations = any(one.endswith(_ENDINGS) for one in endings)
    found = {path: kind_of(path) for path in paths if path.endswith(_ENDINGS)} if has_annotations else {}
    unread_from = _unread_from(found)
    return Layout(
        {path: kind for path, kind in found.items() if not is_unread(path, kind, unread_from)},
        unread_from,
        tuple(sorted({_SAME_FORMAT.get(end, end) for end in formats})),
        _folders(paths) if formats else (),
    )


def kind_of(path: str) -> FileKind:
    """What an annotation file is, by its name."""
    return _KINDS[path[path.rfind(".") :]]


def is_unread(path: str, kind: FileKind, unread_from: Mapping[FileKind, int]) -> bool:
    """Whether a file lies so deep that files of its kind are not looked into there."""
    return kind in unread_from and path.count("/") >= unread_from[kind]


def _unread_from(found: Mapping[str, FileKind]) -> dict[FileKind, int]:
    counts = Counter((kind, path.count("/")) for path, kind in found.items())
    limits: dict[FileKind, int] = {}
    for kind in {kind for kind, _ in counts}:
        total = 0
        for depth in sorted(depth for one, depth in counts if one is kind):
            total += counts[kind, depth]
            if total > MOST_FILES:
                limits[kind] = depth
                break
    return limits


def _folders(paths: Sequence[str]) -> tuple[str, ...] | None:
    """The uppermost folders that may name classes: no shards such as ``00`` and ``a7``."""
    names = set(_with_media(paths, "", 0, len(paths)))
    if len(names) > MOST_CLASSES:
        return None
    are_alike = len(names) > 1 and len({len(name) for name in names}) == 1
    return () if are_alike and all(map(_SHARD.fullmatch, names)) else tuple(sorted(names))


def _with_media(paths: Sequence[str], above: str, start: int, end: int) -> Iterator[str]:
    """The folders right below ``above``, or below a folder that tells no class, in which media lie.

    From ``start`` to ``end`` the paths lie below ``above``. What lies in one folder stands together, so it is
    left out in one step.
    """
    place = start
    while place < end:
        path = paths[place]
        slash = path.find("/", len(above))
        if slash < 0:
            place += 1
            continue
        after = bisect_left(paths, path[:slash] + _AFTER_SLASH, place, end)
        name = path[len(above) : slash]
        if name.lower() in _NO_CLASS:
            yield from _with_media(paths, path[: slash + 1], place, after)
        elif not name.startswith(".") and any(_ending(paths[at]) in _FORMATS for at in range(place, after)):
            yield name
        place = after


def _ending(path: str) -> str:
    return path[path.rfind(".") :].lower()
