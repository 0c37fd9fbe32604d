"""Versions as they are read by those who train, ask and show."""

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from resources.data.making.imaging import UnreadableSample, decoded
from resources.data.making.kinds import check_readable
from resources.data.making.source import read_labels
from resources.data.manifest import CollectedSample, SampleRow
from resources.data.model import ImageSet, Sample, Split
from resources.data.storage.objects import DamagedObject, StoredObject
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree
from resources.kinds import Kind
from resources.terms import Label, SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHOWN_PX = 48
SOURCE_FOLDER = "source folder"
"""Where a sample is from that no other source gave; no source can be called so."""


def samples_of(repository: DatasetRepository, rows: Iterable[SampleRow]) -> list[Sample]:
    """The rows of a version as samples, in their order."""
    return [Sample(row.id, repository.samples / row.file_name, row.label, row.split) for row in rows]


def origins_of(rows: Iterable[SampleRow], sources: Container[str]) -> Mapping[SampleId, str]:
    """The source that each sample came from, by its name."""
    first = {row.id: row.source.partition("/")[0] for row in rows}
    return {sample: name if name in sources else SOURCE_FOLDER for sample, name in first.items()}


def image_set(tree: SealedTree, split: Split) -> ImageSet:
    """The images of one split, verified. Raises :class:`DamagedObject`."""
    import numpy as np

    chosen = [position for position, row in enumerate(tree.rows) if row.split is split]
    positions = {label: position for position, label in enumerate(tree.document.classes)}
    answers = tuple(label for one in chosen if (label := tree.rows[one].label) is not None)
    of_classes = split is not Split.POOL and all(answer in positions for answer in answers)
    return ImageSet(
        ids=tuple(tree.rows[one].id for one in chosen),
        images=tree.pixels[chosen],
        labels=np.array([positions[one] for one in answers], dtype=np.int64) if of_classes else None,
        answers=None if split is Split.POOL else answers,
    )


def unreadable_images(
    repository: DatasetRepository,
    samples: Iterable[CollectedSample | SampleRow],
    kind: Kind,
) -> list[str]:
    """What is wrong with those that are not whole, a sentence each.

    Of a version that is being made, those that the parent has were read when they came: they must be there
    with their full size. All others are read and decoded again.
    """
    found = []
    for sample in samples:
        stored = StoredObject(sample.md5, sample.size_bytes)
        if isinstance(sample, CollectedSample) and sample.kept and repository.objects.holds(stored):
            continue
        try:
            content = repository.objects.read(sample.md5)
            if hashlib.sha256(content).hexdigest() != sample.id:
                found.append(f"sample {sample.id}: its content has another hash")
            check_readable(kind, content)
        except DamagedObject as damage:
            found.append(f"sample {sample.id}: {damage.problem}")
        except UnreadableSample as problem:
            found.append(f"sample {sample.id}: {problem}")
    return found


def pictures(repository: DatasetRepository, objects: Sequence[str]) -> "NDArray[np.uint8]":
    """[picture, height, width]: grey, with their proportions, in squares of 48 pixels.

    Raises :class:`DamagedObject`.
    """
    import numpy as np
    from PIL import Image

    shown: NDArray[np.uint8] = np.full((len(objects), SHOWN_PX, SHOWN_PX), 255, dtype=np.uint8)
    for position, md5 in enumerate(objects):
        picture = decoded(repository.objects.read(md5))
        scale = SHOWN_PX / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        small = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
        shown[position, : size[1], : size[0]] = np.asarray(small)
    return shown


def true_labels(repository: DatasetRepository) -> dict[SampleId, Label]:
    """What the source folder says about each of its samples."""
    found = {}
    for file, label in read_labels(repository.source).items():
        path = repository.source / file
        if path.exists():
            found[SampleId(hashlib.sha256(path.read_bytes()).hexdigest())] = Label(label)
    return found
