"""Cluster: who has how much of which device, how busy each is, and what is out of order."""

import streamlit as st

from resources.gpu.enforcement.isolation import Level
from resources.gpu.inventory.model import LOCAL
from resources.gpu.model import Lease
from resources.gpu.placement.model import WHOLE_MILLI
from resources.texts import Translate, in_language, mark
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.gpu import squares
from streamlit_app.gpu import wording as said
from streamlit_app.gpu.squares import Hatch, Part, Square
from streamlit_app.reader import Reader
from streamlit_app.readings.cluster import (
    Card,
    Cluster,
    Holder,
    NodeUse,
    Sought,
    Use,
    by_model,
    read_cluster,
)
from streamlit_app.readings.source import open_home

# Up to so many, each has a card of its own with all that is known of it.
FEW_DEVICES = 16
NODES_TO_A_PAGE = 48
PROJECTS_IN_LEGEND = 12
_SMALL_NODES = 2
_TONES = {Use.FREE: colours.DONE, Use.DRAINED: colours.IDLE, Use.ILL: colours.TROUBLE}


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "cluster")


@frame.cached
def _read(_place: str) -> Cluster:
    return read_cluster(*open_home())


def _draw() -> None:
    frame.show(mark("Cluster"), _read, _parts)


def _parts(reader: Reader, cluster: Cluster) -> None:
    _ = reader.translate
    _numbers(reader, cluster)
    _what_is_wrong(reader, cluster)
    _models(reader, cluster)
    _map(reader, cluster)
    st.subheader(_("Past leases"), anchor=False)
    _past(reader, cluster)


def _numbers(reader: Reader, cluster: Cluster) -> None:
    _, ngettext = reader.translate, reader.plural
    cards = cluster.cards
    used = sum(card.used_milli for card in cards)
    out = sum(card.use in {Use.ILL, Use.DRAINED} for card in cards)
    told = [
        card.reading.utilisation_pct
        for card in cards
        if card.reading is not None and card.reading.utilisation_pct is not None
    ]
    grid = st.grid(4 if told else 3)
    used_of = _("{used} of {total}").format(used=said.share(used), total=f"{len(cards):,}")
    grid.metric(_("In use"), used_of, border=True, height="stretch")
    text = ngettext("{count} out of order or drained", "{count} out of order or drained", out)
    grid.metric(
        _("Free"),
        f"{sum(card.use is Use.FREE for card in cards):,}",
        delta=text.format(count=f"{out:,}") if out else None,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )
    grid.metric(_("Waiting"), f"{cluster.waiting:,}", border=True, height="stretch")
    if told:
        grid.metric(_("Utilisation now"), f"{sum(told) / len(told):.0f} %", border=True, height="stretch")


def _what_is_wrong(reader: Reader, cluster: Cluster) -> None:
    _ = reader.translate
    if cluster.silent is not None:
        text = _("How busy the devices are is not known: {problem}.").format(problem=cluster.silent)
        st.warning(text, icon=":material/sensors_off:")
    if not cluster.cards:
        text = _("No device is known. `trainplat gpu doctor` says where devices come from.")
        st.info(text, icon=":material/memory:")


def _models(reader: Reader, cluster: Cluster) -> None:
    """One line for each kind, where there are several nodes or kinds."""
    _ = reader.translate
    kinds = by_model(cluster.cards)
    if len(kinds) < 2 and len(cluster.nodes) < 2:
        return
    heads = [
        _("Kind"),
        _("Devices"),
        _("In use"),
        _("Free"),
        _("Out of order or drained"),
        _("Utilisation now"),
    ]
    rows = []
    for one in kinds:
        pct = 100 * one.used_milli / (one.devices * WHOLE_MILLI)
        busy = "–" if one.utilisation_pct is None else f"{one.utilisation_pct:.0f} %"
        used = squares.gauge(pct, f"{said.share(one.used_milli)} ({pct:.0f} %)", colours.ACTIVE)
        name = pieces.text(one.model or _("CPU slot"))
        rows.append([name, f"{one.devices:,}", used, f"{one.free:,}", f"{one.out:,}", busy])
    st.html(pieces.table(heads, rows, numbers=frozenset({1, 3, 4, 5})))


