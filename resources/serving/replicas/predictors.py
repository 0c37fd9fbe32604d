"""Models as something that answers arrays. Import the heavy parts inside functions only."""

import hashlib
import io
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from resources.errors import BadInput, NotFound
from resources.kinds import Kind
from resources.serving.replicas.model import Format, Loading, Variant
from resources.serving.replicas.outputs import (
    ANSWER,
    LABEL,
    PROBABILITIES,
    SAMPLES,
    SURENESS,
    texts_array,
)
from resources.serving.tensors import BYTES, Array, Tensors, TensorSpec


class Predictor(Protocol):
    """A loaded model."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    classes: tuple[str, ...]
    """What the columns of probabilities stand for; none where a model has none."""

    def predict(self, given: Tensors) -> dict[str, Array]:
        """One row for each sample."""
        ...


def load(loading: Loading) -> Predictor:
    """The model, ready to answer.

    Raises :class:`NotFound` for a file that is gone and :class:`BadInput` for one that is damaged.
    """
    if loading.format is Format.MLFLOW:
        from resources.serving.replicas.pyfunc import PyfuncPredictor

        return PyfuncPredictor(loading.location)
    content = _content(loading)
    kind = _kind_of(content)
    if loading.variant is Variant.OUTLOOK:
        from resources.serving.replicas.outlook import OutlookPredictor

        return OutlookPredictor(kind, content, loading)
    if kind is Kind.IMAGE_CLASSES:
        return ImagePredictor(content, loading)
    return KindPredictor(kind, content, loading)


class ImagePredictor:
    """A classifier of grey pictures: probabilities and the likeliest label of each."""

    def __init__(self, content: bytes, loading: Loading) -> None:
        from resources.learning.network import from_bytes
        from resources.serving.replicas.variants import optimised

        network = from_bytes(content)
        shape = network.shape
        self.classes: tuple[str, ...] = tuple(map(str, shape.classes))
        self.inputs: tuple[TensorSpec, ...] = (
            TensorSpec(SAMPLES, "UINT8", (-1, shape.height_px, shape.width_px)),
        )
        self.outputs = _outputs(len(self.classes))
        self._device = loading.device
        self._network = optimised(network, loading.variant).to(loading.device).eval()
        self._names = np.array(self.classes, dtype=object)

    def predict(self, given: Tensors) -> dict[str, Array]:
        """See :class:`Predictor`."""
        import torch

        with torch.inference_mode():
            samples = torch.from_numpy(np.array(given[SAMPLES])).to(self._device)
            said = self._network(samples).float().softmax(dim=-1).cpu().numpy()
        return {PROBABILITIES: said, LABEL: self._names[said.argmax(axis=1)]}


class KindPredictor:
    """A model of texts or of marks: the answer as people give it, and how sure the model is."""

    def __init__(self, kind: Kind, content: bytes, loading: Loading) -> None:
        from resources.learning.kinds.networks import from_bytes
        from resources.serving.replicas.variants import optimised

        network = from_bytes(kind, content)
        shape = network.shape
        self._kind, self._device = kind, loading.device
        self.classes: tuple[str, ...] = tuple(map(str, shape.classes))
        self.inputs: tuple[TensorSpec, ...] = (
            TensorSpec(SAMPLES, "UINT8", (-1, shape.height_px, shape.width_px)),
        )
        answers = (TensorSpec(ANSWER, BYTES, (-1,)), TensorSpec(SURENESS, "FP32", (-1,)))
        self.outputs = _outputs(len(self.classes)) if kind.has_one_class else answers
        self._network: Any = optimised(network, loading.variant).to(loading.device).eval()
        self._names = np.array(self.classes, dtype=object)

    def predict(self, given: Tensors) -> dict[str, Array]:
        """See :class:`Predictor`."""
        import torch

        with torch.inference_mode():
            if self._kind.has_one_class:
                samples = torch.from_numpy(np.array(given[SAMPLES])).to(self._device)
                said = self._network(samples).float().softmax(dim=-1).cpu().numpy()[:, 0]
                return {PROBABILITIES: said, LABEL: self._names[said.argmax(axis=1)]}
            found = self._network.found(np.array(given[SAMPLES]), self._device)
        answers = [str(self._network.answer(marks)) for marks in found]
        sureness = [min((sure for _, sure in marks), default=1.0) for marks in found]
        return {ANSWER: texts_array(answers), SURENESS: np.array(sureness, dtype=np.float32)}


def _content(loading: Loading) -> bytes:
    try:
        content = Path(loading.location).read_bytes()
    except FileNotFoundError as problem:
        raise NotFound(
            f"the weights at {loading.location} are gone",
            "Restore them from a copy, or promote another version.",
        ) from problem
    found = hashlib.sha256(content).hexdigest()
    if loading.sha256 and found != loading.sha256:
        raise BadInput(
            f"the weights at {loading.location} have the digest {found[:12]}; expected {loading.sha256[:12]}",
            "The file is damaged: restore it from a copy, or promote another version.",
        )
    return content


def _kind_of(content: bytes) -> Kind:
    """What the weights say of themselves; those of pictures say nothing."""
    import torch

    try:
        told = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return Kind(told.get("kind", Kind.IMAGE_CLASSES))
    except Exception as problem:  # torch names a damaged file in a dozen ways
        raise BadInput(
            f"{len(content)} bytes are not the weights of a model: {problem}",
            "Use the weights of a registered model version, or train again.",
        ) from problem


def _outputs(classes: int) -> tuple[TensorSpec, ...]:
    return TensorSpec(PROBABILITIES, "FP32", (-1, classes)), TensorSpec(LABEL, BYTES, (-1,))
