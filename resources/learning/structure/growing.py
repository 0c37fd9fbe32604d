"""Growing a trained network so that it says the same, after Net2Net (Chen et al. 2016), in torch.

Import this module inside functions only. Channels that are added draw random weights and give nothing to what
was there: their outgoing weights are 0. They are a part of their own in each normalisation, so the mean and
the spread of the old ones stay. A block that is added is residual, and its last convolution is 0.

Letters of tensor shapes: o channels out, i channels in, k classes, f features.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from resources.errors import BadInput
from resources.learning.layers import PartedNorm, Residual
from resources.learning.network import ImageNet, Shape
from resources.learning.structure.joining import connected


def grown(network: ImageNet, *, channels: int, depth: int, seed: int) -> ImageNet:
    """The same function in a network of ``channels`` feature maps and ``depth`` residual blocks.

    ``channels`` are those of the first convolution, all parts together. Raises :class:`BadInput` for less
    than there is. The given network is left as it is.
    """
    shape = network.shape
    if channels < sum(shape.parts) or depth < shape.depth:
        raise BadInput(
            f"a network of {sum(shape.parts)} channels and {shape.depth} blocks was to grow to {channels} "
            f"and {depth}; expected as many or more",
            "Train a smaller one from nothing.",
        )
    return deepened(widened(network, channels - sum(shape.parts), seed=seed), depth - shape.depth, seed=seed)


def widened(network: ImageNet, more: int, *, seed: int) -> ImageNet:
    """``more`` feature maps in the first convolution, twice as many in each later one."""
    if more == 0:
        return network
    network = connected(network)
    shape = network.shape
    wider = _made(replace(shape, grown=(*shape.grown, more)), network, seed)
    with torch.no_grad():
        for old, new in zip(_layers(network), _layers(wider), strict=True):
            if isinstance(old, nn.Conv2d) and isinstance(new, nn.Conv2d):
                _widen_convolution(old, new)
            elif isinstance(old, PartedNorm) and isinstance(new, PartedNorm):
                new.weight[: len(old.weight)] = old.weight
                new.bias[: len(old.bias)] = old.bias
            elif isinstance(old, nn.Linear) and isinstance(new, nn.Linear):
                new.weight.zero_()
                new.weight[:, : old.in_features] = old.weight
                new.bias.copy_(old.bias)
        _silence_new(network, wider)
    return wider


def deepened(network: ImageNet, more: int, *, seed: int) -> ImageNet:
    """``more`` residual blocks, which give nothing until they are trained."""
    if more == 0:
        return network
    deeper = _made(replace(network.shape, depth=network.shape.depth + more), network, seed)
    with torch.no_grad():
        state = deeper.state_dict()
        state.update(network.state_dict())
        deeper.load_state_dict(state)
    return deeper


def parameters_of(network: ImageNet) -> int:
    """How large a network is."""
    return sum(parameter.numel() for parameter in network.parameters())


def _made(shape: Shape, like: ImageNet, seed: int) -> ImageNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = ImageNet(shape, like.head.sizes)
    return made.to(next(like.parameters()).device)


def _layers(network: ImageNet) -> list[nn.Module]:
    """What has weights, in its order."""
    return [one for one in network.modules() if isinstance(one, nn.Conv2d | PartedNorm | nn.Linear)]


def _widen_convolution(old: nn.Conv2d, new: nn.Conv2d) -> None:
    """The old outputs see the old inputs alone; the new outputs see all, by random weights."""
    o, i = old.weight.shape[:2]
    new.weight[:o].zero_()
    new.weight[:o, :i] = old.weight
    _bias(new)[:o] = _bias(old)


def _silence_new(network: ImageNet, wider: ImageNet) -> None:
    """What new channels would add to a stream that blocks pass on: nothing, as in a block that is new."""
    old_blocks = [one for one in network.modules() if isinstance(one, Residual)]
    new_blocks = [one for one in wider.modules() if isinstance(one, Residual)]
    for old, new in zip(old_blocks, new_blocks, strict=True):
        before, after = old.branch[3], new.branch[3]
        if isinstance(before, nn.Conv2d) and isinstance(after, nn.Conv2d):
            after.weight[before.out_channels :].zero_()
            _bias(after)[before.out_channels :].zero_()


def _bias(layer: nn.Conv2d) -> Tensor:
    if layer.bias is None:
        raise ValueError("a convolution without a bias")
    return layer.bias
