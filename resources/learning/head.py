"""The head of a network, which grows with new classes, in torch. Import this module inside functions only.

Letters of tensor shapes: n samples, f features, k classes.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class GrowingHead(nn.Module):
    """Features [..., f] in, logits [..., k] out. Each growth adds a block: the old logits keep their bits.

    One wider matrix would not do: the order of its sums, and with it the last bits, depend on the width.
    """

    def __init__(self, features: int, sizes: Sequence[int]) -> None:
        super().__init__()
        self.features = features
        self.blocks = nn.ModuleList(unset_layer(features, size) for size in sizes)

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return sum(self.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many classes each block tells apart, the oldest first."""
        return tuple(block.out_features for block in self._linear())

    def grow(self, classes: int) -> list[nn.Parameter]:
        """Tell ``classes`` classes apart; returns the new parameters, none where there are as many already.

        The new logits are 0 until they are learnt, so nothing is drawn.
        """
        missing = classes - self.classes
        if missing <= 0:
            return []
        block = unset_layer(self.features, missing).to(self._linear()[0].weight.device)
        nn.init.zeros_(block.weight)
        nn.init.zeros_(block.bias)
        self.blocks.append(block)
        return list(block.parameters())

    def forward(self, features: Tensor) -> Tensor:
        """Logits [..., k]."""
        logits: list[Tensor] = [block(features) for block in self.blocks]
        return logits[0] if len(logits) == 1 else torch.cat(logits, dim=-1)

    def _linear(self) -> list[nn.Linear]:
        return [block for block in self.blocks if isinstance(block, nn.Linear)]


def widened(layer: nn.Linear, at: int, more: int) -> nn.Linear:
    """The layer with ``more`` outputs ahead of number ``at``; these are 0 until they are learnt."""
    wider = unset_layer(layer.in_features, layer.out_features + more).to(layer.weight.device)
    with torch.no_grad():
        for old, new in ((layer.weight, wider.weight), (layer.bias, wider.bias)):
            new.copy_(torch.cat([old[:at], old.new_zeros(more, *old.shape[1:]), old[at:]]))
    return wider


def unset_layer(inputs: int, outputs: int) -> nn.Linear:
    """A layer whose weights are still to be set; the random numbers of others are left alone."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    return layer
