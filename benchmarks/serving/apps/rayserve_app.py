"""Ray Serve: ``python -m benchmarks.serving.apps.rayserve_app PORT``."""

import sys
import time
from typing import Any

import numpy as np
import ray
from ray import serve
from starlette.requests import Request

from benchmarks.serving.apps.model import MOST_ROWS, WAIT_S, Network, answer, picture


@serve.deployment(max_ongoing_requests=256)
class Model:
    """One replica."""

    def __init__(self) -> None:
        self.network = Network()

    @serve.batch(max_batch_size=MOST_ROWS, batch_wait_timeout_s=WAIT_S)  # type: ignore[untyped-decorator]
    async def said(self, pictures: list[Any]) -> list[Any]:
        """What the model says of each."""
        return list(zip(*self.network(np.concatenate(pictures)), strict=True))

    async def __call__(self, request: Request) -> dict[str, Any]:
        """One request."""
        return answer(*await self.said(picture(await request.json())))


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
    serve.run(Model.bind(), route_prefix="/infer")  # type: ignore[attr-defined]
    while True:
        time.sleep(60)
