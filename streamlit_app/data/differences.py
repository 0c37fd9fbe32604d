"""Two versions side by side: what was added, changed and removed, with pictures and lines of text."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resources.data.merging.sentences import shown_path
from resources.data.schemas.sentences import in_order, sentence
from resources.data.trees.diff import Change, Kind
from resources.terms import DatasetName, VersionKey
from resources.texts import Translate, in_language
from streamlit_app import colours, frame, pieces
from streamlit_app.data import thumbnails
from streamlit_app.data.wording import amount, kind_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.changes import Changes, is_picture, is_text, lines_between, read_changes
from streamlit_app.readings.history import History
from streamlit_app.readings.source import open_home

FILES_TO_A_PAGE = 50
PICTURES_TO_A_PAGE = 12
LINES_SHOWN = 200
TEXTS_OFFERED = 500
"""To choose from; the path finds the others."""
_TONES = {Kind.ADDED: colours.DONE, Kind.CHANGED: colours.ACTIVE, Kind.REMOVED: colours.TROUBLE}


def draw(reader: Reader, history: History) -> None:
    """Choose two, and see what is between them."""
    _ = reader.translate
    keys = [one.key for one in reversed(history.versions)]
    if len(keys) < 2:
        st.caption(_("There is one version only. Commit another one to see what changed."))
        return
    before, after = _chosen(reader, history, keys)
    if before == after:
        st.caption(_("Choose two versions that are not the same."))
        return
    changes = _read(frame.place(), history.dataset, before, after)
    _numbers(reader, changes)
    _schema(reader, changes)
    if not changes.files:
        st.caption(_("The two hold the same files."))
        return
    found = _filtered(reader, changes)
    if not found:
        st.caption(_("No file that changed is like that."))
        return
    _pictures(reader, [one for one in found if is_picture(one.path)])
    _texts(reader, [one for one in found if is_text(one.path)])
    _files(reader, found)


def _chosen(reader: Reader, history: History, keys: list[VersionKey]) -> tuple[VersionKey, VersionKey]:
    """Two versions, which the address keeps. By itself the newest one that was made from another."""
    _ = reader.translate
    newest = next((one for one in reversed(history.versions) if one.parents), history.versions[-1])
    after = _asked("after", keys) or newest.key
    parents = [one for one in history.version(after).parents if one in keys]
    before = _asked("before", keys) or (parents[0] if parents else keys[-1])
    left, right = st.columns(2)

    def choose(column: DeltaGenerator, label: str, which: str, at: VersionKey) -> VersionKey:
        chosen = column.selectbox(
            label, keys, index=keys.index(at), format_func=history.short, key=f"{which}-{history.dataset}"
        )
        st.query_params[which] = chosen
        return VersionKey(chosen)

    return choose(left, _("Before"), "before", before), choose(right, _("After"), "after", after)


def _asked(which: str, keys: list[VersionKey]) -> VersionKey | None:
    asked = VersionKey(st.query_params.get(which, ""))
    return asked if asked in keys else None


@frame.cached
def _read(_place: str, dataset: str, before: str, after: str) -> Changes:
    home, database = open_home()
    return read_changes(home, database, DatasetName(dataset), before, after)


def _numbers(reader: Reader, changes: Changes) -> None:
    _ = reader.translate
    counts = changes.counts
    frame.show_numbers(
        {
            _("Added"): f"{counts[Kind.ADDED]:,}",
            _("Changed"): f"{counts[Kind.CHANGED]:,}",
            _("Removed"): f"{counts[Kind.REMOVED]:,}",
            _("Size"): f"{'+' if changes.grown_bytes >= 0 else '−'}{amount(abs(changes.grown_bytes))}",
        }
    )


def _schema(reader: Reader, changes: Changes) -> None:
    _ = reader.translate
    if changes.schema is None:
        st.caption(_("What changed in the schema is unknown: that of one of the two was never read."))
    if not changes.schema:
        return
    st.subheader(_("Schema"), anchor=False)
    told = in_order(changes.schema)
    rows = [
        [
            pieces.text(in_language(sentence(one, shown_path), _)),
            pieces.pill(_("breaks readers"), colours.TROUBLE) if one.breaks else "",
        ]
        for one in told[frame.page_of(reader, len(told), FILES_TO_A_PAGE, "diff-schema")]
    ]
    st.html(pieces.table([_("What happened"), ""], rows))


def _filtered(reader: Reader, changes: Changes) -> tuple[Change, ...]:
    _ = reader.translate
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    part = left.text_input(_("Path contains"), key="diff-part")
    kinds = right.pills(
        _("What happened"),
        [kind for kind in Kind if changes.counts[kind]],
        selection_mode="multi",
        format_func=lambda kind: kind_in_words(kind, _),
        key="diff-kinds",
    )
    return changes.matching(part, frozenset(kinds or ()))


def _pictures(reader: Reader, changed: Sequence[Change]) -> None:
    if not changed:
        return
    _ = reader.translate
    st.subheader(_("Pictures"), anchor=False)
    shown = changed[frame.page_of(reader, len(changed), PICTURES_TO_A_PAGE, "diff-pictures")]
    st.html(pieces.cards([_picture(one, _) for one in shown]))


def _picture(one: Change, _: Translate) -> str:
    path = shown_path(one.path)
    before, after = (thumbnails.picture(md5, path, _) for md5 in (one.before, one.after))
    return thumbnails.card(
        pieces.code(path) + pieces.pill(kind_in_words(one.kind, _), _TONES[one.kind]),
        thumbnails.sides([(_("Before"), before), (_("After"), after)]),
    )


def _texts(reader: Reader, changed: Sequence[Change]) -> None:
    if not changed:
        return
    _ = reader.translate
    st.subheader(_("Texts"), anchor=False)
    offered = changed[:TEXTS_OFFERED]
    chosen = st.selectbox(_("File"), offered, format_func=lambda one: shown_path(one.path), key="diff-text")
    with frame.guarded(reader):
        _lines(reader, lines_between(open_home()[0], chosen.before, chosen.after))


def _lines(reader: Reader, lines: list[str] | None) -> None:
    _ = reader.translate
    if lines is None:
        st.caption(_("It is too large to be compared line by line, or no text."))
        return
    st.code("\n".join(lines[:LINES_SHOWN]), language="diff")
    if len(lines) > LINES_SHOWN:
        st.caption(_("{count} more lines").format(count=f"{len(lines) - LINES_SHOWN:,}"))


def _files(reader: Reader, found: Sequence[Change]) -> None:
    _ = reader.translate
    st.subheader(_("Files"), anchor=False)
    heads = [_("File"), _("What happened"), _("Before"), _("After")]
    rows = [
        [
            pieces.code(shown_path(one.path)),
            pieces.pill(kind_in_words(one.kind, _), _TONES[one.kind]),
            "–" if one.before is None else amount(one.size_before),
            "–" if one.after is None else amount(one.size_after),
        ]
        for one in found[frame.page_of(reader, len(found), FILES_TO_A_PAGE, "diff")]
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({2, 3})))
