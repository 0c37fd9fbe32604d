import asyncio
from pathlib import Path

from resources.home import Home
from resources.serving.server.model_server import ModelServer
from resources.serving.server.nurse import Nurse
from resources.serving.server.source import Source


def test_a_server_that_could_not_look_what_is_deployed_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "trainplat.db").write_bytes(b"garbage" * 1000)

    async def look() -> None:
        server = ModelServer(Source(Home(tmp_path)), Nurse(tmp_path / "log"))
        assert not server.is_ready()
        await server.look()
        assert "what is deployed cannot be read: DatabaseError" in server.status()["problem"]
        assert not server.is_ready()
        (tmp_path / "trainplat.db").unlink()
        await server.look()
        assert server.status()["problem"] is None
        assert server.is_ready()
        await server.close()

    asyncio.run(look())
