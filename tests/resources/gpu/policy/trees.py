"""Hierarchies of quotas, drawn at random and by hand, for the tests of whatever counts in them."""

from hypothesis import strategies as st

from resources.gpu.model import Owner
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, Amounts, Resource
from resources.gpu.policy.quota_model import Membership, Party, QuotaRow, QuotaRows, cohort, project, user
from tests.examples import drawing

V100 = Resource("V100")
COHORTS = ("c0", "c1", "c2")
PROJECTS = ("p0", "p1", "p2", "p3")
USERS = ("ann", "bob")
LAW = drawing(0.5)
"""Hierarchies are slow to draw: fewer of them, in each of more laws."""

OWNERS = tuple(Owner(one, name) for one in PROJECTS for name in USERS)
RESOURCES = (V100, ANY_DEVICE, CPU_MILLI)

amount = st.integers(min_value=0, max_value=6).map(lambda cards: cards * 500)
limit = st.none() | amount


@st.composite
def rows(draw: st.DrawFn) -> QuotaRows:
    """Rows that hold together: c1 and c2 may be in c0, projects in any cohort or none."""
    parents: dict[str, str | None] = {"c0": None}
    for one in COHORTS[1:]:
        parents[one] = draw(st.sampled_from([None, "c0"]))
    memberships = [Membership(cohort(name), above, draw(weights)) for name, above in parents.items()]
    quotas = [
        row
        for name, above in parents.items()
        for row in draw(party_rows(cohort(name), in_cohort=above is not None))
    ]
    for name in PROJECTS:
        above = draw(st.sampled_from([None, *COHORTS, *COHORTS]))
        memberships.append(Membership(project(name), above, draw(weights)))
        own = draw(party_rows(project(name), in_cohort=above is not None))
        quotas += own
        left = {row.resource: row.nominal for row in own}
        for who in USERS:
            for resource in sorted(draw(st.sets(st.sampled_from(RESOURCES), max_size=2))):
                nominal = draw(st.sampled_from([0, left.get(resource, 0) // 2]))
                quotas.append(QuotaRow(user(name, who), resource, nominal, draw(limit)))
    return QuotaRows(tuple(memberships), tuple(quotas))


@st.composite
def party_rows(draw: st.DrawFn, party: Party, *, in_cohort: bool) -> list[QuotaRow]:
    found = []
    for resource in sorted(draw(st.sets(st.sampled_from(RESOURCES), max_size=3))):
        nominal = draw(amount)
        borrowing, lending = (draw(limit), draw(limit)) if in_cohort else (None, None)
        if lending is not None:
            lending = min(lending, nominal)
        found.append(QuotaRow(party, resource, nominal, borrowing, lending))
    return found


weights = st.sampled_from([0.0, 0.5, 1.0, 3.0])
owners = st.sampled_from(OWNERS)
amounts = st.builds(
    Amounts,
    st.dictionaries(st.sampled_from(["Tesla V100-SXM2-32GB", "NVIDIA A100", None]), amount, max_size=2),
    st.integers(min_value=0, max_value=4).map(lambda cores: cores * 500),
    st.integers(min_value=0, max_value=100),
)
histories = st.lists(st.tuples(owners, amounts), max_size=14)


@st.composite
def crowded(draw: st.DrawFn) -> tuple[QuotaRows, Owner, list[Owner]]:
    """Rows under which lending is usual, an owner who came last, and the others as they came."""
    parents = {"c0": None, "c1": "c0", "c2": draw(st.sampled_from(["c0", "c1"]))}
    memberships = [Membership(cohort(name), above, draw(weights)) for name, above in parents.items()]
    quotas = [
        QuotaRow(cohort(name), V100, draw(amount), draw(limit), draw(limit))
        for name in sorted(draw(st.sets(st.sampled_from(COHORTS[1:]))))
    ]
    for name in PROJECTS:
        memberships.append(Membership(project(name), draw(st.sampled_from(COHORTS)), draw(weights)))
        nominal = draw(amount)
        lending = draw(
            st.none() | st.integers(min_value=0, max_value=nominal // 500).map(lambda cards: cards * 500)
        )
        quotas.append(QuotaRow(project(name), V100, nominal, draw(limit), lending))
        quotas += [QuotaRow(user(name, who), V100, draw(st.sampled_from([0, nominal // 2]))) for who in USERS]
    last, *others = draw(st.permutations(OWNERS))
    return QuotaRows(tuple(memberships), tuple(quotas)), last, others
