"""Several trained networks in one that says what they say on average, in torch.

Import this module inside functions only. The channels of each are a part of their own: no weight leads from
one part to another, and each part is normalised by itself. So the joined network is one of the structures
that a champion grows into, and can be trained on and grown like any.

Letters of tensor shapes: o channels out, i channels in, k classes, f features.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.layers import PartedNorm
from resources.learning.network import ImageNet


def joined(networks: Sequence[ImageNet]) -> ImageNet:
    """One network with the mean of their logits. Raises :class:`BadInput` for what differs but in width."""
    first = networks[0]
    for other in networks[1:]:
        if _but_width(other) != _but_width(first):
            raise BadInput(
                f"networks for {_but_width(first)} and {_but_width(other)} cannot be joined; expected those "
                "of one depth, for the same classes and images",
                "Train them for the same data set, with one depth.",
            )
    parts = [part for one in networks for part in one.shape.parts]
    shape = replace(first.shape, channels=parts[0], grown=tuple(parts[1:]))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        found = ImageNet(shape, first.head.sizes)
        for target, *given in zip(_layers(found), *(_layers(one) for one in networks), strict=True):
            _fill(target, given)
    return found


def _fill(target: nn.Module, given: Sequence[nn.Module]) -> None:
    weights, biases = [_weight(one) for one in given], [_bias(one) for one in given]
    if isinstance(target, nn.Linear):  # the head: the mean of what each makes of its own features
        target.weight.copy_(torch.cat(weights, dim=1) / len(given))
        target.bias.copy_(torch.stack(biases).mean(dim=0))
    elif isinstance(target, nn.Conv2d):
        target.weight.copy_(_blocks(weights, target))
        _bias(target).copy_(torch.cat(biases))
    elif isinstance(target, PartedNorm):
        target.weight.copy_(torch.cat(weights))
        target.bias.copy_(torch.cat(biases))


def _blocks(weights: Sequence[Tensor], target: nn.Conv2d) -> Tensor:
    """Each network's weights [o, i, 3, 3] on the diagonal; the first layer of all sees the one grey image."""
    if target.in_channels == 1:
        return torch.cat(list(weights))
    found = torch.zeros_like(target.weight)
    o = i = 0
    for one in weights:
        found[o : o + one.shape[0], i : i + one.shape[1]] = one
        o, i = o + one.shape[0], i + one.shape[1]
    return found


def _layers(network: ImageNet) -> list[nn.Module]:
    return [one for one in network.modules() if isinstance(one, nn.Conv2d | PartedNorm | nn.Linear)]


def _but_width(network: ImageNet) -> tuple[object, ...]:
    shape = network.shape
    return shape.classes, (shape.width_px, shape.height_px), shape.depth, tuple(network.head.sizes)


def _weight(layer: nn.Module) -> Tensor:
    if not isinstance(layer.weight, Tensor):
        raise TypeError(f"{type(layer).__name__} has no weights")
    return layer.weight


def _bias(layer: nn.Module) -> Tensor:
    if not isinstance(layer.bias, Tensor):
        raise TypeError(f"{type(layer).__name__} has no bias")
    return layer.bias