def _map(reader: Reader, cluster: Cluster) -> None:
    _ = reader.translate
    st.subheader(_("Devices"), anchor=False)
    sought = _choose(reader, cluster)
    found = [one for one in cluster.nodes if sought.matches(one)] if cluster.cards else []
    if cluster.cards and not found:
        st.caption(_("No node has such a device. Widen the choice above."))
        return
    shown = found[frame.page_of(reader, len(found), NODES_TO_A_PAGE, "nodes")]
    st.html(squares.legend(_legend(reader, cluster)))
    few = sum(len(one.cards) for one in shown) <= FEW_DEVICES and len(shown) <= _SMALL_NODES
    drawn = [_node(reader, cluster, one) for one in shown]
    st.html(squares.nodes(drawn, few=few))
    cards = [card for one in shown for card in one.cards]
    if few:
        st.html(pieces.cards([_device_card(reader, cluster, card) for card in cards]))
    with st.expander(_("The same as a table"), key="expander-as-table", icon=":material/table_rows:"):
        st.html(_table(reader, cluster, cards))
    frame.download(_("Download all devices as CSV"), cluster.as_csv, "devices.csv")


def _choose(reader: Reader, cluster: Cluster) -> Sought:
    """What to show, where there is more than fits."""
    _ = reader.translate
    if len(cluster.nodes) < 2:
        return Sought()
    models = sorted({card.device.model or "" for card in cluster.cards} - {""})
    row = st.grid(4)
    name = row.text_input(_("Node"), key="node", bind="query-params", placeholder=_("part of its name"))
    model = row.selectbox(_("Kind"), models, index=None, key="kind", placeholder=_("all"))
    project = row.selectbox(
        _("Project"), list(cluster.projects()), index=None, key="project", placeholder=_("all")
    )
    use = row.selectbox(
        _("State"),
        list(Use),
        index=None,
        key="use",
        placeholder=_("all"),
        format_func=lambda one: _(said.USES[one]),
    )
    return Sought(name or "", model or "", project or "", use)


def _legend(reader: Reader, cluster: Cluster) -> list[tuple[Square, str]]:
    _, ngettext = reader.translate, reader.plural
    projects = list(cluster.projects())
    entries = [
        (Square("", name, (Part(WHOLE_MILLI, colours.of_owner(name)),)), name)
        for name in projects[:PROJECTS_IN_LEGEND]
    ]
    if len(projects) > PROJECTS_IN_LEGEND:
        left = len(projects) - PROJECTS_IN_LEGEND
        more = ngettext("{count} more project", "{count} more projects", left).format(count=left)
        entries.append((Square("", more), more))
    cards = cluster.cards
    hatches = {_hatch(one) for card in cards for one in card.holders}
    words = {
        Hatch.APART: _("a fraction, kept apart"),
        Hatch.COOPERATIVE: _("a fraction, cooperative"),
    }
    entries += [
        (Square("", text, (Part(WHOLE_MILLI, colours.IDLE, hatch),)), text)
        for hatch, text in words.items()
        if hatch in hatches
    ]
    uses = {card.use for card in cards}
    states = {
        Use.FREE: Square("", _("free")),
        Use.DRAINED: Square("", _("drained"), is_drained=True),
        Use.ILL: Square("", _("out of order"), is_ill=True),
    }
    entries += [(square, square.title) for use, square in states.items() if use in uses]
    if any(card.reading is not None for card in cards):
        text = _("bars: utilisation, memory")
        entries.append((Square("", text, utilisation_pct=70, memory_pct=40), text))
    return entries


