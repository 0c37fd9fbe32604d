"""What it costs to keep bytes: a price by tier, where one is given. No price is ever guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from resources.data.tiers.model import Tier
from resources.errors import BadInput

GIB = 1024**3


@dataclass(frozen=True)
class TierPrices:
    """A price for each GiB and month, by tier."""

    currency: str
    per_gib_month: Mapping[Tier, Decimal]

    def monthly(self, tier: Tier, size_bytes: int) -> Decimal | None:
        """What so many bytes cost in a month; None where the tier has no price. Exact."""
        price = self.per_gib_month.get(tier)
        return None if price is None else price * size_bytes / GIB


def read_tier_prices(path: Path) -> TierPrices | None:
    """The prices of tiers in ``prices.yaml``; None where there are none.

    ``currency: EUR``, ``per_gib_month: {hot: 0.10, warm: 0.02, cold: 0.004}``. Raises BadInput with the key
    and its value.
    """
    import yaml

    try:
        # The base loader leaves numbers as they are written: 0.10 is a price, and no binary fraction.
        content = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _bad(path, f"is no YAML ({' '.join(str(error).split())})") from error
    if not isinstance(content, dict) or "per_gib_month" not in content:
        return None
    listed, currency = content["per_gib_month"], content.get("currency")
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise _bad(path, f"has the currency {currency!r}; expected a code of three capitals, such as EUR")
    if not isinstance(listed, dict) or not set(listed) <= {tier.value for tier in Tier}:
        raise _bad(path, f"has {listed!r} under per_gib_month; expected a price for hot, warm and cold")
    return TierPrices(currency, {Tier(tier): _price(path, tier, price) for tier, price in listed.items()})


def _price(path: Path, tier: str, price: Any) -> Decimal:
    try:
        value = Decimal(str(price))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise _bad(path, f"has the price {price!r} for {tier}; expected a number, 0 or more, such as 0.02")
    return value


def _bad(path: Path, problem: str) -> BadInput:
    return BadInput(
        f"{path} {problem}", "Write for instance: currency: EUR, and per_gib_month: {hot: 0.10, warm: 0.02}."
    )
