"""A sealed version as it is read back: its rows, its pixels and what it says about itself."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from resources.data.manifest import (
    PIXELS_FILE,
    SAMPLES_FILE,
    VERSION_FILE,
    SampleRow,
    VersionDocument,
    from_json,
    samples_from_csv,
)
from resources.data.storage.objects import ObjectStore
from resources.errors import TrainplatError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SealedTree:
    """The tree of one version. Everything is read once, when it is asked for, and verified as it is read."""

    objects: ObjectStore
    tree_md5: str

    @cached_property
    def files(self) -> dict[str, str]:
        """Relative path to object name. Raises :class:`DamagedObject`, as everything below does."""
        return self.objects.read_tree(self.tree_md5)

    @cached_property
    def rows(self) -> list[SampleRow]:
        """The samples, by id."""
        return samples_from_csv(self.objects.read(self.files[SAMPLES_FILE]))

    @cached_property
    def document(self) -> VersionDocument:
        """What the version says about itself."""
        return from_json(VersionDocument, self.objects.read(self.files[VERSION_FILE]))

    @cached_property
    def pixels(self) -> "NDArray[np.uint8]":
        """[sample, height, width]: a row of pixels for each row of :attr:`rows`."""
        return load_pixels(self.objects, self.files[PIXELS_FILE])

    def damage(self) -> list[str]:
        """What is wrong with the tree's objects, a sentence each; empty when all are whole."""
        try:
            files = self.files
        except TrainplatError as damage:
            return [damage.problem]
        found = []
        for path, md5 in files.items():
            try:
                self.objects.read(md5)
            except TrainplatError as damage:
                found.append(f"{path}: {damage.problem}")
        return found


def load_pixels(objects: ObjectStore, md5: str) -> "NDArray[np.uint8]":
    """[sample, height, width] from an object that :func:`pixels_file` made. Raises :class:`DamagedObject`."""
    import numpy as np

    pixels: NDArray[np.uint8] = np.load(io.BytesIO(objects.read(md5)), allow_pickle=False)
    return pixels


def pixels_file(pixels: "NDArray[np.uint8]") -> bytes:
    """``pixels`` as a NumPy file; the same values give the same bytes."""
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(pixels), allow_pickle=False)
    return file.getvalue()
