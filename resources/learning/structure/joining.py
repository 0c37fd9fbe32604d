"""Several trained networks in one that says what they say on average, weighted, in torch.

Import this module inside functions only. The channels of each are a part of their own: no weight leads from
one part to another, and each part is normalised by itself. They stay apart, as columns, so they are as large
together as each by itself. One that grew has parts already, with weights between: then all lie beside each
other in wider layers, with zeros between. Either can be trained on, and grown like any.

Letters of tensor shapes: o channels out, i channels in, k classes, f features.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.layers import Columns, PartedNorm, Residual
from resources.learning.network import ImageNet


def joined(networks: Sequence[ImageNet], least_of_first: float = 0.0) -> ImageNet:
    """One network with the mean of their logits; who has columns already counts as many times.

    The first has ``least_of_first`` of the say, at least, and the others share the rest. Raises
    :class:`BadInput` for what differs but in width.
    """
    first = networks[0]
    for other in networks[1:]:
        if _but_width(other) != _but_width(first):
            raise BadInput(
                f"networks for {_but_width(first)} and {_but_width(other)} cannot be joined; expected those "
                "of one depth, for the same classes and images",
                "Train them for the same data set, with one depth.",
            )
    parts = [part for one in networks for part in one.shape.parts]
    apart = len(parts) > 1 and all(one.shape.columns == len(one.shape.parts) for one in networks)
    shape = replace(first.shape, channels=parts[0], grown=tuple(parts[1:]), apart=apart)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        same = all(one.head.sizes == first.head.sizes for one in networks)
        found = ImageNet(shape, first.head.sizes if same else ())
        for target, *given in zip(_body(found), *(_body(one) for one in networks), strict=True):
            _fill(target, given)
        _fill_head(found, networks, _shares(networks, least_of_first))
    return found


def connected(network: ImageNet) -> ImageNet:
    """The same function with layers that weights may lead across; itself where they may already."""
    if not network.shape.apart:
        return network
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        found = ImageNet(replace(network.shape, apart=False), network.head.sizes)
        for target, given in zip(_body(found), _body(network), strict=True):
            _fill(target, [given])
        found.head.load_state_dict(network.head.state_dict())
    return found.to(next(network.parameters()).device)


def _fill(target: nn.Module, given: Sequence[nn.Module]) -> None:
    each = [one for layer in given for one in _columns(layer)]
    if isinstance(target, Columns):
        for column, one in zip(target.columns, each, strict=True):
            column.load_state_dict(one.state_dict())
        return
    weights = [_weight(one) for one in each]
    diagonal = isinstance(target, nn.Conv2d) and target.in_channels > 1  # the first layer sees one grey image
    _weight(target).copy_(_blocks(weights, _weight(target)) if diagonal else torch.cat(weights))
    _bias(target).copy_(torch.cat([_bias(one) for one in each]))


def _shares(networks: Sequence[ImageNet], least_of_first: float) -> list[float]:
    columns = [one.shape.columns for one in networks]
    shares = [count / sum(columns) for count in columns]
    if len(shares) == 1 or shares[0] >= least_of_first:
        return shares
    return [least_of_first, *((1 - least_of_first) * count / sum(columns[1:]) for count in columns[1:])]


def _fill_head(found: ImageNet, networks: Sequence[ImageNet], shares: Sequence[float]) -> None:
    """The weighted mean of what each makes of its own features."""
    pairs = list(zip(shares, networks, strict=True))
    weights = torch.cat([share * torch.cat(_head(one, _weight)) for share, one in pairs], dim=1)
    biases = torch.stack([share * torch.cat(_head(one, _bias)) for share, one in pairs]).sum(dim=0)
    begin = 0
    for block, size in zip(found.head.blocks, found.head.sizes, strict=True):
        _weight(block).copy_(weights[begin : begin + size])
        _bias(block).copy_(biases[begin : begin + size])
        begin += size


def _head(network: ImageNet, part: Callable[[nn.Module], Tensor]) -> list[Tensor]:
    return [part(block) for block in network.head.blocks]


def _blocks(given: Sequence[Tensor], like: Tensor) -> Tensor:
    """Each network's weights [o, i, 3, 3] on the diagonal."""
    found = torch.zeros_like(like)
    o = i = 0
    for weights in given:
        found[o : o + weights.shape[0], i : i + weights.shape[1]] = weights
        o, i = o + weights.shape[0], i + weights.shape[1]
    return found


def _body(network: ImageNet) -> list[nn.Module]:
    """What has weights below the head, in its order; columns are one layer."""
    layers = [
        layer for one in network.features for layer in (one.branch if isinstance(one, Residual) else [one])
    ]
    return [one for one in layers if isinstance(one, Columns | nn.Conv2d | PartedNorm)]


def _columns(layer: nn.Module) -> list[nn.Module]:
    return list(layer.columns) if isinstance(layer, Columns) else [layer]


def _but_width(network: ImageNet) -> tuple[object, ...]:
    shape = network.shape
    return shape.classes, (shape.width_px, shape.height_px), shape.depth


def _weight(layer: nn.Module) -> Tensor:
    if not isinstance(layer.weight, Tensor):
        raise TypeError(f"{type(layer).__name__} has no weights")
    return layer.weight


def _bias(layer: nn.Module) -> Tensor:
    if not isinstance(layer.bias, Tensor):
        raise TypeError(f"{type(layer).__name__} has no bias")
    return layer.bias
