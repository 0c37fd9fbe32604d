"""Models that take less, in torch. Import this module inside functions only."""

from typing import TypeVar

import torch
from torch import nn

from resources.serving.replicas.model import Variant

STEPS = 127
"""On each side of zero."""
_Network = TypeVar("_Network", bound=nn.Module)


def optimised(network: _Network, variant: Variant) -> _Network:
    """The network as the variant has it; changed in place."""
    if variant is Variant.BF16:
        _Bfloat.wrap(network)
    elif variant is Variant.INT8:
        with torch.no_grad():
            for module in network.modules():
                if isinstance(module, nn.Linear | nn.Conv2d):
                    module.weight.copy_(rounded(module.weight))
    return network


def rounded(weights: torch.Tensor) -> torch.Tensor:
    """Weights [output, ...] at 255 steps from minus to plus the largest of each output.

    Symmetric quantisation by channel, as in Krishnamoorthi 2018, *Quantizing deep convolutional networks for
    efficient inference*, section 2.2.
    """
    flat = weights.flatten(1)
    scale = flat.abs().amax(dim=1, keepdim=True).clamp_min(torch.finfo(flat.dtype).tiny) / STEPS
    return ((flat / scale).round() * scale).reshape(weights.shape)


class _Bfloat:
    """Sums in bfloat16; what comes in and goes out stays as it was."""

    @staticmethod
    def wrap(network: nn.Module) -> None:
        network.to(torch.bfloat16)
        plain = network.forward

        def forward(*given: torch.Tensor) -> torch.Tensor:
            with torch.autocast(given[0].device.type, dtype=torch.bfloat16):
                said: torch.Tensor = plain(*given)
                return said

        network.forward = forward
