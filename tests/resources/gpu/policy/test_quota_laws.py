"""Laws of quotas over random hierarchies and histories, against another account of the same definitions."""

from hypothesis import event, given
from hypothesis import strategies as st

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, Amounts, Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import FitKind, Party, QuotaRows, Scope, project
from tests.resources.gpu.policy.quota_oracle import Oracle, taken
from tests.resources.gpu.policy.trees import (
    LAW,
    OWNERS,
    RESOURCES,
    V100,
    amounts,
    crowded,
    histories,
    owners,
    rows,
)

History = list[tuple[Owner, Amounts]]
MODEL_OF: dict[Resource, str | None] = {V100: "Tesla V100-SXM2-32GB", ANY_DEVICE: None}


def just(resource: Resource, amount: int) -> Amounts:
    """That much of one resource, which of any device is a CPU slot."""
    return Amounts(cpu_milli=amount) if resource == CPU_MILLI else Amounts({MODEL_OF[resource]: amount})


def admitted(tree: QuotaTree, history: History) -> History:
    """What of ``history`` fits, one after the other."""
    held = []
    for owner, wanted in history:
        if tree.fits(owner, wanted).fits:
            tree.add(owner, wanted)
            held.append((owner, wanted))
    return held


def counted(tree: QuotaTree) -> list[Resource]:
    return [resource for resource in RESOURCES if resource in tree.resources]


def figures(tree: QuotaTree) -> dict[str, object]:
    return {
        f"{party} {resource}": tree.account(party, resource)
        for party in tree.parties()
        for resource in tree.resources
        if party.scope is not Scope.USER or tree.used(party, resource)
    }


@LAW
@given(rows(), histories)
def test_use_never_passes_a_limit_when_all_goes_through_fits(given_rows: QuotaRows, history: History) -> None:
    held = admitted(QuotaTree(given_rows), history)
    for resource in RESOURCES:
        assert not Oracle(given_rows, resource, held).over()


@LAW
@given(rows(), histories, owners, amounts)
def test_what_fits_is_what_another_account_of_the_definitions_says(
    given_rows: QuotaRows, history: History, owner: Owner, wanted: Amounts
) -> None:
    tree = QuotaTree(given_rows)
    for who, what in history:
        tree.add(who, what)
    fit = tree.fits(owner, wanted)
    fine = True
    for resource in RESOURCES:
        before, after = (
            Oracle(given_rows, resource, held) for held in (history, [*history, (owner, wanted)])
        )
        # Who was above its limit before may stay so; nobody may use more above it.
        fine &= not any(
            after.used(party) > after.ceiling(party) and after.used(party) > before.used(party)
            for party in before.path(owner)
        )
    assert fit.fits == fine, fit


@LAW
@given(rows(), histories)
def test_the_figures_are_what_another_account_of_the_definitions_says(
    given_rows: QuotaRows, history: History
) -> None:
    tree = QuotaTree(given_rows)
    for owner, wanted in history:
        tree.add(owner, wanted)
    for resource in counted(tree):
        oracle = Oracle(given_rows, resource, history)
        for party in oracle.parents:
            account = tree.account(party, resource)
            assert account.counted == oracle.used(party), (party, resource)
            assert account.kept == oracle.kept(party), (party, resource)
            if party.scope is not Scope.USER and oracle.governed(party):
                assert account.nominal == oracle.owed(party), (party, resource)
                assert account.borrowed == oracle.borrowed(party), (party, resource)


@LAW
@given(rows(), histories, histories)
def test_giving_back_what_was_taken_leaves_no_trace(
    given_rows: QuotaRows, before: History, more: History
) -> None:
    tree = QuotaTree(given_rows)
    for owner, wanted in before:
        tree.add(owner, wanted)
    untouched = figures(tree)
    for owner, wanted in more:
        tree.add(owner, wanted)
    for owner, wanted in more:
        tree.remove(owner, wanted)
    assert {name: value for name, value in figures(tree).items() if name in untouched} == untouched
    for owner, wanted in before:
        tree.remove(owner, wanted)
    assert all(tree.used(party, resource) == 0 for party in tree.parties() for resource in tree.resources)
    assert not tree.owners()


@LAW
@given(rows(), histories, st.randoms(use_true_random=False))
def test_the_order_of_what_is_counted_does_not_matter(
    given_rows: QuotaRows, history: History, random: st.DrawFn
) -> None:
    one, other = QuotaTree(given_rows), QuotaTree(given_rows)
    shuffled = list(history)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for tree, order in ((one, history), (other, shuffled)):
        for owner, wanted in order:
            tree.add(owner, wanted)
    assert figures(one) == figures(other)


@LAW
@given(rows(), histories)
def test_a_hierarchy_never_uses_more_than_the_sum_of_what_it_was_given(
    given_rows: QuotaRows, history: History
) -> None:
    held = admitted(QuotaTree(given_rows), history)
    for resource in RESOURCES:
        oracle = Oracle(given_rows, resource, held)
        for top in (party for party, above in oracle.parents.items() if above is None):
            if not oracle.governed(top):
                continue
            inside = [one for one in oracle.parents if oracle.top(one) == top and one.scope is not Scope.USER]
            given_to_it = sum(row.nominal for one in inside if (row := oracle.row(one)) is not None)
            used = sum(taken(what, resource) for who, what in held if oracle.top(project(who.project)) == top)
            assert used <= given_to_it


