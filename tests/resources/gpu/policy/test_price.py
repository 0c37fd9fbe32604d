"""What GPU-hours cost, and what is said where there is no price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.amounts import ANY_DEVICE, Resource
from resources.gpu.policy.price import BadPrices, Cost, Prices, Use, parse_prices

PRICES = parse_prices(
    """
currency: EUR
per_gpu_hour:
  V100: 1.20
  V100-32GB: 1.50
  H200: 4.75
budget_unit: V100
"""
)
assert PRICES is not None
EUR: Prices = PRICES

uses = st.lists(
    st.builds(
        Use,
        st.sampled_from(["Tesla V100", "Tesla V100-SXM2-32GB", "NVIDIA H200", "RTX 3090", None]),
        st.integers(min_value=0, max_value=8000),
        st.integers(min_value=0, max_value=10**6),
    ),
    max_size=6,
)


def test_an_hour_of_a_whole_card_costs_its_price() -> None:
    assert EUR.cost([Use("NVIDIA H200", 1000, 3600)]) == Cost(Decimal("4.75"), "EUR")


def test_half_a_card_costs_half() -> None:
    assert EUR.cost([Use("NVIDIA H200", 500, 7200)]) == Cost(Decimal("4.75"), "EUR")


def test_the_entry_that_names_a_model_most_closely_counts() -> None:
    assert EUR.of_model("Tesla V100-SXM2-32GB") == Decimal("1.50")
    assert EUR.of_model("Tesla V100-SXM2-16GB") == Decimal("1.20")
    maker = Prices("EUR", {Resource("NVIDIA"): Decimal(9), Resource("A100-80GB"): Decimal(3)})
    assert maker.of_model("NVIDIA A100-SXM4-80GB") == 3
    either = Prices("EUR", {ANY_DEVICE: Decimal(9), Resource("V100"): Decimal(1)})
    assert either.of_model("Tesla V100") == 1
    assert either.of_model("NVIDIA A100") == 9


def test_a_quota_for_any_device_costs_what_all_devices_cost_alike() -> None:
    quota = {ANY_DEVICE: 2000}
    assert EUR.cost_of_quota(quota, 1) is None
    assert EUR.cost_of_quota(quota, 1, ["Tesla V100", "V100 16GB"]) == Cost(Decimal("2.40"), "EUR")
    assert EUR.cost_of_quota(quota, 1, ["Tesla V100", "NVIDIA H200"]) is None, "they cost more or less"
    assert EUR.cost_of_quota(quota, 1, ["Tesla V100", "RTX 3090"]) is None, "one has no price"
    assert EUR.cost_of_quota(quota, 1, ["RTX 3090"]) is None
    either = Prices("EUR", {ANY_DEVICE: Decimal(9), Resource("V100"): Decimal(1)})
    assert either.cost_of_quota(quota, 1, ["Tesla V100"]) == Cost(Decimal(18), "EUR")


def test_what_has_no_price_is_named_and_costs_nothing() -> None:
    cost = EUR.cost([Use("RTX 3090", 1000, 3600), Use("Tesla V100", 1000, 3600), Use(None, 1000, 3600)])
    assert cost == Cost(Decimal("1.20"), "EUR", ("CPU-SLOT", "RTX-3090"))


def test_where_nothing_has_a_price_there_is_no_cost() -> None:
    assert EUR.cost([Use("RTX 3090", 1000, 3600)]) is None
    assert EUR.cost([]) is None


def test_what_is_free_costs_nothing_and_says_so() -> None:
    free = Prices("EUR", {ANY_DEVICE: Decimal(0)})
    assert free.cost([Use("Tesla V100", 1000, 3600)]) == Cost(Decimal(0), "EUR")


def test_a_third_of_an_hour_is_exact() -> None:
    cost = EUR.cost([Use("Tesla V100", 1000, 1200)] * 3)
    assert cost is not None
    assert cost.amount == Decimal("1.20")


def test_a_quota_costs_what_using_all_of_it_costs() -> None:
    cost = EUR.cost_of_quota({Resource("V100"): 4000, Resource("H200"): 500}, hours=10)
    assert cost == Cost(Decimal("71.75"), "EUR")


@given(uses, uses)
def test_costs_add_up(some: list[Use], more: list[Use]) -> None:
    def amount(what: list[Use]) -> Decimal:
        cost = EUR.cost(what)
        return Decimal(0) if cost is None else cost.amount

    assert abs(amount(some + more) - amount(some) - amount(more)) < Decimal("1e-18")


@given(uses)
def test_the_order_of_use_does_not_matter(some: list[Use]) -> None:
    one, other = EUR.cost(some), EUR.cost(some[::-1])
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.text == other.text
        assert one.unpriced == other.unpriced


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("12.345", "EUR", "12.34 EUR"),
        ("12.355", "EUR", "12.36 EUR"),
        ("0", "USD", "0.00 USD"),
        ("1234.5", "JPY", "1234 JPY"),
        ("1e3", "CNY", "1000.00 CNY"),
    ],
)
def test_an_amount_is_shown_with_the_code_of_its_currency(amount: str, currency: str, expected: str) -> None:
    assert Cost(Decimal(amount), currency).text == expected


def test_hours_of_dearer_models_count_more_in_a_budget() -> None:
    assert EUR.factor("Tesla V100") == 1
    assert EUR.factor("Tesla V100-SXM2-32GB") == Decimal("1.25")
    assert EUR.factor("RTX 3090") == 1


def test_without_a_unit_every_hour_counts_as_one() -> None:
    plain = parse_prices("{currency: EUR, per_gpu_hour: {H200: 4}}")
    assert plain is not None
    assert plain.factor("NVIDIA H200") == 1


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n"])
def test_an_empty_file_has_no_prices(text: str) -> None:
    assert parse_prices(text) is None


def test_a_price_is_read_as_it_is_written() -> None:
    prices = parse_prices("currency: EUR\nper_gpu_hour: {v100: 0.10, '*': 0.3}\n")
    assert prices is not None
    assert prices.per_gpu_hour == {Resource("V100"): Decimal("0.10"), ANY_DEVICE: Decimal("0.3")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency: euro\nper_gpu_hour: {}", "has the currency 'euro'; expected a code of three capitals"),
        ("currency: €€€\nper_gpu_hour: {}", "has the currency '€€€'"),
        ("currency: [EUR]\nper_gpu_hour: {}", "has the currency ['EUR']"),
        ("currency: EUR", "has ['currency']; expected currency, per_gpu_hour"),
        ("currency: EUR\nper_gpu_hour: {}\nprice: 1", "'price'"),
        ("- 1", "has ['1']; expected"),
        ("currency: EUR\nper_gpu_hour: 3", "has '3' under per_gpu_hour"),
        ("currency: EUR\nper_gpu_hour: {V100: -1}", "has the price '-1' for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: cheap}", "has the price 'cheap' for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: nan}", "has the price 'nan' for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: inf}", "has the price 'inf' for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: [1]}", "has the price ['1'] for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: 1, v100: 2}", "has two prices for V100"),
        ("currency: EUR\nper_gpu_hour: {V100: 1}\nbudget_unit: H200", "has the budget_unit 'H200'"),
        ("currency: EUR\nper_gpu_hour: {V100: 0}\nbudget_unit: V100", "has the budget_unit 'V100'"),
        ("currency: [", "is no YAML"),
        ("currency: !!python/object/apply:os.system [true]\nper_gpu_hour: {}", "has the currency"),
    ],
)
def test_what_is_wrong_is_said_with_its_value(text: str, said: str) -> None:
    with pytest.raises(BadPrices) as raised:
        parse_prices(text, "home/prices.yaml")
    assert said in raised.value.problem
    assert raised.value.problem.startswith("home/prices.yaml ")
    assert "per_gpu_hour" in raised.value.next_step
