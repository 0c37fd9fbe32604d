"""Looking at images with a trained network, in torch. Import this module inside functions only.

Letters of tensor shapes: n images, f features, k classes.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from resources.learning.model import Images, LookSettings, Outlook, Probabilities
from resources.learning.network import ImageNet, check_fit, from_bytes, thread_limit
from resources.terms import Label

PREDICTION_BATCH = 1024
"""Images per forward pass when nothing is learnt; bounds the memory."""

EMBEDDING_WIDTH = 512
"""The most numbers that an embedding has; a wider one is projected."""

DROPPED_SHARE = 0.25
"""How much of the embedding each member of a committee does without."""


def probabilities(
    weights: bytes, images: Images, classes: tuple[Label, ...], *, device: str, threads: int
) -> Probabilities:
    """See :func:`resources.learning.prediction.predict`."""
    network = from_bytes(weights)
    check_fit(network.shape, images, classes)
    with thread_limit(threads), torch.inference_mode():
        network.to(device).eval()
        found = [_softmax(network.head(part)) for part in _embedded(network, images, device)]
    return _widened(np.concatenate(found), len(classes))


def look(weights: bytes, images: Images, classes: tuple[Label, ...], how: LookSettings) -> Outlook:
    """See :func:`resources.learning.prediction.look`."""
    return look_with(from_bytes(weights), images, classes, how)


def look_with(network: ImageNet, images: Images, classes: tuple[Label, ...], how: LookSettings) -> Outlook:
    """The same with a network that is loaded already."""
    check_fit(network.shape, images, classes)
    said, seen, thinned = [], [], []
    with thread_limit(how.threads), torch.inference_mode():
        network.to(how.device).eval()
        width = network.head.features
        masks_mf = masks(how.members, width, how.seed).to(how.device)
        narrow = _projection(width)
        for part in _embedded(network, images, how.device):
            said.append(_softmax(network.head(part)))
            seen.append((part if narrow is None else part @ narrow.to(how.device)).float().cpu().numpy())
            if how.members:
                thinned.append(_softmax(network.head(part[None] * masks_mf[:, None])))
    committee = _widened(np.concatenate(thinned, axis=1), len(classes)) if thinned else None
    return Outlook(_widened(np.concatenate(said), len(classes)), np.concatenate(seen), committee)


def _embedded(network: ImageNet, images: Images, device: str) -> Iterator[Tensor]:
    """The embeddings [n, f] of some images at a time; at least once, so that none have a width too."""
    for first in range(0, max(1, len(images)), PREDICTION_BATCH):
        batch = np.ascontiguousarray(images[first : first + PREDICTION_BATCH])
        yield network.embed(torch.from_numpy(batch).to(device))


def _softmax(logits: Tensor) -> Probabilities:
    found: Probabilities = logits.double().softmax(dim=-1).cpu().numpy()
    return found


def _widened(probabilities: Probabilities, classes: int) -> Probabilities:
    """[..., class]: 0 for each class that came after the network was trained."""
    missing = classes - probabilities.shape[-1]
    if missing == 0:
        return probabilities
    return np.concatenate([probabilities, np.zeros((*probabilities.shape[:-1], missing))], axis=-1)


def masks(members: int, width: int, seed: int) -> Tensor:
    """One row for each member: dropout that is drawn once and holds for all images, so that a member is one
    model (Kirsch, van Amersfoort and Gal 2019, *BatchBALD*). Put into a network that was trained without, it
    still ranks what is unsure (Ledda, Fumera and Roli 2023, *Dropout injection at test time*).
    """
    generator = torch.Generator().manual_seed(seed)
    kept = torch.rand(members, width, generator=generator) >= DROPPED_SHARE
    return kept.float() / (1 - DROPPED_SHARE)


def _projection(width: int) -> Tensor | None:
    """[f, fewer], always the same, which keeps distances nearly as they are (Johnson and Lindenstrauss 1984);
    None where embeddings are narrow enough.
    """
    if width <= EMBEDDING_WIDTH:
        return None
    drawn = torch.randn(width, EMBEDDING_WIDTH, generator=torch.Generator().manual_seed(0))
    return torch.div(drawn, EMBEDDING_WIDTH**0.5)
