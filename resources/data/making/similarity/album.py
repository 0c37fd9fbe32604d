"""The looks of all samples of a data set and the pairs among them, kept by content in one file.

Whatever look is in the file has been compared with all others in it, so only new samples are read, hashed and
compared. The file can be lost at any time: that costs the time to make it again.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from resources.data.making.imaging import UnreadableSample, decoded
from resources.data.making.similarity.looks import look_at, look_dtype, row_ids
from resources.data.making.similarity.pairs import near_pairs
from resources.data.model import NearDuplicate
from resources.files import write_atomically
from resources.terms import SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOKS_FILES = ".looks-*.npz"
"""In the folder of each data set, of every rule."""
RULE = 1
"""Goes up when looks or pairs are found in another way: what an older rule left is made again."""

_AT_ONCE = 5_000
"""So many samples are looked at before the file is written: what a kill can cost."""


@dataclass(frozen=True)
class Looks:
    """What is known, as arrays."""

    rows: "NDArray[np.void]"
    pairs: "NDArray[np.void]"
    """earlier, later (rows), distance_bits, resemblance."""

    @cached_property
    def places(self) -> dict[SampleId, int]:
        """The row of each sample."""
        return {sample: row for row, sample in enumerate(row_ids(self.rows))}

    def among(self, samples: Iterable[SampleId]) -> list[NearDuplicate]:
        """The pairs of which both are among ``samples``, the most alike first."""
        wanted = {row: sample for sample in samples if (row := self.places.get(sample)) is not None}
        found = []
        for pair in self.pairs:
            one, other = wanted.get(int(pair["earlier"])), wanted.get(int(pair["later"]))
            if one is not None and other is not None:
                ordered = sorted((one, other))
                found.append(
                    NearDuplicate(
                        ordered[0],
                        ordered[1],
                        int(pair["distance_bits"]),
                        round(float(pair["resemblance"]), 4),
                    )
                )
        return sorted(found, key=lambda pair: (-pair.resemblance, pair.one, pair.other))


@dataclass(frozen=True)
class Album:
    """The file of one data set; its lock is the data set's. Making the object reads and writes nothing."""

    folder: Path

    def read(self) -> Looks:
        """What is known; nothing where the file is missing, damaged or of an older rule."""
        import numpy as np

        try:
            with np.load(io.BytesIO(self._path.read_bytes()), allow_pickle=False) as file:
                found = Looks(file["rows"], file["pairs"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return nothing()
        fits = found.rows.dtype == look_dtype() and found.pairs.dtype == _pair_dtype()
        return found if fits else nothing()

    def take_in(
        self, samples: Mapping[SampleId, str], read: Callable[[str], bytes]
    ) -> tuple[Looks, dict[SampleId, UnreadableSample]]:
        """Look at those ``samples`` (id to object name) that are not known yet.

        Gives what is known then, and the samples that cannot be decoded. What ``read`` raises goes through;
        what was looked at before stays known.
        """
        import numpy as np

        known = self.read()
        missing = [sample for sample in samples if sample not in known.places]
        broken: dict[SampleId, UnreadableSample] = {}
        for start in range(0, len(missing), _AT_ONCE):
            new = []
            for sample in missing[start : start + _AT_ONCE]:
                try:
                    new.append(look_at(sample, decoded(read(samples[sample]))))
                except UnreadableSample as problem:
                    broken[sample] = problem
            if new:
                rows = np.concatenate([known.rows, np.array(new, dtype=look_dtype())])
                found = near_pairs(rows, first_new=len(known.rows))
                pairs = np.array(
                    [(one.earlier, one.later, one.distance_bits, one.resemblance) for one in found],
                    dtype=_pair_dtype(),
                )
                known = Looks(rows, np.concatenate([known.pairs, pairs]))
                self._write(known)
        return known, broken

    @property
    def _path(self) -> Path:
        return self.folder / f".looks-{RULE}.npz"

    def _write(self, looks: Looks) -> None:
        import numpy as np

        file = io.BytesIO()
        np.savez(file, rows=looks.rows, pairs=looks.pairs)
        write_atomically(self._path, file.getvalue())


def _pair_dtype() -> "np.dtype[np.void]":
    import numpy as np

    return np.dtype([("earlier", "<u4"), ("later", "<u4"), ("distance_bits", "u1"), ("resemblance", "<f4")])


def nothing() -> Looks:
    """Where no sample was looked at."""
    import numpy as np

    return Looks(np.zeros(0, dtype=look_dtype()), np.zeros(0, dtype=_pair_dtype()))
