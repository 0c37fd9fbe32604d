"""Text files as the bytes that models see."""

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.data.making.imaging import UnreadableSample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXT_SUFFIXES = frozenset({".txt", ".md"})
TABLE_SUFFIXES = frozenset({".jsonl", ".csv"})
"""Of files that hold many texts."""
MAX_TEXT_BYTES = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded_text(content: bytes) -> str:
    """A text file as text. Raises :class:`UnreadableSample` for one that is empty, too long or no UTF-8."""
    if not content.strip():
        raise UnreadableSample("the file is empty")
    if len(content) > MAX_TEXT_BYTES:
        raise UnreadableSample(f"it has {len(content)} bytes; expected at most {MAX_TEXT_BYTES}")
    if content.startswith(_UTF_16):
        raise UnreadableSample("it is UTF-16 text; expected UTF-8")
    if b"\0" in content:
        raise UnreadableSample("it holds a zero byte, as no text does")
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise UnreadableSample(f"it is no UTF-8 text: {problem.reason} at byte {problem.start}") from problem


@dataclass(frozen=True)
class TextBytes:
    """How texts are seen: as one row of bytes in UTF-8, cut off where it is full, filled up with zeros."""

    image_size_px: tuple[int, int]
    """1 and how many bytes are read: the shape of one sample."""

    def __str__(self) -> str:
        """What it does, in words that change whenever its results would."""
        return f"the first {self.image_size_px[1]} bytes of UTF-8"

    def apply(self, content: bytes) -> "NDArray[np.uint8]":
        """A text file as [1, bytes]. Raises :class:`UnreadableSample`."""
        import numpy as np

        text = decoded_text(content).encode()[: self.image_size_px[1]]
        row: NDArray[np.uint8] = np.zeros(self.image_size_px, dtype=np.uint8)
        row[0, : len(text)] = np.frombuffer(text, dtype=np.uint8)
        return row
