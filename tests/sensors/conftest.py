"""What the tests of the loop's sensors start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sensors.daemon import SensorDaemon, sensor_daemon
from tests.sensors.shapes_loop import ShapesLoop, begun


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[SensorDaemon]:
    """Dagster's daemon over the loop's sensors, before any of them ticked."""
    with sensor_daemon(tmp_path / "dagster", "tests.sensors.loop_location") as started:
        yield started


@pytest.fixture
def loop(trainplat_home: Path) -> ShapesLoop:
    """The first version decided; Label Studio is there for who asks for it too."""
    return begun(trainplat_home)
