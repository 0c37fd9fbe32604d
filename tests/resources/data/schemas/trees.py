"""Trees from contents, and drawn ones."""

import hashlib
from collections.abc import Mapping

from hypothesis import strategies as st

from resources.data.schemas.inferring import NOTHING, Known, Read, infer
from resources.data.schemas.model import Schema
from resources.data.trees.listing import Tree


def name_of(content: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def tree_of(files: Mapping[str, bytes]) -> Tree:
    """The tree of these contents."""
    return Tree.of({path: (name_of(content), len(content)) for path, content in files.items()})


def reader(files: Mapping[str, bytes], asked: list[str] | None = None) -> Read:
    """What reads these contents; ``asked`` gets the names of those that were read."""
    by_name = {name_of(content): content for content in files.values()}

    def read(name: str, most_bytes: int | None) -> bytes | None:
        if asked is not None:
            asked.append(name)
        return None if name not in by_name else by_name[name][:most_bytes]

    return read


def schema(files: Mapping[str, bytes], known: Known = NOTHING) -> Schema:
    """The schema of these contents."""
    return infer(tree_of(files), reader(files), known)


TABLES = st.builds(
    lambda names, rows: "\n".join(",".join(cells[: len(names)]) for cells in [names, *rows]).encode(),
    st.lists(st.sampled_from(["id", "label", "score", "x y", "7"]), min_size=1, max_size=4, unique=True),
    st.lists(st.lists(st.sampled_from(["1", "1.5", "cat", "", "true"]), min_size=4, max_size=4), max_size=4),
)
RECORDS = st.builds(
    lambda records: b"".join(str(record).encode() for record in records),
    st.lists(
        st.sampled_from(['{"id": 1}\n', '{"label": "cat"}\n', '{"label": ["dog"], "id": null}\n', "[]\n"])
    ),
)
COCO = st.sampled_from(
    [
        b'{"images": [], "annotations": []}',
        b'{"images": [{"id": 1}], "annotations": [], "categories": [{"id": 1, "name": "cat"}]}',
        b'{"images": 1, "annotations": []}',
        b"{}",
        b"[",
    ]
)
PATHS = st.sampled_from(
    ["cat/1.jpg", "dog/2.JPG", "train/cat/3.png", "00/4.jpg", "images/5.webp", "6.wav", "readme", ".x/7.jpg"]
)
FILES = st.dictionaries(PATHS, st.just(b"?"), max_size=6).flatmap(
    lambda pictures: st.fixed_dictionaries(
        {},
        optional={
            "a.csv": TABLES | st.binary(max_size=8),
            "labels/b.tsv": TABLES,
            "c.jsonl": RECORDS | st.binary(max_size=8),
            "d.json": COCO | st.binary(max_size=8),
        },
    ).map(lambda annotations: pictures | annotations)
)
"""Files by path."""
