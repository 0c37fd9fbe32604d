import pytest

from resources.gpu.inventory.mig import profile_name

A100_40, A100_80, H100 = 40960, 81920, 81559


@pytest.mark.parametrize(
    ("compute", "gpu", "memory_mib", "card_mib", "expected"),
    [
        # The profiles of an A100 and an H100 as `nvidia-smi mig -lgip` lists them, with their memory.
        (1, 1, 4864, A100_40, "1g.5gb"),
        (2, 2, 9856, A100_40, "2g.10gb"),
        (3, 3, 19968, A100_40, "3g.20gb"),
        (7, 7, 40192, A100_40, "7g.40gb"),
        (1, 1, 9728, A100_80, "1g.10gb"),
        (3, 3, 40192, H100, "3g.40gb"),
        (1, 2, 19968, A100_80, "1c.2g.20gb"),
        (1, None, 19968, A100_80, None),
        (1, 1, None, A100_80, None),
        (1, 1, 19968, None, None),
    ],
)
def test_an_older_driver_leaves_the_name_to_be_put_together(
    compute: int, gpu: int | None, memory_mib: int | None, card_mib: int | None, expected: str | None
) -> None:
    assert profile_name("NVIDIA A100", compute, gpu, memory_mib, card_mib) == expected


def test_the_name_of_the_device_says_it_under_a_newer_driver() -> None:
    named = "NVIDIA H100 80GB HBM3 MIG 1g.10gb+me"
    assert profile_name(named, 1, 1, 9728, H100) == "1g.10gb+me"
