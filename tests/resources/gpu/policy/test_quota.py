"""Quotas by example: each answer, with the values that people and programs read."""

import pytest

from resources.errors import NotFound
from resources.gpu.model import Owner
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Amounts, Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import (
    Borrower,
    FitKind,
    Loan,
    Membership,
    Party,
    QuotaRow,
    QuotaRows,
    Shortfall,
    cohort,
    project,
    user,
)
from resources.gpu.policy.reason import Reason

V100 = Resource("V100")
MODEL = "Tesla V100-SXM2-32GB"
ANN, BOB, EVE = Owner("vision", "ann"), Owner("vision", "bob"), Owner("speech", "eve")


def cards(count: float, model: str | None = MODEL) -> Amounts:
    return Amounts.of_devices(round(count * 1000), model)


def research(
    *more: QuotaRow | Membership, vision: QuotaRow | None = None, speech: QuotaRow | None = None
) -> QuotaTree:
    """Vision is owed 4 V100, speech 2, in one cohort."""
    quotas = [
        vision or QuotaRow(project("vision"), V100, 4000),
        speech or QuotaRow(project("speech"), V100, 2000),
        *(one for one in more if isinstance(one, QuotaRow)),
    ]
    memberships = [
        Membership(cohort("research")),
        Membership(project("vision"), "research"),
        Membership(project("speech"), "research"),
        *(one for one in more if isinstance(one, Membership)),
    ]
    return QuotaTree(QuotaRows(tuple(memberships), tuple(quotas)))


def test_what_a_project_is_owed_fits() -> None:
    fit = research().fits(ANN, cards(4))
    assert (fit.kind, fit.fits, fit.reason.rule) == (FitKind.WITHIN, True, "Q2")
    assert fit.reason.text == "Within what vision is owed."


def test_what_others_leave_unused_is_borrowed() -> None:
    fit = research().fits(ANN, cards(5))
    assert (fit.kind, fit.fits, fit.reason.rule) == (FitKind.BORROWS, True, "Q3")
    assert fit.loans == (Loan(V100, 1000, cohort("research")),)
    assert fit.reason.text == "vision borrows 1 V100 that others in cohort research leave unused."


def test_only_what_is_new_above_the_nominal_is_a_new_loan() -> None:
    tree = research()
    tree.add(ANN, cards(5))
    assert tree.fits(ANN, cards(0.5)).loans == (Loan(V100, 500, cohort("research")),)


def test_whose_unused_part_is_borrowed_can_be_asked() -> None:
    tree = research(QuotaRow(cohort("research"), V100, 1000))
    tree.add(EVE, cards(0.5))
    assert tree.lenders(cohort("research"), V100) == (
        (cohort("research"), 1000),
        (project("speech"), 1500),
        (project("vision"), 4000),
    )


def test_more_than_all_are_owed_does_not_fit() -> None:
    tree = research()
    tree.add(EVE, cards(1))
    fit = tree.fits(ANN, cards(6))
    assert (fit.kind, fit.fits, fit.reason.rule) == (FitKind.EXHAUSTED, False, "Q5")
    assert fit.shortfalls == (Shortfall(cohort("research"), V100, 6000, 1000, 6000, 5000),)
    assert fit.reason.text == (
        "This is above what vision is owed, and of the 6 V100 in cohort research, 1 V100 are in use; "
        "5 V100 more would fit."
    )


def test_a_project_borrows_no_more_than_it_may() -> None:
    tree = research(vision=QuotaRow(project("vision"), V100, 4000, borrowing_limit=1000))
    tree.add(ANN, cards(3))
    fit = tree.fits(ANN, cards(3))
    assert (fit.kind, fit.reason.rule) == (FitKind.OVER_LIMIT, "Q4")
    assert fit.shortfalls == (Shortfall(project("vision"), V100, 3000, 3000, 5000, 2000),)
    assert fit.reason.text == (
        "Project vision may use at most 5 V100 and uses 3 V100; 2 V100 more would fit."
    )


