"""LitServe: ``python -m benchmarks.serving.apps.litserve_app PORT``."""

import sys
from typing import Any

import litserve
import numpy as np

from benchmarks.serving.apps.model import MOST_ROWS, WAIT_S, Network, answer, picture


class Api(litserve.LitAPI):  # type: ignore[misc]
    """Hooks that the library calls."""

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the model."""
        self.network = Network()

    def decode_request(self, request: dict[str, Any]) -> Any:
        """The picture."""
        return picture(request)

    def batch(self, inputs: list[Any]) -> Any:
        """Several of them."""
        return np.concatenate(inputs)

    def predict(self, x: Any) -> list[tuple[Any, str]]:
        """What the model says of each."""
        return list(zip(*self.network(x), strict=True))

    def unbatch(self, output: list[tuple[Any, str]]) -> list[tuple[Any, str]]:
        """One for each request."""
        return output

    def encode_response(self, output: Any) -> dict[str, Any]:
        """As it is sent."""
        return answer(*output)


if __name__ == "__main__":
    litserve.LitServer(
        Api(max_batch_size=MOST_ROWS, batch_timeout=WAIT_S, api_path="/infer"), accelerator="cpu"
    ).run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
