"""What tiers cost, from ``prices.yaml``."""

from decimal import Decimal
from pathlib import Path

import pytest

from resources.data.tiers.model import Tier
from resources.data.tiers.prices import GIB, read_tier_prices
from resources.errors import BadInput
from resources.gpu.policy.price import parse_prices

TEXT = "currency: EUR\nper_gib_month: {hot: 0.10, cold: 0.004}\n"


def test_prices_are_read_as_they_are_written(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    assert read_tier_prices(file) is None
    file.write_text("currency: EUR\nper_gpu_hour: {V100: 1.20}\n")
    assert read_tier_prices(file) is None
    file.write_text(TEXT)
    found = read_tier_prices(file)
    assert found is not None
    assert found.monthly(Tier.HOT, 3 * GIB) == Decimal("0.30")
    assert found.monthly(Tier.WARM, 3 * GIB) is None


def test_prices_of_gpus_and_of_tiers_stand_in_one_file() -> None:
    assert parse_prices(TEXT) is None
    both = parse_prices(TEXT + "per_gpu_hour: {V100: 1.20}\n")
    assert both is not None
    assert both.of_model("V100") == Decimal("1.20")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("per_gib_month: {hot: 1}\n", "currency"),
        ("currency: EUR\nper_gib_month: {tepid: 1}\n", "tepid"),
        ("currency: EUR\nper_gib_month: {hot: free}\n", "'free'"),
        ("currency: EUR\nper_gib_month: {hot: -1}\n", "'-1'"),
        ("currency: [\n", "YAML"),
    ],
)
def test_a_bad_price_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "prices.yaml").write_text(text)
    with pytest.raises(BadInput, match=named):
        read_tier_prices(tmp_path / "prices.yaml")
