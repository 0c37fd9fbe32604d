"""Texts as hashed sequences of characters, in torch. Import this module inside functions only."""

import torch
from torch import Tensor

FACTOR = 1_000_003


def lowered(bytes_nw: Tensor) -> Tensor:
    """Capital letters of the Latin alphabet as small ones."""
    is_capital = (bytes_nw >= ord("A")) & (bytes_nw <= ord("Z"))
    return bytes_nw + 32 * is_capital


def hashed(bytes_nw: Tensor, length: int, buckets: int) -> Tensor:
    """[n, w]: the bucket of the ``length`` bytes from each place on; 0 where the text ends before that."""
    found = torch.zeros_like(bytes_nw)
    is_whole = torch.ones_like(bytes_nw, dtype=torch.bool)
    for step in range(length):
        ahead = torch.zeros_like(bytes_nw)
        ahead[:, : bytes_nw.shape[1] - step] = bytes_nw[:, step:]
        found = (found * FACTOR + ahead) % 2_147_483_647
        is_whole &= ahead > 0
    return torch.where(is_whole, 1 + (found + length) % (buckets - 1), 0)
