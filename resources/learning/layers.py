"""Layers that can grow, in torch. Import this module inside functions only.

Letters of tensor shapes: n images, c channels, h rows, w columns.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class PartedNorm(nn.Module):
    """Maps [n, c, h, w], each part of the channels normalised by itself: those of one growth are one part.

    One part is ``nn.GroupNorm(1, c)``, to the bit and by the names of its weights. Were channels that come
    later normalised together with the old ones, they would change the mean and the spread of these.
    """

    def __init__(self, parts: Sequence[int]) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.weight = nn.Parameter(torch.ones(sum(parts)))
        self.bias = nn.Parameter(torch.zeros(sum(parts)))

    def forward(self, maps_nchw: Tensor) -> Tensor:
        """The same shape."""
        if len(set(self.parts)) == 1:
            return nn.functional.group_norm(maps_nchw, len(self.parts), self.weight, self.bias)
        done, begin = [], 0
        for part in self.parts:
            here = slice(begin, begin + part)
            maps, weight, bias = maps_nchw[:, here], self.weight[here], self.bias[here]
            done.append(nn.functional.group_norm(maps, 1, weight, bias))
            begin += part
        return torch.cat(done, dim=1)


class Residual(nn.Module):
    """Maps [n, c, h, w] plus what two convolutions make of them: nothing, until it is trained."""

    def __init__(self, parts: Sequence[int]) -> None:
        super().__init__()
        c = sum(parts)
        self.branch = nn.Sequential(
            nn.Conv2d(c, c, 3, padding=1), PartedNorm(parts), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1)
        )
        last = self.branch[3]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, maps_nchw: Tensor) -> Tensor:
        """The same shape."""
        changed: Tensor = maps_nchw + self.branch(maps_nchw)
        return changed
