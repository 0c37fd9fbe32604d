"""What the commands of tiers share."""

from decimal import Decimal
from typing import TYPE_CHECKING

from resources.data.tiers.model import Tier
from resources.home import Home
from resources.texts import mark
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from resources.data.tiers.plan import Decision
    from resources.data.tiers.service import TierService

NAMES = (mark("hot"), mark("warm"), mark("cold"))
"""What tiers are called, for the translators."""
TIERS = [tier.value for tier in Tier]
COLDER = [tier.value for tier in Tier if tier is not Tier.HOT]
_NO_CURRENCY = ""


def tier_service() -> "TierService":
    """The service on the home that the environment names."""
    from resources.data.tiers.service import TierService

    home = Home.from_environment()
    return TierService(home, home.database())


def money(amount: Decimal | None, currency: str | None) -> str:
    """What something costs in a month; a dash where nobody gave a price."""
    if amount is None:
        return "-"
    return _("{amount} {currency} a month").format(amount=f"{amount:.2f}", currency=currency or _NO_CURRENCY)


def number(amount: Decimal | None) -> str | None:
    """The same for machines, exact."""
    return None if amount is None else str(amount)


def decision_document(one: "Decision") -> dict[str, object]:
    """Where a version is to be, for machines."""
    return {
        "dataset": one.held.dataset,
        "version": one.held.key,
        "from": one.held.tier.value,
        "to": one.tier.value,
        "rule": one.number,
        "reason": one.reason,
        "frees_bytes": one.frees_bytes,
        "last_used": one.held.last_used,
    }
