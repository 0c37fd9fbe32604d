"""How long a network takes for one sample alone, on one thread of a processor."""

import time
from dataclasses import dataclass

import numpy as np

from resources.learning.model import Images

WARM_UP = 5
CALLS = 40
LONGEST_S = 2.0
"""A large network is timed fewer times."""


@dataclass(frozen=True)
class Latency:
    """Of single samples, in milliseconds."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Size:
    """How large a network is, and how fast."""

    parameters: int
    latency: Latency


def size_up(network: object, samples: Images) -> Size:
    """Count the parameters of a ``torch.nn.Module``, and time it on samples of a test set, one by one."""
    import torch

    from resources.learning.network import thread_limit

    if not isinstance(network, torch.nn.Module):
        raise TypeError(f"a torch.nn.Module is expected, not {type(network).__name__}")
    network.eval()
    took_ms: list[float] = []
    with thread_limit(1), torch.inference_mode():
        until_s = time.monotonic() + LONGEST_S
        for call in range(WARM_UP + CALLS):
            place = call % len(samples)
            sample = torch.from_numpy(np.array(samples[place : place + 1]))
            began_ns = time.perf_counter_ns()
            network(sample)
            ended_ns = time.perf_counter_ns()
            if call >= WARM_UP or time.monotonic() > until_s:
                took_ms.append((ended_ns - began_ns) / 1e6)
            if took_ms and time.monotonic() > until_s:
                break
    p50_ms, p99_ms = np.percentile(took_ms, (50, 99)).tolist()
    return Size(sum(one.numel() for one in network.parameters()), Latency(p50_ms, p99_ms))
