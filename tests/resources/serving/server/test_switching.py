"""Under blue/green the new version has as many copies as the live one before it is asked anything."""

import asyncio
from pathlib import Path

import pytest

from resources.deploy_plan import DeployPlan, Strategy
from resources.home import Home
from resources.serving.deployments.model import Served
from resources.serving.references import parse_reference
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.source import Source
from resources.serving.server.target import Target
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import saying, served
from tests.resources.serving.server.conftest import until
from tests.resources.serving.server.test_shrinking import ask

COPIES = 3
PLAN = DeployPlan(
    strategy=Strategy.BLUE_GREEN,
    step_s=0.2,
    least_requests=0,
    most_replicas=COPIES,
    autoscale="rate:1",
    idle_s=0,
)


@pytest.mark.slow
def test_all_requests_go_over_when_as_many_copies_are_ready_as_are_live(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse
) -> None:
    service, home = served(trainplat_home, {1: saying(1), 2: saying(1)}), Home(trainplat_home)
    service.promote(parse_reference("digits:1"), ACTOR, "a test", declared=PLAN)
    old, new = Target("digits", 1), Target("digits", 2)
    ready: list[int] = []

    async def serve() -> None:
        server = ModelServer(Source(home), nurse)
        await server.look()
        asking = asyncio.create_task(ask(server))
        try:
            await until(lambda: len(server.pools[old].replicas) == COPIES, server.look)
            service.promote(parse_reference("digits:2"), ACTOR, "a test", declared=PLAN)

            def is_switched() -> bool:
                state = service.state("digits")
                if state.rollout is not None and state.rollout.step > 0 and new in server.pools:
                    ready.append(len(server.pools[new].replicas))
                return state.live == Served(2)

            await until(is_switched, server.look)
        finally:
            asking.cancel()
            (ended,) = await asyncio.gather(asking, return_exceptions=True)
            await server.close()
        assert isinstance(ended, asyncio.CancelledError)

    runner.run(serve())
    assert set(ready) == {COPIES}
