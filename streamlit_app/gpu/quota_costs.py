"""What quotas cost, before and after an edit: all that each cohort and project is owed, used all the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from resources.gpu.duties.foresight import QuotaPreview
from resources.gpu.policy.price import BadPrices, Cost
from resources.gpu.policy.quota_lines import SCOPES
from resources.gpu.policy.quota_model import Party, QuotaRows
from resources.gpu.usage.model import QuotaCost
from resources.gpu.usage.prices import home_prices
from resources.gpu.usage.service import UsageService
from streamlit_app import pieces
from streamlit_app.reader import Reader
from streamlit_app.readings.source import open_home


@dataclass(frozen=True)
class QuotaCosts:
    """The costs of two sets of quotas."""

    before: tuple[QuotaCost, ...] = ()
    after: tuple[QuotaCost, ...] = ()
    has_prices: bool = True
    problem: str = ""
    """Why the list of prices cannot be read."""


def read_costs(preview: QuotaPreview, rows: QuotaRows) -> QuotaCosts:
    """What the quotas of now cost, and ``rows``; a bad list of prices keeps nobody from setting quotas."""
    service = UsageService(open_home()[1])
    try:
        return QuotaCosts(
            tuple(service.monthly_cost(preview.before, preview.models)),
            tuple(service.monthly_cost(rows, preview.models)),
            home_prices() is not None,
        )
    except BadPrices as bad:
        return QuotaCosts(problem=f"{bad.problem}. {bad.next_step}")


def draw(reader: Reader, costs: QuotaCosts) -> None:
    """A line for each party whose quotas would cost more or less, and the sum of all."""
    _ = reader.translate
    st.markdown(f"**{_('What it costs to use all of it')}**")
    if costs.problem:
        st.warning(costs.problem, icon=":material/error:")
        return
    if not costs.has_prices:
        st.caption(_("A file `prices.yaml` in the home gives prices, and then costs are shown."))
        return
    if not costs.before and not costs.after:
        st.caption(_("`prices.yaml` names no price for any model that the quotas name."))
        return
    heads = [_("Party"), _("An hour now"), _("Then"), _("A month now"), _("Then")]
    before, after = _by_party(costs.before), _by_party(costs.after)
    parties = [one for one in dict.fromkeys((*after, *before)) if before.get(one) != after.get(one)]
    rows = [
        [
            pieces.text(party.path) + pieces.small(_(SCOPES[party.scope])),
            *_figures(before.get(party), after.get(party)),
        ]
        for party in parties
    ]
    rows.append([f"<b>{pieces.text(_('In all'))}</b>", *_figures(_total(costs.before), _total(costs.after))])
    st.html(pieces.table(heads, rows, numbers=frozenset({1, 2, 3, 4})))
    unpriced = sorted({model for one in (*costs.before, *costs.after) for model in one.cost.unpriced})
    if unpriced:
        names = _(", ").join(unpriced)
        st.warning(_("Without a price, and not in the cost: {models}").format(models=names))


_Costs = tuple[Cost, Cost]
"""Of an hour, and of a month."""


def _by_party(costs: Sequence[QuotaCost]) -> dict[Party, _Costs]:
    return {one.party: (one.per_hour, one.cost) for one in costs}


def _total(costs: Sequence[QuotaCost]) -> _Costs | None:
    """What a cohort is owed comes on top of what its members are, so all of them add up."""
    if not costs:
        return None
    currency = costs[0].cost.currency
    hour = sum((one.per_hour.amount for one in costs), Decimal(0))
    month = sum((one.cost.amount for one in costs), Decimal(0))
    return Cost(hour, currency), Cost(month, currency)


def _figures(before: _Costs | None, after: _Costs | None) -> list[str]:
    told = []
    for place in (0, 1):
        told += [pieces.text("–" if one is None else one[place].text) for one in (before, after)]
    return told
