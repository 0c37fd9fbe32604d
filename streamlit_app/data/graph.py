"""The graph of versions: the main line straight, branches beside it. Values in, a figure of Plotly out."""

from collections.abc import Sequence
from html import escape
from typing import Any

from resources.data.versions.model import State, Version
from resources.terms import VersionKey
from resources.texts import Translate
from streamlit_app import colours
from streamlit_app.data.wording import amount, count_of_files, state_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History

Figure = dict[str, Any]
SHOWN = 150
"""More versions than this make no picture that one can read: the newest are drawn."""
_LONGEST_MESSAGE = 120


def lanes(history: History) -> dict[str, int]:
    """Branches by name, each with its place beside the main line, which is 0.

    Two share a place where one has ended before the other began.
    """
    number = {one.key: one.number for one in history.versions}
    taken: list[int] = []
    found: dict[str, int] = {}
    for branch in sorted(history.branches, key=lambda one: number.get(one.base, 0)):
        members = [one.number for one in history.versions if one.branch == branch.name]
        first = number.get(branch.base, 0)
        merged = number.get(branch.merged_as, 0) if branch.merged_as else 0
        last = max([first, merged, *members])
        lane = next((at for at, until in enumerate(taken) if until <= first), len(taken))
        taken[lane : lane + 1] = [last]
        found[branch.name] = lane + 1
    return found


def figure(history: History, reader: Reader) -> Figure:
    """The picture, for ``st.plotly_chart``."""
    beside = lanes(history)
    shown = history.versions[-SHOWN:]
    place = {one.key: (at, -beside.get(one.branch or "", 0)) for at, one in enumerate(shown)}
    traces = [
        _edge(place[parent], place[one.key], _tone(history, one), is_merge=at > 0)
        for one in shown
        for at, parent in enumerate(one.parents)
        if parent in place
    ]
    traces.append(_nodes(history, shown, place, reader))
    deepest = min((y for _, y in place.values()), default=0)
    none = {"visible": False, "fixedrange": True}
    return {
        "data": traces,
        "layout": {
            "height": 190 + 80 * -deepest,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "hovermode": "closest",
            "hoverlabel": {"align": "left"},
            "xaxis": {**none, "range": [-0.6, max(len(shown), 6) - 0.4]},
            "yaxis": {**none, "range": [deepest - 0.75, 0.75]},
        },
    }


def _edge(start: tuple[int, int], end: tuple[int, int], tone: str, *, is_merge: bool) -> dict[str, Any]:
    (x0, y0), (x1, y1) = start, end
    turn = x1 - 0.5 if is_merge else x0 + 0.5
    xs, ys = ([x0, x1], [y0, y1]) if y0 == y1 else ([x0, turn, x1], [y0, y0 if is_merge else y1, y1])
    line = {"color": tone, "width": 2.5, "shape": "linear", "dash": "dot" if is_merge else "solid"}
    return {"type": "scatter", "mode": "lines", "x": xs, "y": ys, "line": line, "hoverinfo": "skip"}


def _nodes(
    history: History, shown: Sequence[Version], place: dict[VersionKey, tuple[int, int]], reader: Reader
) -> dict[str, Any]:
    tones = [_tone(history, one) for one in shown]
    gone = [one.state is not State.SEALED for one in shown]
    kept = [one.key in history.kept for one in shown]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [place[one.key][0] for one in shown],
        "y": [place[one.key][1] for one in shown],
        "text": [_label(history, one) for one in shown],
        "textposition": "bottom center",
        "hovertext": [_told(history, one, reader) for one in shown],
        "hoverinfo": "text",
        "cliponaxis": False,
        "marker": {
            "size": [20 if one else 15 for one in kept],
            "symbol": ["circle-open" if one else "circle" for one in gone],
            "color": [colours.IDLE if away else tone for tone, away in zip(tones, gone, strict=True)],
            "line": {
                "width": [4 if one else 2 for one in kept],
                "color": [colours.PEOPLE if one else tone for one, tone in zip(kept, tones, strict=True)],
            },
            "opacity": 1,
        },
    }


def _label(history: History, one: Version) -> str:
    name = escape(history.short(one.key))
    tags = "".join(f"<br>🏷 {escape(tag)}" for tag in history.tags.get(one.key, ()))
    return f"<b>{name}</b>{tags}"


def _told(history: History, one: Version, reader: Reader) -> str:
    _ = reader.translate
    message = one.message if len(one.message) <= _LONGEST_MESSAGE else one.message[:_LONGEST_MESSAGE] + "…"
    parts = [
        f"<b>{escape(one.key)}</b>",
        escape(message),
        escape(f"{one.author.removeprefix('user:')} · {reader.stamp(one.committed_at)}"),
        escape(f"{count_of_files(one.files, reader)} · {amount(one.size_bytes)}"),
    ]
    parts += [escape(_kept(_, history, one.key))] if one.key in history.kept else []
    parts += [escape(state_in_words(one.state, _))] if one.state is not State.SEALED else []
    return "<br>".join(part for part in parts if part)


def _kept(_: Translate, history: History, key: VersionKey) -> str:
    names = _(", ").join(one.name for one in history.kept[key])
    return _("kept for {names}").format(names=names)


def _tone(history: History, one: Version) -> str:
    user = next((branch.user for branch in history.branches if branch.name == one.branch), None)
    return colours.CHAMPION if user is None else colours.of_owner(user)