def _node(reader: Reader, cluster: Cluster, one: NodeUse) -> str:
    _ = reader.translate
    facts = [
        _("{used} of {total} in use").format(
            used=said.share(sum(c.used_milli for c in one.cards)), total=len(one.cards)
        )
    ]
    facts += [model for model in one.models if model is not None]
    cpus = _("CPUs {used} of {total}")
    facts.append(cpus.format(used=f"{one.cpu_used_milli / 1000:g}", total=f"{one.node.cpu_milli / 1000:g}"))
    memory = _("memory {used} of {total} GiB")
    used, total = one.memory_used_mib / said.MIB_PER_GIB, one.node.host_memory_mib / said.MIB_PER_GIB
    facts.append(memory.format(used=f"{used:.0f}", total=f"{total:.0f}"))
    name = str(one.node.id)
    if name == LOCAL:
        name = _("this machine") + (f" ({one.node.declared_as})" if one.node.declared_as else "")
    if not one.node.takes_runs:
        facts.append(_("declared: no run is started there, and nobody looks at its devices"))
    return squares.node(name, facts, [_square(reader, cluster, card) for card in one.cards])


def _square(reader: Reader, cluster: Cluster, card: Card) -> Square:
    seen = card.reading
    runs = [one.lease.run_id for one in card.holders]
    return Square(
        name=_short(card),
        title="\n".join(_told(reader, cluster, card)),
        parts=tuple(
            Part(one.lease.milli, colours.of_owner(one.lease.owner.project), _hatch(one))
            for one in card.holders
        ),
        utilisation_pct=None if seen is None else seen.utilisation_pct,
        memory_pct=card.memory_pct,
        is_ill=card.use is Use.ILL,
        is_drained=card.use is Use.DRAINED,
        address=frame.run_address(cluster.dagster, runs[0]) if len(set(runs)) == 1 else None,
    )


def _told(reader: Reader, cluster: Cluster, card: Card) -> list[str]:
    """All that is known of a device, line by line."""
    _ = reader.translate
    lines = [f"{card.device.id} · {said.kind(card.device, _)} · {_(said.USES[card.use])}"]
    if card.is_declared:
        lines[0] += " · " + _("declared")
    lines += [
        _("{owner}: {share} of it, run {run}, for {duration}; {level}").format(
            owner=f"{one.lease.owner.project} · {one.lease.owner.user}",
            share=said.share(one.lease.milli),
            run=said.called(one.lease.run_id),
            duration=_held(cluster, one.lease, _),
            level=_(said.LEVELS[one.isolation.level]),
        )
        for one in card.holders
    ]
    if card.reading is not None:
        lines.append(_(", ").join(said.reading_in_words(card.reading, _)))
    return [line for line in (*lines, in_language(card.fault or "", _), card.drained) if line]


def _device_card(reader: Reader, cluster: Cluster, card: Card) -> str:
    _ = reader.translate
    rows = [(_("Kind"), pieces.text(said.kind(card.device, _)))]
    for one in card.holders:
        rows += _holder_rows(reader, cluster, one)
    seen = card.reading
    tone = _TONES.get(card.use) or colours.of_owner(card.holders[0].lease.owner.project)
    if seen is not None and seen.utilisation_pct is not None:
        pct = seen.utilisation_pct
        rows.append((_("Utilisation"), squares.gauge(pct, f"{pct:.0f} %", tone)))
    if seen is not None and seen.memory_used_mib is not None:
        rows.append((_("Memory in use"), squares.gauge(card.memory_pct, said.memory(seen, _), tone)))
    if seen is not None and (warm := said.warmth(seen)):
        rows.append((_("Heat and power"), pieces.text(_(", ").join(warm))))
    rows += [(_("Fault"), pieces.text(in_language(card.fault, _)))] if card.fault else []
    rows += [(_("Drained"), pieces.text(card.drained))] if card.drained else []
    pill = pieces.pill(_(said.USES[card.use]), tone)
    return pieces.card(card.device.id, pill, tone, rows, busy=bool(card.holders) or card.use is Use.ILL)


