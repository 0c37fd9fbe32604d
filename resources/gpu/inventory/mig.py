"""The names of MIG profiles."""

import math
import re

_IN_NAME = re.compile(r"MIG (\S+)$")
_EIGHTHS = 8


def profile_name(
    device_name: str | None,
    compute_slices: int | None,
    gpu_slices: int | None,
    memory_mib: int | None,
    card_memory_mib: int | None,
) -> str | None:
    """``1g.10gb``; ``1c.2g.20gb`` for a part of a GPU instance's compute slices.

    The name of the device ends with it under a newer driver. Under an older one it is put together as the
    vendor does (github.com/NVIDIA/go-nvlib): the instance's share of the card's memory, rounded up to
    eighths, of the card's memory in GiB rounded up.
    """
    named = _IN_NAME.search(device_name or "")
    if named is not None:
        return named[1]
    if not gpu_slices or not memory_mib or not card_memory_mib:
        return None
    eighths = math.ceil(memory_mib / card_memory_mib * _EIGHTHS)
    memory_gb = math.floor(eighths / _EIGHTHS * math.ceil(card_memory_mib / 1024) + 0.5)
    part = f"{compute_slices}c." if compute_slices and compute_slices < gpu_slices else ""
    return f"{part}{gpu_slices}g.{memory_gb}gb"
