"""What models of ours call what they take and give."""

from collections.abc import Sequence

import numpy as np

from resources.serving.tensors import Array

SAMPLES, PROBABILITIES, LABEL, ANSWER, SURENESS = "samples", "probabilities", "label", "answer", "sureness"
MEMBERS, SEED, EMBEDDINGS, MARKS = "members", "seed", "embeddings", "marks"
"""Of a look at all: how many thinned copies are asked too, and from which seed those are drawn; what each of
them says, what the head of the network is given, and all marks that are found, as JSON.
"""


def texts_array(values: Sequence[str]) -> Array:
    """Texts as a model gives them."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
