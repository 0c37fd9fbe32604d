"""What lies here is served whatever MLflow does; what is damaged here is fetched from it again."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.errors import Unavailable
from resources.home import Home
from resources.learning.network import ImageNet, Shape, to_bytes
from resources.registry.model import Candidate
from resources.registry.service import RegistryService
from resources.serving.layers.store import LayerStore
from resources.serving.server.elsewhere import MOST_AT_ONCE
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.source import Source
from resources.terms import VersionKey
from tests.resources.serving.examples import ACTOR, NAME
from tests.resources.serving.homes import CLASSES, SAMPLES, SIZE_PX, saying, served

pytestmark = pytest.mark.slow
GIVEN = {"samples": SAMPLES}


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An MLflow that takes all connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        yield


@pytest.mark.usefixtures("silent_server")
def test_what_lies_here_is_loaded_while_many_wait_for_an_mlflow_that_says_nothing(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse
) -> None:
    served(trainplat_home, {1: saying(1), 2: saying(2)})

    async def ask() -> None:
        server = ModelServer(Source(Home(trainplat_home)), nurse)
        assert list((await server.answer("digits", "1", GIVEN))[0]["label"]) == ["1"] * 3
        count = 4 * MOST_AT_ONCE
        names = [("digits", f"tag-{at}") if at % 2 else (f"birds{at}", None) for at in range(count)]
        unknown = [asyncio.ensure_future(server.answer(name, tag, GIVEN)) for name, tag in names]
        await asyncio.sleep(0.1)
        assert list((await server.answer("digits", "2", GIVEN))[0]["label"]) == ["2"] * 3
        assert sum(one.done() for one in unknown) <= count / 2
        with pytest.raises(Unavailable, match=r"MLflow at .* does not answer"):
            await unknown[0]
        for one in unknown:
            one.cancel()
        await server.close()

    runner.run(ask())


def test_a_copy_that_is_damaged_is_fetched_from_the_registry_again(
    trainplat_home: Path, runner: asyncio.Runner, nurse: Nurse
) -> None:
    home = Home(trainplat_home)
    network = ImageNet(Shape(CLASSES, *SIZE_PX, 4))
    candidate = Candidate(
        dataset=NAME,
        version=VersionKey("v1.0"),
        snapshot_id="0" * 64,
        weights=to_bytes(network),
        network=network,
        image_size_px=SIZE_PX,
        classes=CLASSES,
    )
    registered = RegistryService(home, home.database()).register(candidate, ACTOR).model
    copy = LayerStore(home.models).path(registered.weights_sha256)

    async def ask() -> None:
        for damage in (b"", candidate.weights[:-100], b"x" * len(candidate.weights)):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(damage)
            server = ModelServer(Source(home), nurse)
            said, target = await server.answer(NAME, str(registered.number), GIVEN)
            assert len(said["label"]) == 3
            assert target.number == registered.number
            assert copy.read_bytes() == candidate.weights
            for one in server.pools.values():
                one.close()

    runner.run(ask())
