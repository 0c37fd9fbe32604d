"""A model that tells all that a query strategy needs, as the loop's own look at samples does."""

import json
from typing import Any

import numpy as np

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.model import Seen
from resources.learning.model import LookSettings
from resources.serving.replicas.model import Loading
from resources.serving.replicas.outputs import (
    ANSWER,
    EMBEDDINGS,
    MARKS,
    MEMBERS,
    PROBABILITIES,
    SAMPLES,
    SEED,
    SURENESS,
    texts_array,
)
from resources.serving.tensors import BYTES, Array, Tensors, TensorSpec


class OutlookPredictor:
    """Of each sample the probabilities, the answer, how sure it is, the embedding, members and marks."""

    def __init__(self, kind: Kind, content: bytes, loading: Loading) -> None:
        self._kind, self._loading = kind, loading
        self._network = _network(kind, content).to(loading.device).eval()
        shape = self._network.shape
        self.classes: tuple[str, ...] = tuple(map(str, shape.classes))
        self.inputs: tuple[TensorSpec, ...] = (
            TensorSpec(SAMPLES, "UINT8", (-1, shape.height_px, shape.width_px)),
            TensorSpec(MEMBERS, "INT32", (-1,), is_optional=True),
            TensorSpec(SEED, "INT64", (-1,), is_optional=True),
        )
        columns = len(self.classes) + (not kind.has_one_class)  # the last is that nothing is there
        self.outputs: tuple[TensorSpec, ...] = (
            TensorSpec(PROBABILITIES, "FP64", (-1, columns)),
            TensorSpec(ANSWER, BYTES, (-1,)),
            TensorSpec(SURENESS, "FP64", (-1,)),
            TensorSpec(EMBEDDINGS, "FP32", (-1, -1)),
            TensorSpec(MEMBERS, "FP64", (-1, -1, columns)),
            TensorSpec(MARKS, BYTES, (-1,)),
        )

    def predict(self, given: Tensors) -> dict[str, Array]:
        """See :class:`resources.serving.replicas.predictors.Predictor`."""
        seen = self._look(given)
        rows = len(seen.guesses)
        members = seen.outlook.members
        thinned = np.zeros((rows, 0, len(seen.columns))) if members is None else members.transpose(1, 0, 2)
        marks = [json.dumps(one) for one in seen.marks or ((),) * rows]
        return {
            PROBABILITIES: seen.outlook.probabilities,
            ANSWER: texts_array(seen.guesses),
            SURENESS: np.asarray(seen.sureness, dtype=np.float64),
            EMBEDDINGS: seen.outlook.embeddings,
            MEMBERS: np.ascontiguousarray(thinned),
            MARKS: texts_array(marks),
        }

    def _look(self, given: Tensors) -> Seen:
        samples = np.array(given[SAMPLES])
        how = LookSettings(
            _only(given, MEMBERS), _only(given, SEED), self._loading.device, self._loading.threads
        )
        classes = self._network.shape.classes
        if self._kind is Kind.IMAGE_CLASSES:
            from resources.learning.kinds.image_classes import seen_by_classes
            from resources.learning.looking import look_with

            return seen_by_classes(look_with(self._network, samples, classes, how), classes)
        from resources.learning.kinds import looking

        return looking.look_with(self._kind, self._network, samples, classes, how)


def _network(kind: Kind, content: bytes) -> Any:
    from resources.learning.kinds.learner import learner_of

    return learner_of(kind).network(content)


def _only(given: Tensors, name: str) -> int:
    """The one value of all rows; requests that differ are asked again one by one."""
    values = np.unique(given[name])
    if len(values) != 1 or values[0] < 0:
        raise BadInput(
            f"input {name!r} holds {len(values)} values from {values[0]}; expected one value of 0 or more",
            "Give each sample of a request the same.",
        )
    return int(values[0])
