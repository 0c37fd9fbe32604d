"""Transformed pictures, kept by content: one folder for each pipeline of transforms, in parts.

Whatever was transformed once is not transformed again, whichever version asks. A part is written whole or not
at all; the folder can be removed at any time, which costs the time to make it again.
"""

import hashlib
import io
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from resources.data.making.kinds import View
from resources.files import write_atomically
from resources.terms import SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIXELS_FOLDER = ".pixels"
"""In the folder of each data set."""
AT_ONCE = 5_000
"""So many pictures are transformed before they are written down: what a kill can cost."""


@dataclass(frozen=True)
class PixelCache:
    """What one pipeline made. Only who holds the data set's lock may use it."""

    root: Path
    pipeline: View

    def take(
        self, samples: Mapping[SampleId, str], read: Callable[[str], bytes]
    ) -> "dict[SampleId, NDArray[np.uint8]]":
        """The pixels of ``samples`` (id to object name); those that are not kept yet are made.

        Raises what ``read`` raises, and :class:`UnreadableSample`; what was made until then is kept.
        """
        import numpy as np

        found = self._kept(samples.keys())
        missing = [sample for sample in samples if sample not in found]
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            made = np.stack([self.pipeline.apply(read(samples[sample])) for sample in part])
            self._keep(part, made)
            found.update(zip(part, made, strict=True))
        return found

    @property
    def _folder(self) -> Path:
        return self.root / PIXELS_FOLDER / hashlib.sha256(str(self.pipeline).encode()).hexdigest()[:16]

    def _kept(self, wanted: Collection[SampleId]) -> "dict[SampleId, NDArray[np.uint8]]":
        import numpy as np

        found: dict[SampleId, NDArray[np.uint8]] = {}
        for part in sorted(self._folder.glob("*.npz")) if self._folder.exists() else []:
            try:
                with np.load(io.BytesIO(part.read_bytes()), allow_pickle=False) as file:
                    ids, pixels = file["ids"], file["pixels"]
            except (OSError, ValueError, KeyError, EOFError, BadZipFile):
                part.unlink(missing_ok=True)
                continue
            if pixels.dtype != np.uint8 or pixels.shape != (len(ids), *self.pipeline.image_size_px):
                part.unlink(missing_ok=True)
                continue
            for row, raw in enumerate(ids.tolist()):
                sample = SampleId(raw)
                if sample in wanted:
                    found[sample] = pixels[row]
        return found

    def _keep(self, samples: list[SampleId], pixels: "NDArray[np.uint8]") -> None:
        import numpy as np

        for draft in self._folder.glob(".*.tmp") if self._folder.exists() else []:
            draft.unlink(missing_ok=True)
        file = io.BytesIO()
        np.savez(file, ids=np.array(samples, dtype="U64"), pixels=pixels)
        name = hashlib.sha256("\n".join(samples).encode()).hexdigest()[:16]
        write_atomically(self._folder / f"{name}.npz", file.getvalue())
