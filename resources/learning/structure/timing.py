"""How long a network takes beside another one, in torch. Import this module inside functions only."""

import time
from collections.abc import Callable
from statistics import median

import torch

from resources.learning.network import ImageNet, thread_limit

BATCH = 64
ROUNDS = 30


def latency_ratio(network: ImageNet, beside: ImageNet, *, device: str, rounds: int = ROUNDS) -> float:
    """The time for one batch ÷ that of the network ``beside``: the median over rounds of one after the other.

    On a CPU it is the time of the processor, with one thread: what else runs there does not count.
    """
    shape = network.shape
    generator = torch.Generator().manual_seed(0)
    size = (BATCH, shape.height_px, shape.width_px)
    images = torch.randint(0, 256, size, generator=generator, dtype=torch.uint8).to(device)
    one, other = network.to(device).eval(), beside.to(device).eval()
    ratios = []
    with thread_limit(1), torch.inference_mode():
        for number in range(rounds + 3):
            mine, theirs = _seconds(one, images, device), _seconds(other, images, device)
            if number >= 3:  # the first ones are slower
                ratios.append(mine / theirs)
    return median(ratios)


def _seconds(network: ImageNet, images: torch.Tensor, device: str) -> float:
    clock: Callable[[], float] = time.thread_time
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
        clock = time.perf_counter
    began = clock()
    network(images)
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    return max(clock() - began, 1e-9)
