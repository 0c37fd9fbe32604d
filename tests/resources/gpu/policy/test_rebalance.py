"""Lending of cards: the rules, and that nothing swings."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI
from resources.gpu.policy.quota_model import Party, QuotaRow, QuotaRows, project
from resources.gpu.policy.rebalance import (
    Group,
    LendingSettings,
    Move,
    MoveKind,
    groups_after,
    rebalance,
    rows_after,
)

SETTINGS = LendingSettings()
LATE = 1e6
"""Long after any change."""


def group(name: str, nominal: int, used: int, waiting: int = 0, **more: float) -> Group:
    """In cards; it lends nothing, and what waits has waited for long."""
    return replace(
        Group(
            project(name), nominal * 1000, 0, used * 1000, waiting * 1000, waited_s=1000.0 if waiting else 0.0
        ),
        **more,  # type: ignore[arg-type]
    )


def told(moves: Sequence[Move]) -> list[str]:
    return [f"{move.reason.rule} {move.party.name} {move.from_milli}->{move.to_milli}" for move in moves]


def moved(*groups: Group, settings: LendingSettings = SETTINGS, now_s: float = LATE) -> list[str]:
    return told(rebalance(groups, settings, now_s)[0])


def test_a_group_with_little_use_lends_to_one_that_waits() -> None:
    moves, after = rebalance([group("idle", 10, 2), group("busy", 4, 4, 3)], SETTINGS, LATE)
    assert told(moves) == ["L1 idle 0->3000"]
    assert moves[0].reason.text == "idle uses 2 of 10 and lends 3: busy waits for more than it is owed."
    assert after[0] == replace(group("idle", 10, 2), lending_milli=3000, changed_at_s=LATE)


def test_it_keeps_its_use_and_a_fifth_in_reserve() -> None:
    assert moved(group("idle", 10, 2), group("busy", 4, 4, 40)) == ["L1 idle 0->6000"]


def test_it_keeps_what_it_waits_for_itself() -> None:
    assert moved(group("idle", 10, 2, 3), group("busy", 4, 4, 40)) == ["L1 idle 0->3000"]


def test_it_keeps_what_is_guaranteed_to_it() -> None:
    assert moved(group("idle", 10, 0, guaranteed_milli=7000), group("busy", 4, 4, 40)) == ["L1 idle 0->3000"]


def test_a_fifth_unused_is_not_enough() -> None:
    assert not moved(group("idle", 10, 8), group("busy", 4, 4, 3))


def test_nothing_is_lent_while_nobody_waits() -> None:
    assert not moved(group("idle", 10, 0), group("busy", 4, 4))


def test_who_waits_for_what_it_is_owed_needs_no_loan() -> None:
    assert not moved(group("idle", 10, 0), group("busy", 8, 4, 4))


def test_who_has_not_waited_long_waits_on() -> None:
    assert not moved(group("idle", 10, 0), group("busy", 4, 4, 3, waited_s=299))
    assert moved(group("idle", 10, 0), group("busy", 4, 4, 3, waited_s=300))


def test_what_is_lent_and_free_is_used_first() -> None:
    assert not moved(group("idle", 10, 2, lending_milli=3000), group("busy", 4, 4, 3))
    assert moved(group("idle", 10, 2, lending_milli=3000), group("busy", 4, 6, 3)) == ["L1 idle 3000->5000"]


def test_who_uses_the_smallest_part_lends_first() -> None:
    groups = [group("half", 10, 5), group("idle", 10, 1), group("busy", 2, 2, 9)]
    assert moved(*groups) == ["L1 idle 0->7000", "L1 half 0->2000"]


def test_whole_cards_are_lent() -> None:
    busy = replace(group("busy", 4, 4, 1), waiting_milli=500)
    assert moved(group("idle", 10, 0), busy) == ["L1 idle 0->1000"]


def test_who_waits_for_more_than_it_is_owed_lends_nothing() -> None:
    assert not moved(group("one", 4, 0, 6), group("other", 4, 4, 3))


def test_small_groups_can_be_left_out() -> None:
    settings = LendingSettings(smallest_milli=3000)
    assert not moved(group("idle", 2, 0), group("busy", 4, 4, 3), settings=settings)
    assert moved(group("idle", 3, 0), group("busy", 4, 4, 3), settings=settings)


def test_a_group_that_needs_its_cards_takes_them_back() -> None:
    moves, after = rebalance([group("owner", 10, 6, 4, lending_milli=6000)], SETTINGS, LATE)
    assert told(moves) == ["L2 owner 6000->0"]
    assert moves[0].reason.text == "owner takes 6 back: it uses and waits for 10, and keeps 4 of 10."
    assert after[0].lending_milli == 0


def test_it_takes_back_no_more_than_it_needs() -> None:
    assert moved(group("owner", 10, 4, 2, lending_milli=6000)) == ["L2 owner 6000->4000"]


def test_to_be_a_little_short_moves_nothing() -> None:
    assert not moved(group("owner", 10, 5, lending_milli=6000))
    assert moved(group("owner", 10, 6, lending_milli=6000))


def test_who_keeps_less_than_is_guaranteed_takes_back() -> None:
    assert moved(group("owner", 10, 0, lending_milli=6000, guaranteed_milli=5000)) == ["L2 owner 6000->5000"]


def test_what_was_changed_stays_for_a_while() -> None:
    lately = group("idle", 10, 2, changed_at_s=LATE - 100)
    moves, after = rebalance([lately, group("busy", 4, 4, 3)], SETTINGS, LATE)
    assert told(moves) == ["L3 idle 0->0"]
    assert moves[0].kind is MoveKind.STAY
    assert moves[0].reason.values["seconds"] == 100
    assert after == (lately, group("busy", 4, 4, 3))
    assert moved(group("owner", 10, 9, lending_milli=6000, changed_at_s=LATE - 599)) == [
        "L3 owner 6000->6000"
    ]
    assert moved(group("owner", 10, 9, lending_milli=6000, changed_at_s=LATE - 600)) == [
        "L2 owner 6000->1000"
    ]


def test_a_dry_run_says_the_same_and_changes_nothing() -> None:
    groups = [group("idle", 10, 2), group("busy", 4, 4, 3), group("owner", 10, 9, lending_milli=6000)]
    dry_moves, dry_after = rebalance(groups, LendingSettings(dry_run=True), LATE)
    moves, after = rebalance(groups, SETTINGS, LATE)
    assert dry_moves == moves
    assert dry_after == tuple(groups)
    assert after == groups_after(groups, moves, LATE) != tuple(groups)


def test_moves_set_the_lending_limits_of_rows() -> None:
    moves, _ = rebalance([group("idle", 10, 2), group("busy", 4, 4, 3)], SETTINGS, LATE)
    rows = QuotaRows(
        quotas=(
            QuotaRow(project("idle"), ANY_DEVICE, 10_000, lending_limit=0),
            QuotaRow(project("idle"), CPU_MILLI, 8000, lending_limit=0),
            QuotaRow(project("busy"), ANY_DEVICE, 4000, lending_limit=0),
        )
    )
    assert [row.lending_limit for row in rows_after(rows, moves).quotas] == [3000, 0, 0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LendingSettings(threshold=1.5), "threshold 1.5"),
        (lambda: LendingSettings(threshold=-0.1), "threshold -0.1"),
        (lambda: LendingSettings(hysteresis=float("nan")), "hysteresis nan"),
        (lambda: LendingSettings(dwell_s=-1), "dwell_s -1"),
        (lambda: LendingSettings(patience_s=float("inf")), "patience_s inf"),
        (lambda: LendingSettings(smallest_milli=-1), "smallest_milli -1"),
    ],
)
def test_settings_that_make_no_sense_are_named(make: type, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        make()


cards = st.integers(min_value=0, max_value=12)
settings = st.builds(
    LendingSettings,
    st.sampled_from([0.0, 0.1, 0.2, 0.5]),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.sampled_from([0.0, 600.0]),
    st.sampled_from([0.0, 300.0]),
)


@st.composite
def groups(draw: st.DrawFn) -> list[Group]:
    found = []
    for at in range(draw(st.integers(min_value=1, max_value=5))):
        nominal = draw(cards) * 1000
        lending = draw(st.integers(min_value=0, max_value=nominal))
        found.append(
            Group(
                project(f"p{at}"),
                nominal,
                lending,
                draw(cards) * 500,
                draw(cards) * 500,
                draw(st.sampled_from([0.0, 400.0])),
                draw(st.integers(min_value=0, max_value=nominal - lending)),
            )
        )
    return found


@given(groups(), settings)
def test_nobody_keeps_less_than_is_guaranteed_to_it_nor_lends_more_than_it_has(
    given_groups: list[Group], chosen: LendingSettings
) -> None:
    _, after = rebalance(given_groups, chosen, LATE)
    for one in after:
        assert one.kept_milli >= one.guaranteed_milli
        assert 0 <= one.lending_milli <= one.nominal_milli


@given(groups(), settings)
def test_who_lends_more_keeps_what_it_uses_and_waits_for(
    given_groups: list[Group], chosen: LendingSettings
) -> None:
    before = {one.party: one for one in given_groups}
    for one in rebalance(given_groups, chosen, LATE)[1]:
        if one.lending_milli > before[one.party].lending_milli:
            assert one.kept_milli >= one.own_demand_milli + chosen.threshold * one.nominal_milli - 1e-6


@given(groups(), settings)
def test_one_group_never_moves_both_ways_at_once(given_groups: list[Group], chosen: LendingSettings) -> None:
    moves, _ = rebalance(given_groups, chosen, LATE)
    parties = [move.party for move in moves if move.kind is not MoveKind.STAY]
    assert len(parties) == len(set(parties))


@given(groups(), settings)
def test_a_dry_run_changes_nothing(given_groups: list[Group], chosen: LendingSettings) -> None:
    copies = [replace(one) for one in given_groups]
    moves, after = rebalance(given_groups, replace(chosen, dry_run=True), LATE)
    assert list(after) == given_groups == copies
    assert moves == rebalance(given_groups, replace(chosen, dry_run=False), LATE)[0]


def served(given_groups: Sequence[Group], demands: dict[Party, int]) -> list[Group]:
    """The groups when everybody has what it wants of its own, and of what is lent, in the order of names."""
    own = {one.party: min(one.nominal_milli, demands[one.party]) for one in given_groups}
    free = sum(min(one.lending_milli, one.nominal_milli - own[one.party]) for one in given_groups)
    found = []
    for one in given_groups:
        extra = min(free, max(0, demands[one.party] - one.nominal_milli))
        free -= extra
        used = own[one.party] + extra
        found.append(replace(one, used_milli=used, waiting_milli=demands[one.party] - used, waited_s=1000.0))
    return found


@given(groups(), settings, st.lists(cards, min_size=5, max_size=5))
def test_a_demand_that_stays_the_same_never_makes_a_group_lend_and_take_back(
    given_groups: list[Group], chosen: LendingSettings, wanted: list[int]
) -> None:
    demands = {one.party: wanted[at] * 1000 for at, one in enumerate(given_groups)}
    now_s, state = LATE, tuple(given_groups)
    directions: dict[Party, list[MoveKind]] = {one.party: [] for one in given_groups}
    for _ in range(12):
        moves, state = rebalance(served(state, demands), chosen, now_s)
        for move in moves:
            if move.kind is not MoveKind.STAY:
                directions[move.party].append(move.kind)
        now_s += 1000
    for kinds in directions.values():
        assert len(set(kinds)) <= 1, kinds
    assert not rebalance(served(state, demands), chosen, now_s)[0]


@given(groups(), st.lists(cards, min_size=5, max_size=5))
def test_nothing_changes_twice_within_the_time_that_it_has_to_stay(
    given_groups: list[Group], wanted: list[int]
) -> None:
    chosen = LendingSettings(dwell_s=600)
    demands = {one.party: wanted[at] * 1000 for at, one in enumerate(given_groups)}
    state, last = tuple(given_groups), dict[Party, float]()
    for step in range(30):
        now_s = LATE + 90 * step
        if step == 12:
            demands = {party: 12_000 - amount for party, amount in demands.items()}
        moves, state = rebalance(served(state, demands), chosen, now_s)
        for move in moves:
            if move.kind is not MoveKind.STAY:
                assert now_s - last.get(move.party, 0.0) >= 600
                last[move.party] = now_s
