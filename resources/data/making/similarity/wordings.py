"""Which texts say the same: letter by letter, but for blanks, ends of lines, case and forms of Unicode.

Of pictures it is looks that tell twins; of texts a hash of what is left when all that is taken away. Texts
that differ in a word are no twins: two reports of one event are two samples. Hashes are kept by content in
one file, so only new texts are read. The file can be lost at any time: that costs the time to make it again.
"""

import hashlib
import io
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from resources.data.making.imaging import UnreadableSample
from resources.data.making.texts import decoded_text
from resources.data.model import NearDuplicate
from resources.files import write_atomically
from resources.terms import SampleId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WORDINGS_FILES = ".wordings-*.npz"
"""In the folder of each data set of texts, of every rule."""
RULE = 1
"""Goes up when texts are compared in another way."""

_BYTES = 16


def wording(text: str) -> str:
    """What is left of a text without blanks, case and forms of Unicode."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True)
class Wordings:
    """What is known: the hash of each text's wording."""

    hashes: Mapping[SampleId, bytes]

    def groups(self, samples: Iterable[SampleId]) -> list[list[SampleId]]:
        """Those of ``samples`` that say the same, in their order; none stands alone."""
        found: dict[bytes, list[SampleId]] = defaultdict(list)
        for one in dict.fromkeys(samples):
            if one in self.hashes:
                found[self.hashes[one]].append(one)
        return [group for group in found.values() if len(group) > 1]

    def among(self, samples: Iterable[SampleId]) -> list[NearDuplicate]:
        """The pairs of which both are among ``samples``, by their ids."""
        return sorted(
            (
                NearDuplicate(one, other, 0, 1.0, are_texts=True)
                for group in self.groups(sorted(samples))
                for place, one in enumerate(group)
                for other in group[place + 1 :]
            ),
            key=lambda pair: (pair.one, pair.other),
        )


@dataclass(frozen=True)
class WordingFile:
    """The file of one data set; its lock is the data set's. Making the object reads and writes nothing."""

    folder: Path

    def read(self) -> Wordings:
        """What is known; nothing where the file is missing or damaged."""
        import numpy as np

        try:
            with np.load(io.BytesIO(self._path.read_bytes()), allow_pickle=False) as file:
                ids, hashes = _rows(file["ids"], 32), _rows(file["hashes"], _BYTES)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return Wordings({})
        return Wordings({SampleId(one.hex()): told for one, told in zip(ids, hashes, strict=True)})

    def take_in(
        self, samples: Mapping[SampleId, str], read: Callable[[str], bytes]
    ) -> tuple[Wordings, dict[SampleId, UnreadableSample]]:
        """Read those ``samples`` (id to object name) that are not known yet.

        Gives what is known then, and the samples that are no texts. What ``read`` raises goes through.
        """
        known = dict(self.read().hashes)
        broken: dict[SampleId, UnreadableSample] = {}
        missing = [one for one in samples if one not in known]
        for sample in missing:
            try:
                said = wording(decoded_text(read(samples[sample])))
            except UnreadableSample as problem:
                broken[sample] = problem
                continue
            known[sample] = hashlib.sha256(said.encode()).digest()[:_BYTES]
        if len(broken) < len(missing):
            self._write(known)
        return Wordings(known), broken

    @property
    def _path(self) -> Path:
        return self.folder / f".wordings-{RULE}.npz"

    def _write(self, known: Mapping[SampleId, bytes]) -> None:
        import numpy as np

        file = io.BytesIO()
        ids = np.frombuffer(b"".join(bytes.fromhex(one) for one in known), dtype=np.uint8)
        hashes = np.frombuffer(b"".join(known.values()), dtype=np.uint8)
        np.savez(file, ids=ids, hashes=hashes)
        write_atomically(self._path, file.getvalue())


def _rows(flat: "NDArray[np.uint8]", size_bytes: int) -> list[bytes]:
    raw = flat.tobytes()
    return [raw[at : at + size_bytes] for at in range(0, len(raw), size_bytes)]
