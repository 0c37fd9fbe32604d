"""BentoML: ``bentoml serve benchmarks.serving.apps.bentoml_app:Model --port PORT``."""

from typing import Any

import bentoml
import numpy as np

from benchmarks.serving.apps.model import MOST_ROWS, Network, answer


@bentoml.service(workers=1)
class Model:
    """One worker. Requests of one moment are one call."""

    def __init__(self) -> None:
        self.network = Network()

    @bentoml.api(  # type: ignore[untyped-decorator]
        batchable=True, max_batch_size=MOST_ROWS, max_latency_ms=60_000
    )
    def infer(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each tensor."""
        pictures = [np.array(one["data"], np.uint8).reshape(one["shape"]) for one in inputs]
        said, labels = self.network(np.concatenate(pictures))
        return [answer(one, label) for one, label in zip(said, labels, strict=True)]