def test_what_a_project_does_not_lend_nobody_else_gets() -> None:
    tree = research(speech=QuotaRow(project("speech"), V100, 2000, lending_limit=500))
    assert tree.available(ANN, V100) == 4500
    assert tree.available(EVE, V100) == 6000
    assert tree.fits(ANN, cards(4.5)).fits
    assert not tree.fits(ANN, cards(5)).fits


def test_what_was_lent_is_owed_back() -> None:
    tree = research()
    tree.add(ANN, cards(6))
    fit = tree.fits(EVE, cards(1))
    assert (fit.kind, fit.fits, fit.reason.rule) == (FitKind.RECLAIM, False, "Q6")
    assert fit.borrowers == (Borrower(project("vision"), V100, 2000, 2000 / 6000),)
    assert fit.reason.text == "speech is owed this, and has lent it; to give back: vision (2 V100)."


def test_only_what_is_owed_is_owed_back() -> None:
    tree = research()
    tree.add(ANN, cards(6))
    assert tree.fits(EVE, cards(2)).kind is FitKind.RECLAIM
    assert tree.fits(EVE, cards(2.5)).kind is FitKind.EXHAUSTED


def test_the_one_furthest_above_its_share_gives_back_first() -> None:
    tree = research(
        Membership(project("robots"), "research", weight=4.0),
        Membership(project("drones"), "research"),
        QuotaRow(cohort("research"), V100, 2000),
        QuotaRow(project("robots"), V100, 0),
        QuotaRow(project("drones"), V100, 0),
    )
    tree.add(Owner("robots", "r"), cards(3))
    tree.add(Owner("drones", "d"), cards(1))
    tree.add(ANN, cards(4))
    borrowers = tree.fits(EVE, cards(1)).borrowers
    assert [one.party.name for one in borrowers] == ["drones", "robots"]


def test_a_project_without_weight_gives_back_before_all_others() -> None:
    tree = research(
        Membership(project("guests"), "research", weight=0.0),
        QuotaRow(cohort("research"), V100, 3000),
        QuotaRow(project("guests"), V100, 0),
    )
    tree.add(Owner("guests", "g"), cards(1))
    tree.add(ANN, cards(8))
    assert [one.party.name for one in tree.fits(EVE, cards(1)).borrowers] == ["guests", "vision"]


def test_within_a_project_a_user_is_limited() -> None:
    tree = research(QuotaRow(user("vision", "ann"), V100, 0, borrowing_limit=1000))
    assert tree.fits(ANN, cards(1)).kind is FitKind.WITHIN
    fit = tree.fits(ANN, cards(2))
    assert (fit.kind, fit.reason.rule) == (FitKind.OVER_LIMIT, "Q4")
    assert fit.reason.text == (
        "vision/ann may use at most 1 V100 in this project and uses 0 V100; 1 V100 more would fit."
    )
    assert tree.fits(BOB, cards(4)).kind is FitKind.WITHIN


def test_a_limit_for_every_other_user_is_one_for_each() -> None:
    tree = research(
        QuotaRow(user("vision", "*"), V100, 0, borrowing_limit=1000),
        QuotaRow(user("vision", "ann"), V100, 0, borrowing_limit=3000),
    )
    tree.add(BOB, cards(1))
    assert not tree.fits(BOB, cards(1)).fits
    assert tree.fits(Owner("vision", "cat"), cards(1)).fits
    assert tree.fits(ANN, cards(3)).fits
    assert tree.fits(EVE, cards(2)).fits


def test_what_a_user_is_owed_in_its_project_is_owed_back_by_the_others() -> None:
    tree = research(
        QuotaRow(user("vision", "ann"), V100, 2000),
        vision=QuotaRow(project("vision"), V100, 4000, borrowing_limit=0),
    )
    tree.add(BOB, cards(4))
    fit = tree.fits(ANN, cards(2))
    assert fit.kind is FitKind.RECLAIM
    assert [one.party for one in fit.borrowers] == [user("vision", "bob")]
    assert fit.reason.values["who"] == "vision/ann"
    assert tree.fits(ANN, cards(3)).kind is FitKind.OVER_LIMIT


