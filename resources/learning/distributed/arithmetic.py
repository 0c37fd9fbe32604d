"""The number format of a step. Import this module inside functions only."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.amp.grad_scaler import GradScaler

from resources.learning.distributed.plan import Precision

NUMBERS = {Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


def numbers(device_type: str, precision: Precision) -> AbstractContextManager[object]:
    """Within it most of the arithmetic is done in the numbers of ``precision``."""
    dtype = NUMBERS.get(precision)
    return torch.autocast(device_type, dtype) if dtype is not None else nullcontext()


def scaler(device_type: str, precision: Precision) -> GradScaler:
    """What scales a loss in halves on a GPU; elsewhere it changes nothing."""
    return GradScaler(device_type, enabled=precision is Precision.FP16 and device_type == "cuda")
