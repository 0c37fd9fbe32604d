"""Looking at samples with a trained network, in torch. Import this module inside functions only."""

import numpy as np
import torch

from resources.kinds import Kind
from resources.learning.kinds.model import UNMARKED, Measured, Seen
from resources.learning.kinds.network import KindNet, Marks, Places
from resources.learning.kinds.networks import check_fit, from_bytes
from resources.learning.looking import masks
from resources.learning.model import Images, LookSettings, Outlook, Probabilities
from resources.learning.network import thread_limit
from resources.terms import Label

BATCH = 256
"""Samples per forward pass when nothing is learnt; bounds the memory."""


def evaluate(
    kind: Kind, weights: bytes, samples: Images, answers: tuple[Label, ...], classes: tuple[Label, ...]
) -> Measured:
    """How well what the model finds fits the answers of people."""
    network = from_bytes(kind, weights)
    check_fit(network.shape, samples, classes)
    with thread_limit(1), torch.inference_mode():
        return network.score(_found(network.eval(), samples, "cpu"), answers, classes)


def look(kind: Kind, weights: bytes, samples: Images, classes: tuple[Label, ...], how: LookSettings) -> Seen:
    """See :func:`resources.learning.prediction.look`: of each sample the place that is least sure."""
    return look_with(kind, from_bytes(kind, weights), samples, classes, how)


def look_with(
    kind: Kind, network: KindNet, samples: Images, classes: tuple[Label, ...], how: LookSettings
) -> Seen:
    """The same with a network that is loaded already."""
    check_fit(network.shape, samples, classes)
    said, seen, thinned = [], [], []
    with thread_limit(how.threads), torch.inference_mode():
        network.to(how.device).eval()
        masks_mf = masks(how.members, network.head.in_features, how.seed).to(how.device)
        for first in range(0, max(1, len(samples)), BATCH):
            part = torch.from_numpy(np.array(samples[first : first + BATCH])).to(how.device)
            features_nf = _least_sure(network, network.places(part))
            said.append(_said(network, features_nf, classes))
            seen.append(features_nf.float().cpu().numpy())
            if how.members:
                thinned.append(_said(network, features_nf[None] * masks_mf[:, None], classes))
        marks = _found(network, samples, how.device)
    probabilities = np.concatenate(said)
    columns = classes if kind.has_one_class else (*classes, UNMARKED)
    return Seen(
        Outlook(probabilities, np.concatenate(seen), np.concatenate(thinned, axis=1) if thinned else None),
        columns,
        tuple(network.answer(one) for one in marks),
        probabilities.max(axis=1),
        () if kind.has_one_class else tuple(map(tuple, marks)),
    )


def _said(network: KindNet, features: torch.Tensor, classes: tuple[Label, ...]) -> Probabilities:
    """[..., class, and nothing where answers are marks]: 0 for classes that the network does not know."""
    probabilities: Probabilities = network.head(features).double().softmax(dim=-1).cpu().numpy()
    known = len(network.shape.classes)
    unknown = np.zeros((*probabilities.shape[:-1], len(classes) - known))
    return np.concatenate([probabilities[..., :known], unknown, probabilities[..., known:]], axis=-1)


def _least_sure(network: KindNet, places: Places) -> torch.Tensor:
    """[n, f]: of each sample the place where the two likeliest classes are the most alike."""
    two = network.head(places.features_npf).softmax(dim=-1).topk(2, dim=-1).values
    margins_np = (two[..., 0] - two[..., 1]).masked_fill(~places.is_there_np, 2.0)
    rows = torch.arange(len(margins_np), device=margins_np.device)
    return places.features_npf[rows, margins_np.argmin(dim=1)]


def _found(network: KindNet, samples: Images, device: str) -> list[Marks]:
    marks: list[Marks] = []
    for first in range(0, len(samples), BATCH):
        marks += network.found(np.array(samples[first : first + BATCH]), device)
    return marks
