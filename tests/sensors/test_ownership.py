"""Two Dagster instances on one home, as ``dagster dev`` beside ``trainplat up``: one turns the loop."""

from pathlib import Path

import pytest

from tests.sensors.daemon import sensor_daemon
from tests.sensors.shapes_loop import begun


@pytest.mark.parametrize("sensor", ["shapes_annotations", "shapes_questions"])
def test_the_sensors_of_a_second_instance_do_nothing_and_say_why(
    sensor: str, trainplat_home: Path, tmp_path: Path
) -> None:
    begun(trainplat_home)
    location = "tests.sensors.loop_location"
    with sensor_daemon(tmp_path / "one", location) as one, sensor_daemon(tmp_path / "two", location) as two:
        ours = one.tick(sensor).skip_reason or ""
        theirs = two.tick(sensor).skip_reason or ""
        again = one.tick(sensor).skip_reason or ""
    assert "another Dagster instance" not in ours + again
    assert f"the sensors of another Dagster instance work on this home: {tmp_path / 'one'}" in theirs
    assert "Stop one of the two" in theirs