def test_a_limit_for_every_other_project_is_one_for_each() -> None:
    tree = research(
        Membership(project("*"), "research"), QuotaRow(project("*"), V100, 0, borrowing_limit=1000)
    )
    tree.add(Owner("robots", "r"), cards(1))
    assert not tree.fits(Owner("robots", "s"), cards(0.5)).fits
    assert tree.fits(Owner("drones", "d"), cards(1)).kind is FitKind.BORROWS
    assert tree.fits(EVE, cards(2)).kind is FitKind.WITHIN
    assert tree.path(Owner("drones", "d"))[-1] == cohort("research")


def test_users_of_every_other_project_are_limited_too() -> None:
    tree = research(
        Membership(project("*"), "research"),
        QuotaRow(project("*"), V100, 0),
        QuotaRow(user("*", "*"), V100, 0, borrowing_limit=500),
    )
    assert tree.fits(Owner("robots", "r"), cards(0.5)).kind is FitKind.BORROWS
    assert tree.fits(Owner("robots", "r"), cards(1)).kind is FitKind.OVER_LIMIT


def test_every_other_project_can_be_shut_out() -> None:
    tree = research(QuotaRow(project("*"), V100, 0))
    fit = tree.fits(Owner("robots", "r"), cards(1))
    assert (fit.kind, fit.shortfalls[0].nearest) == (FitKind.OVER_LIMIT, 0)


def test_a_project_that_no_row_speaks_of_is_not_limited() -> None:
    fit = research().fits(Owner("robots", "r"), cards(100))
    assert (fit.kind, fit.reason.rule) == (FitKind.WITHIN, "Q1")
    assert fit.reason.text == "No quota limits robots in this."


def test_a_project_in_a_cohort_without_a_row_is_owed_nothing_and_may_borrow() -> None:
    tree = research(Membership(project("robots"), "research"))
    assert tree.fits(Owner("robots", "r"), cards(1)).kind is FitKind.BORROWS


def test_a_model_that_no_row_speaks_of_is_not_limited() -> None:
    assert research().fits(ANN, cards(100, "NVIDIA H200")).reason.rule == "Q1"


def test_a_row_for_any_device_counts_each_model_and_the_slots_of_the_cpu() -> None:
    tree = QuotaTree(QuotaRows(quotas=(QuotaRow(project("vision"), ANY_DEVICE, 3000),)))
    for model in (MODEL, "NVIDIA H200", None):
        assert tree.fits(ANN, cards(1, model)).fits
        tree.add(ANN, cards(1, model))
    assert not tree.fits(ANN, cards(0.001)).fits


def test_a_card_counts_for_each_row_that_names_it() -> None:
    tree = research(QuotaRow(project("vision"), Resource("V100-32GB"), 1000, borrowing_limit=0))
    assert tree.fits(ANN, cards(1)).fits
    assert not tree.fits(ANN, cards(2)).fits
    assert tree.fits(ANN, cards(4, "Tesla V100-PCIE-16GB")).fits


def test_v100s_that_are_owed_need_not_be_borrowed_from_one_with_a_row_for_any_device() -> None:
    tree = research(speech=QuotaRow(project("speech"), ANY_DEVICE, 2000))
    assert tree.fits(ANN, cards(4)).kind is FitKind.WITHIN


def test_cores_and_memory_are_limited_beside_devices() -> None:
    tree = QuotaTree(
        QuotaRows(
            quotas=(
                QuotaRow(project("vision"), CPU_MILLI, 8000),
                QuotaRow(project("vision"), HOST_MEMORY_MIB, 1024),
            )
        )
    )
    assert tree.fits(ANN, Amounts({MODEL: 9000}, 8000, 1024)).fits
    fit = tree.fits(ANN, Amounts({}, 9000, 1024))
    assert fit.reason.text == "Project vision may use at most 8 CPU and uses 0 CPU; 8 CPU more would fit."
    fit = tree.fits(ANN, Amounts({}, 8000, 2048))
    assert "1024 MiB more would fit" in fit.reason.text


def test_every_row_in_the_way_is_listed() -> None:
    tree = research(QuotaRow(project("vision"), CPU_MILLI, 1000))
    fit = tree.fits(ANN, Amounts({MODEL: 9000}, 2000))
    assert {(one.party, one.resource) for one in fit.shortfalls} == {
        (cohort("research"), V100),
        (cohort("research"), CPU_MILLI),
    }


