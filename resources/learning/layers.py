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


class Columns(nn.Module):
    """Maps [n, c, h, w] in columns, each with a convolution of its own: no weight leads across."""

    def __init__(self, ins: Sequence[int], outs: Sequence[int]) -> None:
        super().__init__()
        self.ins = list(ins)
        self.columns = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1) for i, o in zip(self.ins, outs, strict=True)
        )

    def forward(self, maps_nchw: Tensor) -> Tensor:
        """The columns beside each other, as they came."""
        each = zip(self.columns, torch.split(maps_nchw, self.ins, dim=1), strict=True)
        return torch.cat([column(maps) for column, maps in each], dim=1)


def convolution(ins: Sequence[int], outs: Sequence[int], *, apart: bool) -> nn.Module:
    """One over all parts of the channels, or one for each part."""
    return Columns(ins, outs) if apart else nn.Conv2d(sum(ins), sum(outs), 3, padding=1)


class Residual(nn.Module):
    """Maps [n, c, h, w] plus what two convolutions make of them: nothing, until it is trained."""

    def __init__(self, parts: Sequence[int], *, apart: bool = False) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            convolution(parts, parts, apart=apart),
            PartedNorm(parts),
            nn.ReLU(),
            convolution(parts, parts, apart=apart),
        )
        for weights in self.branch[3].parameters():
            nn.init.zeros_(weights)

    def forward(self, maps_nchw: Tensor) -> Tensor:
        """The same shape."""
        changed: Tensor = maps_nchw + self.branch(maps_nchw)
        return changed
