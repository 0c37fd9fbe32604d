"""Names in texts, in torch: characters are read with their neighbours, words with theirs, and told apart.

Import this module inside functions only.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resources.learning.continual.buffer import NO_PLACE
from resources.learning.kinds.model import Measured
from resources.learning.kinds.network import KindNet, Marks, Places, Shape
from resources.learning.kinds.ngrams import hashed
from resources.learning.kinds.scoring import score_spans
from resources.learning.model import Images
from resources.marks import Span, spans_in, written
from resources.terms import Label

BUCKETS = 1 << 12
FORGOTTEN_SHARE = 0.15
"""So many words of each text are blanked while it is learnt, so that what stands around a name counts too."""
IGNORED = NO_PLACE


class EntityNet(KindNet):
    """A word is a place: letters and digits in a row, and what is no character of ASCII."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        width = 2 * shape.channels
        self.characters = nn.Embedding(256, width, padding_idx=0)
        self.parts = nn.Embedding(BUCKETS, width, padding_idx=0)
        self.near = nn.Conv1d(width, width, 5, padding=2)
        self.wider = nn.Conv1d(width, width, 5, padding=4, dilation=2)
        self.norm = nn.LayerNorm(width)
        self.around = nn.Conv1d(width, 2 * width, 5, padding=2)
        self.head = nn.Linear(2 * width, len(shape.classes) + 1)

    def places(self, samples_nhw: Tensor) -> Places:
        """What the head is given of each word, [n, p, f]."""
        return self.seen(samples_nhw, None)

    def seen(self, samples_nhw: Tensor, generator: torch.Generator | None) -> Places:
        """What the head is given of each word; with a ``generator`` a few of them are blanked."""
        bytes_nw = samples_nhw.flatten(1).long()
        words_nw, count = words(bytes_nw)
        read = self.characters(bytes_nw) + self.parts(hashed(bytes_nw, 3, BUCKETS))
        read = read + self.near(read.transpose(1, 2)).relu().transpose(1, 2)
        read = read + self.wider(read.transpose(1, 2)).relu().transpose(1, 2)
        n, _, f = read.shape
        to = words_nw.where(words_nw >= 0, count)
        sums = read.new_zeros(n, count + 1, f).scatter_add(1, to[..., None].expand_as(read), read)[:, :count]
        lengths = read.new_zeros(n, count + 1).scatter_add(1, to, torch.ones_like(to, dtype=read.dtype))
        is_there = lengths[:, :count] > 0
        means = self.norm(sums / lengths[:, :count, None].clamp(min=1)) * is_there[..., None]
        if generator is not None:
            kept = torch.rand(n, count, generator=generator).to(means.device) >= FORGOTTEN_SHARE
            means = means * kept[..., None]
        around = self.around(means.transpose(1, 2)).relu().transpose(1, 2)
        looked_at = is_there.clone()
        looked_at[:, 0] = True  # a text without a word has a place too
        return Places(around, looked_at)

    def targets(self, samples: Images, answers: Sequence[Label]) -> list[Tensor]:
        """The class of each word, the last for none: [n, p]."""
        texts = torch.from_numpy(np.array(samples)).flatten(1).long()
        words_nw, count = words(texts)
        found = torch.full((len(samples), count), IGNORED)
        for row, answer in enumerate(answers):
            numbers = words_nw[row]
            found[row, : int(numbers.max()) + 1] = len(self.shape.classes)
            starts = _byte_of_character(samples[row])
            for span in spans_in(answer):
                first, last = (starts[min(place, len(starts) - 1)] for place in (span.start, span.end))
                named = numbers[first:last]
                found[row, named[named >= 0]] = self.shape.classes.index(span.label)
        return [found]

    def loss(
        self, samples_nhw: Tensor, targets: Sequence[Tensor], smoothing: float, generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """Cross entropy of the words."""
        logits = self.head(self.seen(samples_nhw, generator).features_npf).flatten(0, 1)
        true = targets[0].flatten()
        is_word = true != IGNORED
        right = (logits.detach().argmax(dim=1) == true)[is_word].float()
        loss = nn.functional.cross_entropy(
            logits, true, ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
        )
        return loss / is_word.sum().clamp(min=1), float(right.mean()) if len(right) else 1.0

    def found(self, samples: Images, device: str) -> list[Marks]:
        """Words in a row that are of one class."""
        given = torch.from_numpy(samples).to(device)
        said = self.forward(given).double().softmax(dim=-1).max(dim=-1)
        words_nw = words(given.flatten(1).long())[0].cpu().numpy()
        best, sure = said.indices.cpu().numpy(), said.values.cpu().numpy()
        return [
            [(written([span]), value) for span, value in self._spans(text, numbers, best_p, sure_p)]
            for text, numbers, best_p, sure_p in zip(samples, words_nw, best, sure, strict=True)
        ]

    def _spans(
        self,
        text_hw: NDArray[np.uint8],
        words_w: NDArray[np.int64],
        best_p: NDArray[np.int64],
        sure_p: NDArray[np.float64],
    ) -> Iterator[tuple[Span, float]]:
        content = text_hw.tobytes().rstrip(b"\0")
        classes = self.shape.classes
        pieces: list[tuple[int, int, int, float]] = []
        for word, places in groupby(range(len(content)), key=lambda place: int(words_w[place])):
            if word < 0 or best_p[word] >= len(classes):
                continue
            first, *rest = places
            piece = (first, (rest or [first])[-1] + 1, int(best_p[word]), float(sure_p[word]))
            if pieces and pieces[-1][2] == piece[2] and content[pieces[-1][1] : first].isspace():
                before = pieces.pop()
                piece = (before[0], piece[1], piece[2], min(before[3], piece[3]))
            pieces.append(piece)
        for first, end, chosen, value in pieces:
            start, length = (
                len(part.decode(errors="ignore")) for part in (content[:first], content[first:end])
            )
            yield Span(start, start + length, classes[chosen]), value

    def answer(self, marks: Marks) -> Label:
        """All of them."""
        return written(span for answer, _ in marks for span in spans_in(answer))

    def score(self, found: Sequence[Marks], answers: Sequence[Label], classes: tuple[Label, ...]) -> Measured:
        """F1 of the spans."""
        said = [spans_in(self.answer(marks)) for marks in found]
        return score_spans(said, [spans_in(answer) for answer in answers], classes)


def words(bytes_nw: Tensor) -> tuple[Tensor, int]:
    """[n, w]: the number of the word that each byte belongs to, -1 for none; and how many there can be."""
    is_part = bytes_nw >= 128
    for first, last in ("09", "AZ", "az", "__", "--", "''"):
        is_part = is_part | ((bytes_nw >= ord(first)) & (bytes_nw <= ord(last)))
    starts = is_part.clone()
    starts[:, 1:] &= ~is_part[:, :-1]
    return torch.where(is_part, starts.long().cumsum(dim=1) - 1, -1), (bytes_nw.shape[1] + 1) // 2


def places_of_words(text_hw: NDArray[np.uint8]) -> tuple[tuple[int, int], ...]:
    """From which character to which each word goes."""
    content = text_hw.tobytes().rstrip(b"\0")
    numbers = words(torch.from_numpy(np.array(text_hw)).flatten()[None].long())[0][0].tolist()
    before = np.cumsum([0] + [byte & 0xC0 != 0x80 for byte in content]).tolist()
    found = []
    for word, places in groupby(range(len(content)), key=lambda place: int(numbers[place])):
        if word >= 0:
            first, *rest = places
            found.append((before[first], before[(rest or [first])[-1] + 1]))
    return tuple(found)


def _byte_of_character(text_hw: NDArray[np.uint8]) -> list[int]:
    """Where each character begins, and where the text ends."""
    content = text_hw.tobytes().rstrip(b"\0")
    return [place for place, byte in enumerate(content) if byte & 0xC0 != 0x80] + [len(content)]
