"""Rules that no pass of the policy shows, or few histories come to, and the test that notices each mutant."""

from dataclasses import dataclass

from tests.mutants import Mutant

_GPU = "resources.gpu."


@dataclass(frozen=True)
class Unnoticed:
    """A mutant that the checker of histories does not notice, and the test that does."""

    mutant: Mutant
    test: str
    """Module below ``tests.resources.gpu``, and function."""


def _by(test: str, name: str, where: str, old: str, new: str) -> Unnoticed:
    return Unnoticed(Mutant(name, _GPU + where, old, new), test)


_DECIDE = "policy.test_decide:"
_REBALANCE = "policy.test_rebalance:"
_LEFT = "manual.test_left:"
_FORECAST = "forecast.test_lending:test_each_rule_says_why"
BY_UNIT_TEST = (
    _by(
        f"{_DECIDE}test_small_jobs_move_so_that_a_large_one_has_a_place",
        "D1: more moves than allowed",
        "policy.state:State.apply",
        "self.moves_left = moves_left_after(self.moves_left, self.settings, moved=1)",
        "pass",
    ),
    _by(
        f"{_DECIDE}test_what_is_to_be_started_stands_where_somebody_starts_it_and_a_lease_there_first",
        "W9: runs are placed where nobody starts them",
        "policy.affinity:Standing.open_to",
        "self._open if job.needs_launcher else None",
        "None",
    ),
    _by(
        f"{_DECIDE}test_moves_are_neither_more_than_allowed_nor_of_who_cools_down",
        "D1: while it cools down",
        "policy.moving:Moving._may_move",
        "since_s is None or",
        "True or",
    ),
    _by(
        f"{_DECIDE}test_who_makes_room_where_a_device_was_lost_is_not_asked_in_vain",
        "add-back: those who go already do not count",
        "policy.victims:Search.run",
        "self._go(self._already, gone)",
        "pass",
    ),
    _by(
        "policy.test_order:test_who_goes_first",
        "O2: nobody is owed time",
        "policy.order:is_owed",
        "return slowdown(job, now_s, settings) >= limit",
        "return False",
    ),
    _by(
        "policy.test_order:test_jobs_that_are_owed_time_fill_their_share_and_no_more",
        "O2: all may go by it",
        "policy.order:owed_first",
        "room -= job.milli",
        "pass",
    ),
    _by(
        "policy.test_order:test_who_goes_first",
        "O4: what runs goes like what waits",
        "policy.order:rank",
        " + (not job.running)",
        "",
    ),
    _by(
        "policy.test_quota:test_a_project_that_no_row_speaks_of_is_not_limited",
        "Q1: said as if a row limited it",
        "policy.quota:QuotaTree.fits",
        "if not any(step.is_limited for step in steps):",
        "if False:",
    ),
    _by(
        "policy.test_quota:test_what_a_project_is_owed_fits",
        "Q2: said as if nothing limited it",
        "policy.quota:QuotaTree.fits",
        "if not any(step.is_limited for step in steps):",
        "if True:",
    ),
    _by(
        "policy.test_quota:test_what_others_leave_unused_is_borrowed",
        "Q3: not told from what is owed",
        "policy.quota:QuotaTree.fits",
        "if loans:",
        "if False:",
    ),
    _by(
        "policy.test_budget:test_it_is_said_when_a_budget_will_run_out_at_the_present_pace",
        "B2: never said",
        "policy.budget:_runs_out",
        "if pace <= 0:",
        "if True:",
    ),
    _by(
        "policy.test_budget:test_a_budget_that_outlasts_its_month_does_not_run_out",
        "B2: said of a budget that lasts",
        "policy.budget:_runs_out",
        "if hours < left else None",
        "",
    ),
    _by(
        f"{_REBALANCE}test_a_fifth_unused_is_not_enough",
        "L1: a group lends the last fifth too",
        "policy.rebalance:_spare",
        "reserve = settings.threshold * group.nominal_milli",
        "reserve = 0",
    ),
    _by(
        f"{_REBALANCE}test_who_has_not_waited_long_waits_on",
        "L1: for who has just come",
        "policy.rebalance:_lent",
        "and one.waited_s >= settings.patience_s",
        "",
    ),
    _by(
        f"{_REBALANCE}test_it_keeps_what_is_guaranteed_to_it",
        "L1: what is guaranteed is lent",
        "policy.rebalance:_spare",
        "max(float(group.guaranteed_milli), group.own_demand_milli + reserve)",
        "group.own_demand_milli + reserve",
    ),
    _by(
        f"{_REBALANCE}test_to_be_a_little_short_moves_nothing",
        "L2: for the smallest lack",
        "policy.rebalance:_taken_back",
        "if short <= settings.hysteresis * group.nominal_milli:",
        "if short <= 0:",
    ),
    _by(
        f"{_REBALANCE}test_a_group_that_needs_its_cards_takes_them_back",
        "L2: nothing is taken back",
        "policy.rebalance:_taken_back",
        "if group.lending_milli <= 0 or short <= 0:",
        "if True:",
    ),
    _by(
        f"{_REBALANCE}test_what_was_changed_stays_for_a_while",
        "L3: changed again at once",
        "policy.rebalance:_held",
        "if passed_s >= settings.dwell_s:",
        "if True:",
    ),
    _by(
        f"{_LEFT}test_a_process_of_its_user_or_of_nobody_that_can_be_seen_is_taken_for_its_own",
        "E1: what nobody can see is nobody's",
        "manual.left:_may_be_of",
        "process.user is None or",
        "process.user is not None and",
    ),
    _by(
        f"{_LEFT}test_a_card_that_nobody_uses_is_free",
        "E1: a card is never free",
        "manual.left:Left.__bool__",
        "return bool(self.processes or self.unread)",
        "return True",
    ),
    _by(
        f"{_LEFT}test_on_a_slot_what_carries_its_name_counts",
        "E2: on a slot nothing counts",
        "manual.left:left_of",
        "if by_marker:",
        "if False:",
    ),
    _by(
        f"{_LEFT}test_a_card_that_cannot_be_read_may_have_anything_on_it",
        "E3: what cannot be read is free",
        "manual.left:left_of",
        "unread.append(device)",
        "pass",
    ),
    _by(
        _FORECAST,
        "F1: what it asks for is lent where there is no forecast",
        "forecast.lending:_wanted",
        'return owed.asks_milli, ("F1", _F1)',
        'return 0, ("F1", _F1)',
    ),
    _by(
        _FORECAST,
        "F2: the median is held back, and no more",
        "forecast.lending:_wanted",
        "window.high[:hold_h]",
        "window.median[:hold_h]",
    ),
    _by(
        _FORECAST,
        "F3: nothing is prepared for",
        "forecast.lending:_wanted",
        "max(window.median[hold_h:], default=0.0)",
        "0.0",
    ),
    _by(
        _FORECAST,
        "F4: what it asks for already is lent",
        "forecast.lending:_wanted",
        "if owed.asks_milli > max(soon, later):",
        "if False:",
    ),
    _by(
        _FORECAST,
        "F5: more is lent than the quota allows",
        "forecast.lending:_limit",
        "limit = min(free, allowed)",
        "limit = free",
    ),
)