def filled(given_rows: QuotaRows, others: list[Owner]) -> QuotaTree:
    """A machine on which the others took all that they may, one after the other."""
    tree = QuotaTree(given_rows)
    for owner in others:
        tree.add(owner, just(V100, tree.available(owner, V100) or 0))
    return tree


def owed(tree: QuotaTree, owner: Owner) -> int:
    """How much more V100 the project of ``owner`` may have before it uses more than it is owed."""
    account = tree.account(project(owner.project), V100)
    return (account.nominal or 0) - account.counted


@given(crowded())
def test_what_a_project_is_owed_is_never_refused_for_what_others_borrowed(
    situation: tuple[QuotaRows, Owner, list[Owner]],
) -> None:
    given_rows, last, others = situation
    tree = filled(given_rows, others)
    for owner in (last, *others):
        if owed(tree, owner) > 0:
            fit = tree.fits(owner, just(V100, owed(tree, owner)))
            event(fit.kind)
            assert fit.kind in {FitKind.WITHIN, FitKind.RECLAIM}


@given(crowded())
def test_once_the_borrowers_gave_back_what_is_owed_fits(
    situation: tuple[QuotaRows, Owner, list[Owner]],
) -> None:
    given_rows, last, others = situation
    tree = filled(given_rows, others)
    wanted = just(V100, max(1, owed(tree, last)))
    fit = tree.fits(last, wanted)
    if fit.kind is not FitKind.RECLAIM:
        return
    asked_back: set[Party] = set()
    while not fit.fits:
        assert fit.kind is FitKind.RECLAIM, fit
        assert [one.share for one in fit.borrowers] == sorted(
            (one.share for one in fit.borrowers), reverse=True
        )
        first = fit.borrowers[0]
        asked_back.add(first.party)
        assert first.borrowed > 0
        holder = next(who for who in tree.owners() if first.party in tree.path(who) and who != last)
        amount = min(first.borrowed, taken(tree.held(holder), V100))
        tree.remove(holder, just(V100, amount))
        fit = tree.fits(last, wanted)
    # Nobody was asked who used no more than it is owed, so whoever was asked still has that.
    mine = project(last.project)
    for party in asked_back - set(tree.path(last)) - set(tree.children(mine)):
        assert tree.account(party, V100).counted >= (tree.account(party, V100).nominal or 0)


@LAW
@given(rows(), histories, owners, st.sampled_from(RESOURCES))
def test_exactly_what_is_available_fits_and_no_more(
    given_rows: QuotaRows, history: History, owner: Owner, resource: Resource
) -> None:
    tree = QuotaTree(given_rows)
    for who, what in history:
        tree.add(who, what)
    rows_for = [one for one in counted(tree) if taken(just(resource, 1), one)]
    bounds = [bound for one in rows_for if (bound := tree.available(owner, one)) is not None]
    if not bounds:
        assert tree.fits(owner, just(resource, 10**9)).fits
        return
    assert tree.fits(owner, just(resource, min(bounds))).fits
    assert not tree.fits(owner, just(resource, min(bounds) + 1)).fits


@LAW
@given(rows(), owners, amounts)
def test_what_can_ever_fit_is_what_fits_an_empty_machine(
    given_rows: QuotaRows, owner: Owner, wanted: Amounts
) -> None:
    tree = QuotaTree(given_rows)
    never = tree.ever_fits(owner, wanted)
    assert (never is None) == tree.fits(owner, wanted).fits
    if never is not None:
        assert never.reason.rule == "Q7"


@given(histories)
def test_without_rows_everything_fits(history: History) -> None:
    tree = QuotaTree()
    for owner, wanted in history:
        fit = tree.fits(owner, wanted)
        assert (fit.kind, fit.reason.rule) == (FitKind.WITHIN, "Q1")
        tree.add(owner, wanted)
    assert all(tree.share(project(owner.project)).above == 0 for owner in OWNERS)


@LAW
@given(rows(), histories)
def test_a_preview_under_the_same_rows_says_the_same(given_rows: QuotaRows, history: History) -> None:
    tree = QuotaTree(given_rows)
    for owner, wanted in history:
        tree.add(owner, wanted)
    assert figures(tree.with_rows(given_rows)) == figures(tree)


@LAW
@given(rows(), histories, owners, amounts)
def test_a_question_changes_nothing(
    given_rows: QuotaRows, history: History, owner: Owner, wanted: Amounts
) -> None:
    tree = QuotaTree(given_rows)
    for who, what in history:
        tree.add(who, what)
    before = figures(tree)
    first = tree.fits(owner, wanted)
    tree.ever_fits(owner, wanted)
    assert tree.fits(owner, wanted) == first
    assert {name: value for name, value in figures(tree).items() if name in before} == before


@LAW
@given(rows(), histories)
def test_who_uses_more_than_it_may_is_listed(given_rows: QuotaRows, history: History) -> None:
    tree = QuotaTree(given_rows)
    for owner, wanted in history:
        tree.add(owner, wanted)
    for resource in RESOURCES:
        listed = {one.party for one in tree.overdrawn() if one.resource == resource}
        assert listed == Oracle(given_rows, resource, history).over()
