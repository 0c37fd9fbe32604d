"""The model that each application holds: the same network, from the same file, and a slow one around it."""

import os
import time
from typing import Any

WEIGHTS, SLEEP_MS = "SERVING_WEIGHTS", "SERVING_SLEEP_MS"
MOST_ROWS, WAIT_S = 64, 0.0
"""The same batching for all: as much as waits, up to so many samples, and nobody waits for others."""


class Network:
    """Pictures in, labels and probabilities out."""

    def __init__(self) -> None:
        from pathlib import Path

        import torch

        from resources.learning.network import from_bytes

        torch.set_num_threads(1)
        self._network = from_bytes(Path(os.environ[WEIGHTS]).read_bytes()).eval()
        self._classes = [str(label) for label in self._network.shape.classes]
        self._sleep_s = float(os.environ[SLEEP_MS]) / 1e3

    def __call__(self, pictures: Any) -> tuple[Any, list[str]]:
        """Probabilities [n, class] and labels of pictures [n, h, w]."""
        import torch

        if self._sleep_s:
            time.sleep(self._sleep_s)
        with torch.inference_mode():
            said = self._network(torch.from_numpy(pictures)).softmax(dim=-1).numpy()
        return said, [self._classes[at] for at in said.argmax(axis=1)]


def picture(told: dict[str, Any]) -> Any:
    """The one picture of a request of the Open Inference Protocol."""
    import numpy as np

    asked = told["inputs"][0]
    return np.array(asked["data"], dtype=np.uint8).reshape(asked["shape"])


def answer(probabilities: Any, label: str) -> dict[str, Any]:
    """What the protocol answers for one picture."""
    said = {
        "name": "probabilities",
        "datatype": "FP32",
        "shape": [1, len(probabilities)],
        "data": probabilities.tolist(),
    }
    return {"outputs": [said, {"name": "label", "datatype": "BYTES", "shape": [1], "data": [label]}]}
