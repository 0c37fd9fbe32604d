"""From the paths of a tree and the contents of its annotation files to its schema: pure.

The same tree has the same schema, whatever was known before: what is known of a content saves reading it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from resources.data.merging.records.rules import FileKind
from resources.data.schemas.layout import Layout, kind_of, layout_of
from resources.data.schemas.model import AnnotationFile, Schema, Unread
from resources.data.trees.listing import Tree

Read = Callable[[str, int | None], bytes | None]
"""The name of an object, and how many bytes are wanted at most, to how its content begins. None: all of it,
and of what comes back: it cannot be got."""


@dataclass(frozen=True)
class Known:
    """What is known from versions before."""

    files: Mapping[tuple[FileKind, str], AnnotationFile] = field(default_factory=dict)
    """By how it is read, and the name of the object."""
    paths: Sequence[str] = ()
    layout: Layout | None = None
    """Of these paths."""


NOTHING = Known()


def known_from(schema: Schema, tree: Tree) -> Known:
    """What a version's schema tells about contents that another version may have too."""
    files = {}
    for path, found in schema.files.items():
        place = tree.position(path)
        if place is not None and found.unread is not Unread.NOT_HERE:
            files[kind_of(path), tree.names[place]] = found
    looked_into = {path: kind_of(path) for path in schema.files}
    layout = Layout(looked_into, schema.unread_from, schema.formats, schema.folders)
    return Known(files, tree.paths, layout)


def infer(tree: Tree, read: Read, known: Known = NOTHING) -> Schema:
    """The schema of a tree."""
    is_same = known.layout is not None and tree.paths == known.paths
    layout = known.layout if is_same and known.layout is not None else layout_of(tree.paths)
    files = {}
    for path, kind in layout.annotation_files.items():
        place = tree.position(path)
        if place is None:
            continue
        name = tree.names[place]
        files[path] = known.files.get((kind, name)) or _look(kind, name, tree.sizes[place], read)
    return Schema(files, layout.formats, layout.folders, layout.unread_from)


def _look(kind: FileKind, name: str, size_bytes: int, read: Read) -> AnnotationFile:
    # Most commits change no annotation file, and need not load what reads them.
    from resources.data.schemas.contents import annotation_file, wanted_bytes

    wanted = wanted_bytes(kind, size_bytes)
    if size_bytes > 0 and not wanted:
        return AnnotationFile(kind, unread=Unread.TOO_LARGE)
    is_whole = wanted == size_bytes
    content = read(name, None if is_whole else wanted)
    if content is None:
        return AnnotationFile(kind, unread=Unread.NOT_HERE)
    return annotation_file(kind, content, is_whole=is_whole)