def deep() -> QuotaTree:
    """Two cohorts in one: in ``left`` a and b are owed 2 each, in ``right`` c is owed 2, d nothing."""
    return QuotaTree(
        QuotaRows(
            (
                Membership(cohort("top")),
                Membership(cohort("left"), "top"),
                Membership(cohort("right"), "top"),
                Membership(project("a"), "left"),
                Membership(project("b"), "left"),
                Membership(project("c"), "right"),
                Membership(project("d"), "right"),
            ),
            (
                *(QuotaRow(project(name), V100, 2000) for name in "abc"),
                QuotaRow(cohort("left"), V100, 0, borrowing_limit=1000),
            ),
        )
    )


def test_a_cohort_borrows_no_more_than_it_may() -> None:
    tree = deep()
    tree.add(Owner("a", "u"), cards(4))
    assert tree.available(Owner("a", "u"), V100) == 1000
    fit = tree.fits(Owner("a", "u"), cards(2))
    assert fit.reason.text == (
        "Cohort left may use at most 5 V100 together and uses 4 V100; 1 V100 more would fit."
    )


def test_a_loan_comes_from_the_nearest_cohort_that_has_it() -> None:
    tree = deep()
    assert tree.fits(Owner("a", "u"), cards(4)).loans[0].cohort == cohort("left")
    assert tree.fits(Owner("a", "u"), cards(5)).loans[0].cohort == cohort("top")


def test_a_cohort_gets_back_what_its_members_are_owed_together() -> None:
    tree = deep()
    tree.add(Owner("d", "u"), cards(5))
    tree.add(Owner("a", "u"), cards(1))
    # a is above what it is owed by this, left is not: d in the other cohort gives back.
    fit = tree.fits(Owner("a", "u"), cards(3))
    assert fit.kind is FitKind.RECLAIM
    assert fit.reason.values["who"] == "left"
    assert [one.party for one in fit.borrowers] == [project("d")]


def test_a_project_gets_back_from_its_own_cohort_and_from_others() -> None:
    tree = deep()
    tree.add(Owner("b", "u"), cards(3))
    tree.add(Owner("d", "u"), cards(3))
    assert {one.party for one in tree.fits(Owner("a", "u"), cards(2)).borrowers} == {
        project("b"),
        project("d"),
    }


def test_a_cohort_within_what_it_is_owed_gives_nothing_to_another() -> None:
    tree = deep()
    tree.add(Owner("d", "u"), cards(2))  # borrowed from c, within right
    tree.add(Owner("b", "u"), cards(4))
    # What a is owed, b has; d uses what right may have.
    assert [one.party for one in tree.fits(Owner("a", "u"), cards(1)).borrowers] == [project("b")]


def test_what_a_party_keeps_for_itself_is_there_even_where_too_much_is_used_above() -> None:
    tree = research(speech=QuotaRow(project("speech"), V100, 2000, lending_limit=0))
    tree.add(ANN, cards(9))
    assert tree.fits(EVE, cards(2)).kind is FitKind.WITHIN


def test_what_can_never_fit_is_refused_with_what_would() -> None:
    tree = research(vision=QuotaRow(project("vision"), V100, 4000, borrowing_limit=1000))
    tree.add(ANN, cards(5))
    assert tree.ever_fits(ANN, cards(5)) is None
    never = tree.ever_fits(ANN, cards(6))
    assert never is not None
    assert never.shortfalls == (Shortfall(user("vision", "ann"), V100, 6000, 0, 5000, 5000),)
    assert never.reason.text == (
        "The quotas of vision/ann never allow 6 V100: at most 5 V100 when nothing is in use."
    )


def test_who_is_held_back_gets_the_reason_until_it_is_let_go() -> None:
    tree = research()
    reason = Reason("B1", "{who} is over.", {"who": "vision"})
    tree.hold_back({project("vision"): reason})
    assert tree.fits(ANN, cards(1)).reason == reason
    assert tree.fits(EVE, cards(1)).fits
    tree.hold_back({})
    assert tree.fits(ANN, cards(1)).fits


