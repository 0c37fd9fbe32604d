"""Weighted max-min fairness, by its definition."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.water_filling import ShareGroup, fair_shares, fair_shares_within, jain_index

TINY = 1e-6

names = st.sampled_from("abcdefgh")
demand = st.floats(min_value=0, max_value=100).map(lambda value: round(value, 3))
weight = st.sampled_from([0.0, 0.25, 1.0, 1.0, 2.0, 5.0])
demands_of = st.dictionaries(names, demand, max_size=8)
weights_of = st.dictionaries(names, weight, max_size=8)
capacities = st.floats(min_value=0, max_value=300).map(lambda value: round(value, 3))


def test_who_wants_little_gets_it_and_the_rest_is_divided() -> None:
    assert fair_shares({"a": 1, "b": 8, "c": 8}, {}, 9) == {"a": 1, "b": 4, "c": 4}


def test_twice_the_weight_is_twice_the_share() -> None:
    assert fair_shares({"a": 9, "b": 9}, {"a": 2}, 9) == {"a": 6, "b": 3}


def test_the_classic_example_of_the_text_books() -> None:
    # Demands 2, 2.6, 4, 5 on a capacity of 10: 2, 2.6, 2.7, 2.7.
    shares = fair_shares({"a": 2.0, "b": 2.6, "c": 4.0, "d": 5.0}, {}, 10.0)
    assert [round(shares[key], 9) for key in "abcd"] == [2.0, 2.6, 2.7, 2.7]


def test_the_classic_example_with_weights() -> None:
    # Demands 4, 2, 10, 4 with weights 2.5, 4, 0.5, 1 on 16: 4, 2, 6, 4.
    shares = fair_shares(
        {"a": 4.0, "b": 2.0, "c": 10.0, "d": 4.0}, {"a": 2.5, "b": 4.0, "c": 0.5, "d": 1.0}, 16.0
    )
    assert [round(shares[key], 9) for key in "abcd"] == [4, 2, 6, 4]


def test_who_weighs_nothing_gets_what_nobody_else_wants() -> None:
    assert fair_shares({"a": 4, "b": 9}, {"b": 0}, 6) == {"a": 4, "b": 2}
    assert fair_shares({"a": 9, "b": 9}, {"b": 0}, 6) == {"a": 6, "b": 0}


def test_what_is_guaranteed_comes_first() -> None:
    assert fair_shares({"a": 8, "b": 8}, {}, 10, {"a": 6}) == {"a": 8, "b": 2}


def test_guarantees_that_pass_the_capacity_are_cut_in_proportion() -> None:
    assert fair_shares({"a": 8, "b": 8}, {}, 6, {"a": 8, "b": 4}) == {"a": 4, "b": 2}


def test_nobody_wants_anything() -> None:
    assert fair_shares({}, {}, 5) == {}
    assert fair_shares({"a": 0}, {}, 5) == {"a": 0}


@given(demands_of, weights_of, capacities)
def test_all_is_given_out_or_all_are_satisfied(
    demands: dict[str, float], weights: dict[str, float], capacity: float
) -> None:
    total = math.fsum(fair_shares(demands, weights, capacity).values())
    assert total == pytest.approx(min(capacity, math.fsum(demands.values())), abs=TINY)


@given(demands_of, weights_of, capacities)
def test_nobody_gets_more_than_it_wants(
    demands: dict[str, float], weights: dict[str, float], capacity: float
) -> None:
    for key, share in fair_shares(demands, weights, capacity).items():
        assert 0 <= share <= demands[key] + TINY


@given(demands_of, weights_of, capacities)
def test_nobody_can_get_more_without_taking_from_one_that_stands_no_higher(
    demands: dict[str, float], weights: dict[str, float], capacity: float
) -> None:
    shares = fair_shares(demands, weights, capacity)
    unsatisfied = [key for key in demands if shares[key] < demands[key] - TINY]
    for key in unsatisfied:
        mine = weights.get(key, 1.0)
        for other in demands:
            theirs = weights.get(other, 1.0)
            if mine == 0:
                assert theirs > 0 or shares[other] <= shares[key] + TINY
            elif theirs == 0:
                assert shares[other] <= TINY
            else:
                assert shares[other] / theirs <= shares[key] / mine + TINY


@given(demands_of, weights_of, capacities, capacities)
def test_more_capacity_leaves_nobody_with_less(
    demands: dict[str, float], weights: dict[str, float], capacity: float, more: float
) -> None:
    before, after = (fair_shares(demands, weights, one) for one in (capacity, capacity + more))
    assert all(after[key] >= before[key] - TINY for key in demands)


@given(demands_of, weights_of, capacities, st.sampled_from([0.5, 2.0, 10.0]))
def test_only_the_proportion_of_weights_matters(
    demands: dict[str, float], weights: dict[str, float], capacity: float, times: float
) -> None:
    whole = {key: weights.get(key, 1.0) for key in demands}
    scaled = {key: value * times for key, value in whole.items()}
    one, other = fair_shares(demands, whole, capacity), fair_shares(demands, scaled, capacity)
    assert all(one[key] == pytest.approx(other[key], abs=TINY) for key in demands)


@given(demands_of, weights_of, capacities, demand)
def test_to_ask_for_more_than_one_gets_brings_nothing(
    demands: dict[str, float], weights: dict[str, float], capacity: float, more: float
) -> None:
    shares = fair_shares(demands, weights, capacity)
    for key, wanted in demands.items():
        if shares[key] < wanted - TINY:
            again = fair_shares(demands | {key: wanted + more}, weights, capacity)
            assert again[key] == pytest.approx(shares[key], abs=TINY)


@given(demands_of, weights_of, capacities, st.dictionaries(names, demand, max_size=8))
def test_a_guarantee_that_can_be_kept_is_kept(
    demands: dict[str, float], weights: dict[str, float], capacity: float, guaranteed: dict[str, float]
) -> None:
    promised = {key: min(demands[key], guaranteed.get(key, 0.0)) for key in demands}
    shares = fair_shares(demands, weights, capacity, guaranteed)
    if math.fsum(promised.values()) <= capacity:
        assert all(shares[key] >= promised[key] - TINY for key in demands)
    assert math.fsum(shares.values()) <= capacity + TINY


@pytest.mark.parametrize(
    ("demands", "weights", "capacity", "named"),
    [
        ({"a": -1.0}, {}, 1.0, "the demand of a is -1.0"),
        ({"a": math.nan}, {}, 1.0, "the demand of a is nan"),
        ({"a": 1.0}, {"a": -2.0}, 1.0, "the weight of a is -2.0"),
        ({"a": 1.0}, {}, -3.0, "the capacity of all is -3.0"),
        ({"a": 1.0}, {}, math.inf, "the capacity of all is inf"),
    ],
)
def test_numbers_that_make_no_sense_are_named(
    demands: dict[str, float], weights: dict[str, float], capacity: float, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        fair_shares(demands, weights, capacity)


def tree(*cohorts: ShareGroup) -> ShareGroup:
    return ShareGroup("all", members=cohorts)


def test_cohorts_share_before_the_projects_in_them() -> None:
    many = ShareGroup("many", members=tuple(ShareGroup(f"p{at}", demand=10) for at in range(4)))
    one = ShareGroup("one", members=(ShareGroup("p", demand=10),))
    shares = fair_shares_within(tree(many, one), 8)
    assert shares["all", "one", "p"] == 4
    assert shares["all", "many", "p0"] == 1


def test_projects_share_before_the_users_in_them() -> None:
    crowd = ShareGroup("crowd", members=tuple(ShareGroup(f"u{at}", demand=10) for at in range(3)))
    alone = ShareGroup("alone", weight=2, members=(ShareGroup("u", demand=10),))
    shares = fair_shares_within(tree(ShareGroup("c", members=(crowd, alone))), 9)
    assert shares["all", "c", "alone", "u"] == 6
    assert [shares["all", "c", "crowd", f"u{at}"] for at in range(3)] == [1, 1, 1]


@given(demands_of, weights_of, capacities)
def test_one_level_of_a_hierarchy_is_the_plain_division(
    demands: dict[str, float], weights: dict[str, float], capacity: float
) -> None:
    flat = tree(*(ShareGroup(key, weights.get(key, 1.0), wanted) for key, wanted in demands.items()))
    total = min(capacity, flat.wants)
    shares = fair_shares_within(flat, total)
    plain = fair_shares(demands, weights, total)
    assert all(shares["all", key] == pytest.approx(plain[key], abs=TINY) for key in demands)


groups = st.recursive(
    st.builds(ShareGroup, names, weight, demand),
    lambda inner: st.builds(
        lambda name, heavy, members: ShareGroup(name, heavy, 0.0, tuple(members)),
        names,
        weight,
        st.lists(inner, min_size=1, max_size=3, unique_by=lambda one: one.name),
    ),
    max_leaves=10,
)


@given(groups, capacities)
def test_what_a_group_is_due_is_what_its_members_are_due(group: ShareGroup, capacity: float) -> None:
    shares = fair_shares_within(group, capacity)

    def check(one: ShareGroup, path: tuple[str, ...]) -> None:
        assert shares[path] <= one.wants + TINY
        if one.members:
            parts = math.fsum(shares[(*path, member.name)] for member in one.members)
            assert parts == pytest.approx(shares[path], abs=TINY)
        for member in one.members:
            check(member, (*path, member.name))

    check(group, (group.name,))
    assert shares[(group.name,)] == pytest.approx(min(capacity, group.wants), abs=TINY)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], 1.0), ([0, 0], 1.0), ([5], 1.0), ([2, 2, 2], 1.0), ([1, 0, 0, 0], 0.25), ([1, 2, 3], 36 / 42)],
)
def test_jains_index(values: list[float], expected: float) -> None:
    assert jain_index(values) == pytest.approx(expected)


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=20))
def test_jains_index_lies_between_one_for_all_and_one_for_each(values: list[float]) -> None:
    assert 1 / len(values) - TINY <= jain_index(values) <= 1 + TINY


@given(
    st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=20), st.sampled_from([0.5, 3.0])
)
def test_jains_index_does_not_depend_on_the_unit(values: list[float], times: float) -> None:
    assert jain_index([value * times for value in values]) == pytest.approx(jain_index(values))
