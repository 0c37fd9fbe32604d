"""What a network of names says of each word of texts that have answers, in torch. Import inside functions."""

import numpy as np
import torch

from resources.kinds import Kind
from resources.learning.kinds.entities import IGNORED, EntityNet, places_of_words
from resources.learning.kinds.looking import BATCH
from resources.learning.kinds.model import SaidOfWords
from resources.learning.kinds.networks import from_bytes
from resources.learning.model import Images
from resources.learning.network import thread_limit
from resources.terms import Label


def words_said(
    weights: bytes, samples: Images, answers: tuple[Label, ...], *, device: str = "cpu", threads: int = 1
) -> list[SaidOfWords]:
    """Of each text, in order: what its answer calls each word, and what the network does."""
    network = from_bytes(Kind.ENTITIES, weights)
    if not isinstance(network, EntityNet):
        raise TypeError(f"a network of names is expected, not {type(network).__name__}")
    found: list[SaidOfWords] = []
    with thread_limit(threads), torch.inference_mode():
        network.to(device).eval()
        for first in range(0, len(samples), BATCH):
            part = np.array(samples[first : first + BATCH])
            (given_np,) = network.targets(part, answers[first : first + BATCH])
            said_npk = network(torch.from_numpy(part).to(device)).double().softmax(dim=-1).cpu().numpy()
            for text, given_p, said_pk in zip(part, given_np.numpy(), said_npk, strict=True):
                is_word = given_p != IGNORED
                found.append(SaidOfWords(given_p[is_word], said_pk[is_word], places_of_words(text)))
    return found
