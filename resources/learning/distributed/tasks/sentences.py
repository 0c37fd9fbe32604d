"""Short texts, each of one class: an encoder reads bytes, and the mean of what it found is classified."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from resources.errors import BadInput
from resources.learning.distributed.order import Places
from resources.learning.distributed.scoring import accuracy
from resources.learning.distributed.task import Batch
from resources.learning.distributed.tasks.made_text import labelled
from resources.learning.distributed.tasks.settings import LEAST_TEXTS, SentencesSettings

BYTES = 256
NOTHING = 0
"""The byte that fills up short texts; it is in no text."""
HELD_OUT = 5
"""Each fifth text is held out, with all that are read like it."""


Settings = SentencesSettings


class Sentences:
    """Texts and their classes, in the order of their names."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        pairs = labelled(settings.texts) if settings.text == "notes" else _read(Path(settings.text))
        self.classes = sorted({label for label, _ in pairs})
        seen = torch.zeros(len(pairs), settings.longest, dtype=torch.uint8)
        for number, (_, text) in enumerate(pairs):
            seen[number] = self.read(text)
        labels = torch.tensor([self.classes.index(label) for label, _ in pairs])
        kinds = _kinds(seen)
        held_out = kinds % HELD_OUT == 0
        different, classes = int(kinds.max()) + 1, len(set(labels[~held_out].tolist()))
        if different < LEAST_TEXTS or classes < 2:
            raise BadInput(
                f"text {settings.text} has {different} texts that differ in the first {settings.longest} "
                f"bytes, of {classes} classes once each fifth is held out; expected at least {LEAST_TEXTS}, "
                "of two classes",
                "Give more texts, or raise longest.",
            )
        self._train = {"seen": seen[~held_out], "labels": labels[~held_out]}
        self._test = {"seen": seen[held_out], "labels": labels[held_out]}

    @property
    def count(self) -> int:
        """Texts to train on."""
        return len(self._train["labels"])

    def model(self) -> nn.Module:
        """An encoder of the size that the settings ask for."""
        return Encoder(self.settings, len(self.classes))

    def batch(self, places: Places) -> Batch:
        """``seen`` [n, t] and ``labels`` [n]."""
        chosen = torch.from_numpy(places)
        return {name: values[chosen] for name, values in self._train.items()}

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Cross entropy."""
        return functional.cross_entropy(model(batch["seen"]), batch["labels"])

    def blocks(self, model: nn.Module) -> Iterator[nn.Module]:
        """Its layers."""
        yield from (one for one in model.modules() if isinstance(one, nn.TransformerEncoderLayer))

    def scores(self, model: nn.Module) -> dict[str, float]:
        """``accuracy`` on the texts that are held out."""
        return {"accuracy": accuracy(model, self._test["seen"], self._test["labels"])}

    def read(self, text: str) -> Tensor:
        """The bytes [t] of one text, cut or filled up to as many as are read."""
        longest = self.settings.longest
        return torch.frombuffer(bytearray(text.encode()[:longest].ljust(longest, b"\0")), dtype=torch.uint8)


class Encoder(nn.Module):
    """Bytes [n, t] in, logits [n, k] out."""

    def __init__(self, settings: Settings, classes: int) -> None:
        super().__init__()
        width = settings.width
        self.tokens = nn.Embedding(BYTES, width)
        self.places = nn.Embedding(settings.longest, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, settings.heads, 4 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(settings.layers)
        )
        self.head = nn.Linear(width, classes)

    def forward(self, seen: Tensor) -> Tensor:
        """Logits of the classes."""
        seen = seen.long()
        filled = seen == NOTHING
        x = self.tokens(seen) + self.places(torch.arange(seen.shape[1], device=seen.device))
        for block in self.blocks:
            x = block(x, src_key_padding_mask=filled)
        read = (~filled).unsqueeze(-1)
        mean = (x * read).sum(dim=1) / read.sum(dim=1).clamp(min=1)
        logits: Tensor = self.head(mean)
        return logits


def build(settings: Settings) -> Sentences:
    """The task."""
    return Sentences(settings)


def _kinds(seen: Tensor) -> Tensor:
    """A number for each text, from 0 in the order of their coming; one number for those that are the same."""
    numbers: dict[bytes, int] = {}
    return torch.tensor([numbers.setdefault(one.tobytes(), len(numbers)) for one in seen.numpy()])


def _read(path: Path) -> list[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"text {path} cannot be read: {problem}", "Name a file of text in UTF-8.") from problem
    parts = {number: line.partition("\t") for number, line in enumerate(lines, start=1) if line.strip()}
    wrong = [number for number, (label, _, text) in parts.items() if not label or not text]
    pairs = [(label, text) for label, _, text in parts.values()]
    if wrong or len({label for label, _ in pairs}) < 2:
        where = f"; line {wrong[0]} is something else" if wrong else ""
        raise BadInput(
            f"text {path} has no two classes of texts{where}",
            "Write a class, a tab and a text in each line, of at least two classes.",
        )
    return pairs
