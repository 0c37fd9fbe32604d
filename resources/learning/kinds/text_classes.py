"""Texts, each of one class, in torch: hashed sequences of characters, their mean, two layers.

Import this module inside functions only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from resources.learning.evaluation import score
from resources.learning.kinds.image_classes import indices, measured
from resources.learning.kinds.model import Measured
from resources.learning.kinds.network import KindNet, Marks, Places, Shape
from resources.learning.kinds.ngrams import hashed, lowered
from resources.learning.model import Images
from resources.terms import Label

LENGTHS = (1, 2, 3, 4, 5)
"""Characters in a row that are looked at."""
BUCKETS = 1 << 13
DROPPED_SHARE = 0.05
"""So many characters of each text are blanked while it is learnt."""


class TextNet(KindNet):
    """A text is one place."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        width = 2 * shape.channels
        self.parts = nn.Embedding(BUCKETS, width, padding_idx=0)
        self.norm = nn.LayerNorm(len(LENGTHS) * width)
        self.hidden = nn.Linear(len(LENGTHS) * width, 4 * shape.channels)
        self.head = nn.Linear(4 * shape.channels, len(shape.classes))

    def places(self, samples_nhw: Tensor) -> Places:
        """What the head is given, [n, 1, f]."""
        bytes_nw = lowered(samples_nhw.flatten(1).long())
        means = []
        for length in LENGTHS:
            buckets_nw = hashed(bytes_nw, length, BUCKETS)
            count_n1 = (buckets_nw > 0).sum(dim=1, keepdim=True).clamp(min=1)
            means.append(self.parts(buckets_nw).sum(dim=1) / count_n1)
        features_nf = self.hidden(self.norm(torch.cat(means, dim=1))).relu()
        there = torch.ones(len(features_nf), 1, dtype=torch.bool, device=features_nf.device)
        return Places(features_nf[:, None], there)

    def targets(self, samples: Images, answers: Sequence[Label]) -> list[Tensor]:  # noqa: ARG002
        """The place of each class."""
        return [torch.from_numpy(indices(answers, self.shape.classes))]

    def loss(
        self, samples_nhw: Tensor, targets: Sequence[Tensor], smoothing: float, generator: torch.Generator
    ) -> tuple[Tensor, float]:
        """Cross entropy, with a few characters of each text blanked."""
        logits = self.forward(blanked(samples_nhw, generator))[:, 0]
        right = (logits.detach().argmax(dim=1) == targets[0]).float().mean()
        return nn.functional.cross_entropy(logits, targets[0], label_smoothing=smoothing), float(right)

    def found(self, samples: Images, device: str) -> list[Marks]:
        """The likeliest class."""
        said = self.forward(torch.from_numpy(samples).to(device))[:, 0].double().softmax(dim=-1).max(dim=1)
        both = zip(said.indices.tolist(), said.values.tolist(), strict=True)
        return [[(self.shape.classes[best], value)] for best, value in both]

    def answer(self, marks: Marks) -> Label:
        """That class."""
        return marks[0][0]

    def score(self, found: Sequence[Marks], answers: Sequence[Label], classes: tuple[Label, ...]) -> Measured:
        """The share that is right."""
        said = indices([self.answer(marks) for marks in found], classes)
        return measured(score(said, indices(answers, classes), classes))


def blanked(samples_nhw: Tensor, generator: torch.Generator) -> Tensor:
    """The texts as they are shown while they are learnt: a few characters of each are blanks."""
    kept = torch.rand(samples_nhw.shape, generator=generator) >= DROPPED_SHARE
    seen = torch.where(kept.to(samples_nhw.device), samples_nhw, ord(" "))
    return torch.where(samples_nhw > 0, seen, 0)
