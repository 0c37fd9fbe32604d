"""What a shape may be."""

import pytest

from resources.errors import BadInput
from resources.gpu.placement.model import Shape


@pytest.mark.parametrize(
    ("devices", "milli", "memory_mib", "cpu_milli"),
    [(-1, 1000, 0, 0), (1, 0, 0, 0), (1, 1001, 0, 0), (1, 500, -1, 0), (1, 500, 0, -1)],
)
def test_a_shape_of_numbers_that_mean_nothing_is_refused(
    devices: int, milli: int, memory_mib: int, cpu_milli: int
) -> None:
    with pytest.raises(BadInput, match="cannot be placed"):
        Shape(devices, milli, memory_mib, None, cpu_milli)


def test_the_units_of_a_shape_are_its_devices_times_its_share_of_each() -> None:
    assert Shape(2, 250).units_milli == 500
