"""Replicas hold devices under leases of the arbiter, and wait for those that others hold."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from resources.deploy_plan import DeployPlan
from resources.errors import TrainplatError
from resources.gpu.model import Lease
from resources.gpu.service import GpuService
from resources.home import Home
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.source import Source
from resources.serving.server.status import status_of
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import SAMPLES, saying, served
from tests.resources.serving.server.conftest import until

pytestmark = pytest.mark.slow
SHAPES = DatasetName("shapes")


def live(home: Home) -> list[Lease]:
    return GpuService(home.database()).live_leases()


def deploy(home: Path, name: DatasetName, gpu: str, **more: Any) -> DeploymentService:
    service = served(home, {1: saying(1)}, name)
    plan = DeployPlan(gpu=gpu, idle_s=0, **more)
    service.promote(parse_reference(f"{name}:1"), ACTOR, "a test", declared=plan)
    return service


def test_a_replica_waits_for_devices_holds_them_and_gives_them_back_when_it_ends(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")
    service, home = deploy(trainplat_home, DatasetName("digits"), "1"), Home(trainplat_home)

    async def serve() -> None:
        server = ModelServer(Source(home), nurse)
        await until(lambda: any(one.replicas for one in server.pools.values()), server.look)
        (replica,) = next(iter(server.pools.values())).replicas
        (lease,) = live(home)
        assert lease.holder == replica.process
        assert lease.run_id.endswith("-serving")
        first = lease.devices
        assert replica.loading.device == "cpu"

        os.kill(replica.pid, signal.SIGKILL)  # another one takes its place, under a lease of its own
        said, _ = await server.answer("digits", None, {"samples": SAMPLES})
        assert list(said["label"]) == ["1"] * 3
        await until(lambda: len(live(home)) == 1 and live(home)[0].run_id != lease.run_id)

        deploy(trainplat_home, SHAPES, "2")
        waits: dict[str, str] = {}

        def seen() -> bool:
            waits.update({one["name"]: one["waits"] for one in status_of(server)["models"]})
            return bool(waits.get("shapes"))

        await until(seen, server.look)
        assert waits["digits"] == ""
        service.stop("digits", ACTOR, "a test")

        def has_devices() -> bool:
            return [len(one.devices) for one in live(home)] == [2]

        await until(has_devices, server.look)
        said, target = await server.answer("shapes", None, {"samples": SAMPLES})
        assert str(target) == "shapes:1"
        assert set(live(home)[0].devices) >= set(first)

        deploy(trainplat_home, DatasetName("birds"), "9")
        await server.look()
        with pytest.raises(TrainplatError, match="9"):
            await server.loaded("birds", None)
        await server.close()
        assert live(home) == []

    runner.run(serve())
