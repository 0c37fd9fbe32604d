"""What GPU-hours cost: a price by model, where one is given. No price is ever guessed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from resources.errors import BadInput
from resources.gpu.policy.amounts import ANY_DEVICE, Resource, covers, flavour

PRICES_FILE = "prices.yaml"
"""Its name in the home."""

_KEYS = {"currency", "per_gpu_hour", "budget_unit", "per_gib_month"}
"""The last one is what storage costs: not of GPUs, and read by the tiers of data."""
_MILLI_SECONDS_IN_AN_HOUR = Decimal(1000 * 3600)
_WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})
"""Currencies that have no smaller unit (ISO 4217)."""


class BadPrices(BadInput):
    """A list of prices that cannot be read."""


@dataclass(frozen=True)
class Use:
    """Devices of one model, held for some time."""

    model: str | None
    milli: int
    """Thousandths of devices."""
    seconds: int | Decimal


@dataclass(frozen=True)
class Cost:
    """What some use costs. Exact: rounded only where it is shown."""

    amount: Decimal
    currency: str
    """The code of ISO 4217, such as ``EUR``."""
    unpriced: tuple[str, ...] = ()
    """The models that have no price; what they would cost is not in ``amount``."""

    @property
    def text(self) -> str:
        """The amount with its currency, the same in each language: ``12.34 EUR``."""
        step = Decimal(1) if self.currency in _WITHOUT_CENTS else Decimal("0.01")
        return f"{self.amount.quantize(step, rounding=ROUND_HALF_EVEN)} {self.currency}"


@dataclass(frozen=True)
class Prices:
    """A price for each hour of a whole device, by model."""

    currency: str
    per_gpu_hour: Mapping[Resource, Decimal] = field(default_factory=dict)
    budget_unit: Resource | None = None
    """The model an hour of which is one GPU-hour in budgets; None: an hour of any is one."""

    def of_model(self, model: str | None) -> Decimal | None:
        """The price of the entry that names the model most closely; None where none does."""
        name = flavour(model)
        found = [one for one in self.per_gpu_hour if covers(one, name)]
        closest = max(found, key=lambda one: (one != ANY_DEVICE, one.count("-"), one), default=None)
        return None if closest is None else self.per_gpu_hour[closest]

    def cost(self, uses: Iterable[Use]) -> Cost | None:
        """What ``uses`` cost: of a run, or of a project in a period. None where nothing of it has a price."""
        total, unpriced, is_priced = Decimal(0), set[str](), False
        for use in uses:
            price = self.of_model(use.model)
            if price is None:
                unpriced.add(flavour(use.model))
                continue
            is_priced = True
            total += price * use.milli * use.seconds / _MILLI_SECONDS_IN_AN_HOUR
        return Cost(total, self.currency, tuple(sorted(unpriced))) if is_priced else None

    def cost_of_quota(
        self, nominal_milli: Mapping[Resource, int], hours: int, models: Collection[str | None] = ()
    ) -> Cost | None:
        """What it costs to use all of a quota for so long: flavours and thousandths of devices.

        ``models`` are those of the devices that there are: where all have one price, a device of any kind
        has it too.
        """
        any_model = self._model_for_any(models)
        return self.cost(
            Use(any_model if one == ANY_DEVICE else one, milli, hours * 3600)
            for one, milli in nominal_milli.items()
        )

    def factor(self, model: str | None) -> Decimal:
        """How many GPU-hours of a budget one hour of a whole device counts; 1 where prices do not say."""
        if self.budget_unit is None:
            return Decimal(1)
        unit, price = self.per_gpu_hour[self.budget_unit], self.of_model(model)
        return Decimal(1) if price is None else price / unit

    def _model_for_any(self, models: Collection[str | None]) -> str | None:
        """A model that has the price of a device of any kind; ``*`` where it has its own, or none does."""
        prices = {self.of_model(model) for model in models}
        if ANY_DEVICE in self.per_gpu_hour or len(prices) != 1 or None in prices:
            return ANY_DEVICE
        return next(iter(models))


def parse_prices(text: str, where: str = PRICES_FILE) -> Prices | None:
    """The prices in a YAML text; None for an empty one. Raises :class:`BadPrices` with the key and its value.

    ``currency: EUR``, ``per_gpu_hour: {V100: 1.20, H200: 4.75}``, and optionally ``budget_unit: V100``.
    """
    content = _load(text, where)
    if content is None or content == "":
        return None
    if isinstance(content, dict) and set(content) == {"currency", "per_gib_month"}:
        return None  # only storage has a price
    if not isinstance(content, dict) or not {"currency", "per_gpu_hour"} <= set(content) <= _KEYS:
        found = sorted(map(str, content)) if isinstance(content, dict) else content
        raise _bad(where, f"has {found}; expected currency, per_gpu_hour and optionally budget_unit")
    currency = content["currency"]
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise _bad(where, f"has the currency {currency!r}; expected a code of three capitals, such as EUR")
    listed = content["per_gpu_hour"]
    if not isinstance(listed, dict):
        raise _bad(where, f"has {listed!r} under per_gpu_hour; expected a price by model")
    prices: dict[Resource, Decimal] = {}
    for model, price in listed.items():
        name = ANY_DEVICE if model == ANY_DEVICE else flavour(str(model))
        if name in prices:
            raise _bad(where, f"has two prices for {name}")
        prices[name] = _price(model, price, where)
    return Prices(currency, prices, _budget_unit(content.get("budget_unit"), prices, where))


def _load(text: str, where: str) -> Any:
    import yaml

    try:
        # The base loader leaves numbers as they are written: 1.10 is a price, and no binary fraction.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise _bad(where, f"is no YAML ({' '.join(str(error).split())})") from error


def _price(model: object, price: object, where: str) -> Decimal:
    try:
        value = Decimal(str(price))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise _bad(where, f"has the price {price!r} for {model}; expected a number, 0 or more, such as 1.20")
    return value


def _budget_unit(model: object, prices: Mapping[Resource, Decimal], where: str) -> Resource | None:
    if model is None:
        return None
    name = flavour(str(model))
    if prices.get(name, Decimal(0)) <= 0:
        raise _bad(where, f"has the budget_unit {model!r}; expected a model with a price above 0")
    return name


def _bad(where: str, problem: str) -> BadPrices:
    return BadPrices(
        f"{where} {problem}", "Write for instance: currency: EUR, and per_gpu_hour: {V100: 1.20}."
    )
