"""A perceptron whose head grows with new classes, in torch. Import this module inside functions only.

Letters of tensor shapes: n samples, d inputs, f features, k classes.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class GrowingHead(nn.Module):
    """Features [n, f] in, logits [n, k] out. Each growth adds a block: the old logits keep their bits.

    One wider matrix would not do: the order of its sums, and with it the last bits, depend on the width.
    """

    def __init__(self, features: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.features = features
        self.blocks = nn.ModuleList(_unset(features, size) for size in sizes)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return sum(block.out_features for block in self._linear())

    def grow(self, classes: int) -> list[nn.Parameter]:
        """Tell ``classes`` classes apart; returns the new parameters, none where there are as many already.

        The new logits are 0 until they are learnt, so nothing is drawn.
        """
        missing = classes - self.classes
        if missing <= 0:
            return []
        block = _unset(self.features, missing).to(self._linear()[0].weight.device)
        nn.init.zeros_(block.weight)
        nn.init.zeros_(block.bias)
        self.blocks.append(block)
        return list(block.parameters())

    def forward(self, features_nf: Tensor) -> Tensor:
        """Logits [n, k]."""
        logits: list[Tensor] = [block(features_nf) for block in self.blocks]
        return logits[0] if len(logits) == 1 else torch.cat(logits, dim=1)

    def _linear(self) -> list[nn.Linear]:
        return [block for block in self.blocks if isinstance(block, nn.Linear)]


class Perceptron(nn.Module):
    """Inputs [n, d] in, logits [n, k] out, one hidden layer between.

    Weights are drawn as in He et al., "Delving deep into rectifiers", ICCV 2015.
    """

    def __init__(self, inputs: int, hidden: int, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.hidden = _unset(inputs, hidden)
        self.head = GrowingHead(hidden, [classes])
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.in_features), generator=generator)
                nn.init.zeros_(layer.bias)

    def forward(self, inputs_nd: Tensor) -> Tensor:
        """Logits [n, k]."""
        logits: Tensor = self.head(self.hidden(inputs_nd).relu())
        return logits


def _unset(inputs: int, outputs: int) -> nn.Linear:
    """A layer whose weights are still to be set; the random numbers of others are left alone."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    return layer
