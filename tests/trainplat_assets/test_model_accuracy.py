"""The accuracy that the loop promises: it rises with each round and ends at 0.93 or more with 200 labels."""

from argparse import ArgumentParser

import pytest

from benchmarks import accuracy

pytestmark = pytest.mark.uncounted

BAR = 0.93


def measured(*arguments: str) -> list[float]:
    parser = ArgumentParser()
    accuracy.add_arguments(parser)
    metrics = accuracy.run(parser.parse_args(list(arguments)))
    return [metrics[f"accuracy_{labels}_labels_mean"] for labels in (100, 150, 200)]


@pytest.mark.slow
def test_one_seed_of_the_digits_ends_above_the_bar() -> None:
    first, second, third = measured("--seeds", "0")
    assert first <= second <= third
    assert third >= BAR


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_over_five_seeds_the_mean_rises_in_each_round_and_ends_above_the_bar() -> None:
    first, second, third = measured("--seeds", "0-4")
    assert first < second < third
    assert third >= BAR
