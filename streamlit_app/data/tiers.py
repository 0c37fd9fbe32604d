"""The tiers: where the bytes of versions lie, what each costs, and what the rules would move and save."""

from decimal import Decimal

import streamlit as st

from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.tiers.plan import Decision, Weight
from resources.terms import DatasetName
from resources.texts import Translate, in_language, mark
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.data.wording import amount
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.source import open_home
from streamlit_app.readings.tiers import Tiers, read_tiers

_NAMES = {
    Tier.HOT: mark("hot: in the store"),
    Tier.WARM: mark("warm: in packs"),
    Tier.COLD: mark("cold: in an archive"),
}
_TONES = {Tier.HOT: colours.PEOPLE, Tier.WARM: colours.CHAMPION, Tier.COLD: colours.ACTIVE}
MOVES_SHOWN = 50


def draw(reader: Reader, history: History) -> None:
    """What each tier holds and costs, and what would be moved."""
    _ = reader.translate
    st.subheader(_("Tiers"), anchor=False)
    with st.spinner(_("Measuring …")):
        tiers = _read(frame.place(), history.dataset)
    heads = [
        _("Tier"),
        _("Place"),
        _("Versions"),
        _("Size"),
        _("Each month"),
        _("Size after the rules"),
        _("Each month after"),
    ]
    rows = [_row(one, tiers, _) for one in tiers.plan.weights]
    st.html(pieces.table(heads, rows, numbers=frozenset({2, 3, 4, 5, 6})))
    if not tiers.is_set:
        st.caption(_("There is no other tier yet. This keeps what nobody uses as packs on another disk:"))
        st.code("trainplat data tier set warm FOLDER-OR-S3", language="bash")
        return
    if tiers.plan.currency is None:
        st.caption(_("No prices are known: `per_gib_month` in prices.yaml sets them."))
    _rules(reader, tiers.rules)
    _moves(reader, history, tiers)
    _colder(history, tiers, _)


@frame.cached
def _read(_place: str, dataset: str) -> Tiers:
    return read_tiers(*open_home(), DatasetName(dataset))


def _row(one: Weight, tiers: Tiers, _: Translate) -> list[str]:
    place = tiers.places.get(one.tier)
    return [
        pieces.pill(_(_NAMES[one.tier]), _TONES[one.tier]),
        pieces.code(place.url) if place is not None else "–",
        f"{one.versions:,}",
        amount(one.bytes_now),
        _money(one.monthly_now, tiers),
        amount(one.bytes_after),
        _money(one.monthly_after, tiers),
    ]


def _money(value: Decimal | None, tiers: Tiers) -> str:
    return "–" if value is None else pieces.text(f"{value:,.2f} {tiers.plan.currency}")


def _rules(reader: Reader, rules: tuple[Rule, ...]) -> None:
    _ = reader.translate
    if not rules:
        st.caption(_("No rule moves anything. This does once a version has not been used for 30 days:"))
        st.code("trainplat data tier rule warm --unused 30d", language="bash")
        return
    for rule in rules:
        said = _("{dataset}: to {tier} after {unused} without use, and {age} of age.")
        st.caption(
            said.format(
                dataset=_("All data sets") if rule.dataset == ALL else rule.dataset,
                tier=_(rule.tier.value),
                unused=wording.duration(rule.unused_s, _),
                age=wording.duration(rule.age_s, _),
            )
        )


def _moves(reader: Reader, history: History, tiers: Tiers) -> None:
    _, ngettext = reader.translate, reader.plural
    if not tiers.moves:
        st.caption(_("The rules would move no version of it now."))
        return
    said = ngettext(
        "The rules would move {count} version.", "The rules would move {count} versions.", len(tiers.moves)
    )
    told = said.format(count=f"{len(tiers.moves):,}")
    saved = tiers.plan.saves_monthly
    if saved is not None:
        told += " " + _("In all data sets they would save {amount} each month.").format(
            amount=_money(saved, tiers)
        )
    st.markdown(told)
    heads = [_("Version"), _("From"), _("To"), _("Frees"), _("Why")]
    rows = [_move(history, one, _) for one in tiers.moves[:MOVES_SHOWN]]
    st.html(pieces.table(heads, rows, numbers=frozenset({3})))
    st.code("trainplat data tier apply", language="bash")


def _move(history: History, one: Decision, _: Translate) -> list[str]:
    return [
        pieces.code(history.short(one.held.key)),
        pieces.text(_(one.held.tier.value)),
        pieces.text(_(one.tier.value)),
        amount(one.frees_bytes),
        pieces.small(in_language(one.reason, _)),
    ]


def _colder(history: History, tiers: Tiers, _: Translate) -> None:
    if not tiers.lies:
        return
    shown = " ".join(
        pieces.pill(f"{history.short(one.key)} · {_(tiers.lies[one.key].value)}", _TONES[tiers.lies[one.key]])
        for one in history.versions
        if one.key in tiers.lies
    )
    st.html(f"{pieces.small(_('Not in the store; brought back by themselves when they are used:'))}{shown}")