def _holder_rows(reader: Reader, cluster: Cluster, one: Holder) -> list[tuple[str, str]]:
    _ = reader.translate
    lease = one.lease
    held = pieces.moment(_held(cluster, lease, _), reader.stamp(lease.granted_at))
    rows = [
        (_("Owner"), pieces.text(f"{lease.owner.project} · {lease.owner.user}")),
        (_("Run"), frame.run(cluster.dagster, lease.run_id, lease.attempt)),
        (_("Request"), pieces.code(lease.request.text)),
        (_("Held for"), held),
    ]
    if one.isolation.level is not Level.ALONE:
        level = _(said.LEVELS[one.isolation.level])
        why = one.isolation.reason.translated(_)
        rows.append((_("Apart"), pieces.moment(level, why)))
    if lease.expires_at is not None:
        rows.append((_("Until"), pieces.text(reader.stamp(lease.expires_at))))
    if stops := said.stop_in_words(lease, _):
        rows.append((_("Next"), pieces.text(stops)))
    return rows


def _table(reader: Reader, cluster: Cluster, cards: list[Card]) -> str:
    _ = reader.translate
    heads = [
        _("Device"),
        _("Kind"),
        _("State"),
        _("Held by"),
        _("Utilisation"),
        _("Memory in use"),
        _("What is wrong"),
    ]
    rows = []
    for card in cards:
        seen = card.reading
        holders = "<br>".join(
            frame.run(cluster.dagster, one.lease.run_id, one.lease.attempt)
            + pieces.text(
                f" {one.lease.owner.project} · {one.lease.owner.user} · {said.share(one.lease.milli)} · "
            )
            + pieces.text(_(said.LEVELS[one.isolation.level]))
            for one in card.holders
        )
        busy = "–" if seen is None or seen.utilisation_pct is None else f"{seen.utilisation_pct:.0f} %"
        memory = "–" if seen is None or seen.memory_used_mib is None else pieces.text(said.memory(seen, _))
        wrong = pieces.text(in_language(card.fault, _) if card.fault else card.drained or "–")
        kind, state = pieces.text(said.kind(card.device, _)), pieces.text(_(said.USES[card.use]))
        rows.append([pieces.code(card.device.id), kind, state, holders or "–", busy, memory, wrong])
    return pieces.table(heads, rows, numbers=frozenset({4, 5}))


def _past(reader: Reader, cluster: Cluster) -> None:
    _ = reader.translate
    if not cluster.past:
        st.caption(_("No lease has ended yet."))
        return
    heads = [_("Run"), _("Owner"), _("Devices"), _("Request"), _("Held for"), _("Given back"), _("Because")]
    rows = [
        [
            frame.run(cluster.dagster, one.run_id, one.attempt),
            pieces.text(f"{one.owner.project} · {one.owner.user}"),
            pieces.text(", ".join(one.devices) or "–"),
            pieces.code(one.request.text),
            pieces.text(_held(cluster, one, _)),
            _given_back(reader, cluster, one),
            pieces.text(reasons.of_release(one.release_reason, _) if one.release_reason else "–"),
        ]
        for one in cluster.past
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({4})))


def _short(card: Card) -> str:
    return card.device.id.rpartition("/")[2].partition(":")[2]


def _hatch(one: Holder) -> Hatch:
    level = one.isolation.level
    if level is Level.ALONE:
        return Hatch.SOLID
    return Hatch.COOPERATIVE if level is Level.COOPERATIVE else Hatch.APART


def _held(cluster: Cluster, lease: Lease, _: Translate) -> str:
    ended = lease.released_at or cluster.read_at
    return wording.duration((ended - lease.granted_at).total_seconds(), _)


def _given_back(reader: Reader, cluster: Cluster, lease: Lease) -> str:
    if lease.released_at is None:
        return "–"
    words = wording.ago(lease.released_at, cluster.read_at, reader.translate)
    return pieces.moment(words, reader.stamp(lease.released_at))


if __name__ == "__main__":
    page()