def test_nothing_asked_always_fits() -> None:
    tree = research()
    tree.add(ANN, cards(9))
    assert tree.fits(ANN, Amounts()).fits


def test_a_lease_counts_even_where_it_does_not_fit() -> None:
    tree = research()
    tree.add(ANN, cards(9))
    assert tree.used(cohort("research"), V100) == 9000
    assert tree.overdrawn() == (Borrower(cohort("research"), V100, 3000, 0.0),)


def test_more_than_was_taken_is_not_given_back() -> None:
    tree = research()
    tree.add(ANN, cards(1))
    with pytest.raises(ValueError, match=r"vision/ann uses 1000 of Tesla V100-SXM2-32GB, not 2000"):
        tree.remove(ANN, cards(2))
    with pytest.raises(ValueError, match="vision/bob uses 0 of"):
        tree.remove(BOB, cards(1))
    assert tree.used(project("vision"), V100) == 1000


def test_a_preview_says_who_would_be_above_a_new_limit() -> None:
    tree = research()
    tree.add(ANN, cards(6))
    rows = QuotaRows(tree.rows.memberships, (QuotaRow(project("vision"), V100, 4000, borrowing_limit=0),))
    assert tree.with_rows(rows).overdrawn() == (
        Borrower(cohort("research"), V100, 2000, 0.0),
        Borrower(project("vision"), V100, 2000, 2000 / 4000),
    )
    assert not tree.overdrawn()


def test_the_figures_of_a_bar() -> None:
    tree = research(speech=QuotaRow(project("speech"), V100, 2000, lending_limit=500))
    tree.add(ANN, cards(4.25))
    tree.add(EVE, cards(1))
    vision, speech = (tree.account(project(name), V100) for name in ("vision", "speech"))
    assert (vision.used, vision.nominal, vision.borrowed, vision.limit) == (4250, 4000, 250, 4500)
    assert (speech.used, speech.nominal, speech.lendable, speech.kept) == (1000, 2000, 500, 1500)
    top = tree.account(cohort("research"), V100)
    assert (top.used, top.counted, top.nominal, top.limit) == (5250, 4250, 4500, 4500)


def test_where_nothing_limits_a_bar_has_no_end() -> None:
    tree = research()
    account = tree.account(project("vision"), CPU_MILLI)
    assert (account.nominal, account.limit, account.borrowed) == (None, None, 0)
    assert tree.available(ANN, CPU_MILLI) is None


def test_a_cohort_that_nobody_described_is_not_found() -> None:
    with pytest.raises(NotFound, match="there is no cohort elsewhere"):
        research().account(cohort("elsewhere"), V100)


def test_parties_are_listed_parents_first() -> None:
    tree = deep()
    tree.add(Owner("a", "u"), cards(1))
    assert [party.path for party in tree.parties()] == ["top", "left", "a", "a/u", "b", "right", "c", "d"]
    assert tree.children(cohort("left")) == (project("a"), project("b"))
    assert tree.parent(project("a")) == cohort("left")
    assert tree.parent(cohort("top")) is None


def test_a_share_is_what_is_used_above_the_nominal_of_what_could_be_lent() -> None:
    tree = research(Membership(Party(project("x").scope, "robots"), "research", weight=2.0))
    tree.add(Owner("robots", "r"), cards(3))
    share = tree.share(project("robots"))
    assert (share.above, share.resource, share.weighted) == (0.5, V100, 0.25)
    assert not tree.share(project("vision")).borrows
    assert tree.weight(project("robots")) == 2.0


def test_the_dominant_resource_is_the_one_of_which_most_is_borrowed() -> None:
    tree = research(QuotaRow(cohort("research"), CPU_MILLI, 10_000))
    tree.add(ANN, Amounts({MODEL: 5000}, 2000))
    share = tree.share(project("vision"))
    assert (share.above, share.resource) == (0.2, CPU_MILLI)


def test_who_borrows_is_told_for_all_hierarchies_together() -> None:
    tree = research()
    assert tree.all_borrowers() == ()
    tree.add(ANN, cards(5))
    assert {one.party for one in tree.all_borrowers()} == {project("vision")}
    assert set(tree.borrowers(cohort("research"), V100)) <= set(tree.all_borrowers())
