"""Names of models in one spelling, and amounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.amounts import (
    ANY_DEVICE,
    CPU_MILLI,
    CPU_SLOT,
    HOST_MEMORY_MIB,
    Amounts,
    Resource,
    covers,
    flavour,
    hours_shown,
    is_device,
    shown,
    widest,
)

words = st.lists(st.sampled_from(["NVIDIA", "V100", "A100", "SXM2", "32GB", "80GB"]), min_size=1, max_size=4)
models = words.map(" ".join)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Tesla V100-SXM2-32GB", "TESLA-V100-SXM2-32GB"),
        ("NVIDIA H200", "NVIDIA-H200"),
        ("v100", "V100"),
        ("  NVIDIA   A100-SXM4 ", "NVIDIA-A100-SXM4"),
        (None, "CPU-SLOT"),
    ],
)
def test_a_model_has_one_spelling(model: str | None, expected: str) -> None:
    assert flavour(model) == expected


@given(models)
def test_a_spelling_is_its_own(model: str) -> None:
    assert flavour(flavour(model)) == flavour(model)


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        ("V100", "TESLA-V100-SXM2-32GB", True),
        ("V100-32GB", "TESLA-V100-SXM2-32GB", True),
        ("V100-16GB", "TESLA-V100-SXM2-32GB", False),
        ("V10", "TESLA-V100", False),
        ("*", "TESLA-V100", True),
        ("*", "CPU-SLOT", True),
        ("*", "cpu_milli", False),
        ("*", "host_memory_mib", False),
        ("cpu_milli", "cpu_milli", False),
        ("V100", "*", False),
    ],
)
def test_a_row_counts_the_devices_that_have_its_words(wide: str, narrow: str, expected: bool) -> None:
    assert covers(Resource(wide), Resource(narrow)) is expected


@given(models, models, models)
def test_counting_passes_on(one: str, other: str, third: str) -> None:
    first, second, last = flavour(one), flavour(other), flavour(third)
    assert covers(first, first)
    if covers(first, second) and covers(second, last):
        assert covers(first, last)


@given(st.lists(models, max_size=6))
def test_of_the_widest_none_counts_what_another_counts_unless_both_are_the_same(names: list[str]) -> None:
    found = widest(flavour(name) for name in names)
    for one in found:
        assert not [other for other in found if other != one and covers(other, one)]


def test_what_is_counted_twice_is_counted_by_the_wider() -> None:
    assert widest([Resource("V100-32GB"), Resource("V100"), Resource("A100")]) == ["A100", "V100"]


@pytest.mark.parametrize(
    ("resource", "amount", "expected"),
    [
        (Resource("V100"), 2000, "2 V100"),
        (Resource("V100"), 2500, "2.5 V100"),
        (Resource("V100"), 125, "0.125 V100"),
        (Resource("V100"), 0, "0 V100"),
        (ANY_DEVICE, 10_000, "10"),
        (CPU_MILLI, 16_000, "16 CPU"),
        (HOST_MEMORY_MIB, 65_536, "65536 MiB"),
        (CPU_SLOT, 1000, "1 CPU-SLOT"),
    ],
)
def test_an_amount_is_shown_with_its_unit(resource: Resource, amount: int, expected: str) -> None:
    assert shown(resource, amount) == expected


@pytest.mark.parametrize("one", [CPU_MILLI, HOST_MEMORY_MIB])
def test_cores_and_memory_are_no_devices(one: Resource) -> None:
    assert not is_device(one)


@pytest.mark.parametrize("make", [lambda: Amounts({"V100": -1}), lambda: Amounts(cpu_milli=-1)])
def test_nothing_is_asked_for_less_than_nothing(make: type) -> None:
    with pytest.raises(ValueError, match="is -1; expected 0 or more"):
        make()


def test_amounts_of_one_model_are_devices_and_nothing_else() -> None:
    assert Amounts.of_devices(500, "V100") == Amounts({"V100": 500}, 0, 0)
    assert hash(Amounts.of_devices(500, "V100")) == hash(Amounts({"V100": 500}))


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (0, "0"),
        (0.001, "0.001"),
        (0.0000123, "0.000012"),
        (0.0996, "0.1"),
        (0.256, "0.26"),
        (5, "5"),
        (99.5, "99.5"),
        (500, "500"),
        (1234.56, "1,234.6"),
        (2000, "2,000"),
    ],
)
def test_hours_are_shown_with_digits_that_say_something(hours: float, said: str) -> None:
    assert hours_shown(hours) == said
