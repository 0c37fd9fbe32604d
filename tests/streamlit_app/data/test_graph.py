import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from resources.data.versions.model import Branch, BranchState, State, Version
from resources.terms import Actor, DatasetName, VersionKey
from streamlit_app.data import graph
from streamlit_app.data.graph import Part, Row
from streamlit_app.readings.history import History

SET = DatasetName("letters")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ALL = slice(0, 1000)


def version(number: int, key: str, *parents: str, state: State = State.SEALED) -> Version:
    branch = key.rpartition("@")[0] or None
    return Version(
        SET,
        VersionKey(key),
        number,
        branch,
        state,
        f"{number}.dir",
        "sha",
        number,
        10 * number,
        "{}",
        Actor("user:ann"),
        f"step {number}",
        NOW + timedelta(minutes=number),
        tuple(map(VersionKey, parents)),
    )


def branch(name: str, base: str, head: str, user: str, merged_as: str | None = None) -> Branch:
    state = BranchState.OPEN if merged_as is None else BranchState.MERGED
    merged = None if merged_as is None else VersionKey(merged_as)
    return Branch(SET, name, VersionKey(base), VersionKey(head), user, state, merged, NOW)


def history(versions: list[Version], branches: list[Branch]) -> History:
    return History(SET, tuple(versions), tuple(branches), {}, {}, NOW)


MERGED = history(
    [
        version(1, "v1.0"),
        version(2, "v1.1", "v1.0"),
        version(3, "b@1", "v1.0"),
        version(4, "v1.2", "v1.1", "b@1"),
    ],
    [branch("b", "v1.0", "b@1", "ben", "v1.2")],
)


def rows(told: History, shown: slice = ALL) -> list[Row]:
    return graph.rows(told, told.versions[::-1], shown)


def parts(row: Row) -> set[tuple[int, Part]]:
    return {(one.lane, one.part) for one in row.strokes}


def test_a_branch_runs_beside_the_main_line_from_where_it_began_to_where_it_was_merged() -> None:
    newest, on_branch, second, first = rows(MERGED)
    assert [newest.lane, on_branch.lane, second.lane, first.lane] == [0, 1, 0, 0]
    assert parts(newest) == {(0, Part.BELOW), (1, Part.JOIN)}
    assert parts(on_branch) == {(1, Part.ABOVE), (1, Part.BELOW), (0, Part.THROUGH)}
    assert parts(second) == {(0, Part.ABOVE), (0, Part.BELOW), (1, Part.THROUGH)}
    assert parts(first) == {(0, Part.ABOVE), (1, Part.FORK)}
    assert [one.is_merge for one in newest.strokes] == [False, True]


def test_lines_go_on_over_the_pages_of_a_table() -> None:
    whole = rows(MERGED)
    assert [one for at in range(4) for one in rows(MERGED, slice(at, at + 1))] == whole


def test_without_branches_the_main_line_alone_is_drawn() -> None:
    main = [one for one in MERGED.versions[::-1] if one.branch is None]
    assert {one.lane for row in graph.rows(MERGED, main, ALL) for one in row.strokes} == {0}


def test_branches_share_a_place_where_one_has_ended_before_the_other_began() -> None:
    told = history(
        [*MERGED.versions, version(5, "c@1", "v1.2"), version(6, "d@1", "v1.2")],
        [*MERGED.branches, branch("c", "v1.2", "c@1", "ann"), branch("d", "v1.2", "d@1", "ann")],
    )
    assert graph.lanes(told) == {"b": 1, "c": 1, "d": 2}


def test_a_branch_in_which_nothing_was_committed_takes_no_place() -> None:
    told = history([version(1, "v1.0")], [branch("b", "v1.0", "v1.0", "ben")])
    assert graph.lanes(told) == {}


def test_a_version_that_is_no_more_to_be_used_is_hollow() -> None:
    told = history([version(1, "v1.0"), version(2, "v1.1", "v1.0", state=State.RETIRED)], [])
    cells = [graph.cell(told, row, 1, dark=False) for row in rows(told)]
    assert ["tp-gone" in cell for cell in cells] == [True, False]


def test_the_picture_of_many_branches_stays_narrow() -> None:
    assert graph.width_px(2) < graph.width_px(12) < 240
    assert graph.width_px(1) < 40


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30), st.integers(0, 30), st.integers(1, 9)
)
def test_any_page_of_any_history_shows_what_the_whole_shows_there(
    steps: list[tuple[int, bool]], start: int, length: int
) -> None:
    told = _drawn(steps)
    assert rows(told, slice(start, start + length)) == rows(told)[start : start + length]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30))
def test_each_line_has_one_beginning_and_one_end_and_no_gap(steps: list[tuple[int, bool]]) -> None:
    drawn = rows(_drawn(steps))
    for upper, lower in pairwise(drawn):
        leaving = {one.lane for one in upper.strokes if one.part in (Part.THROUGH, Part.BELOW, Part.JOIN)}
        arriving = {one.lane for one in lower.strokes if one.part in (Part.THROUGH, Part.ABOVE, Part.FORK)}
        assert leaving == arriving
    assert not {one.part for one in drawn[0].strokes} & {Part.THROUGH, Part.ABOVE, Part.FORK}
    assert not {one.part for one in drawn[-1].strokes} & {Part.THROUGH, Part.BELOW, Part.JOIN}


def _drawn(steps: list[tuple[int, bool]]) -> History:
    """Branches 1 to 3 that are committed to, and merged; 0 is the main line."""
    versions, branches = [version(1, "v1.0")], dict[str, Branch]()
    main, heads, begun = 0, dict[int, str](), 0
    for lane, merges in steps:
        number = len(versions) + 1
        if lane == 0 or (merges and lane in heads):
            merged = [heads.pop(lane)] if lane else []
            versions.append(version(number, f"v1.{main + 1}", f"v1.{main}", *merged))
            main += 1
            for head in merged:
                name = head.rpartition("@")[0]
                branches[name] = branch(name, branches[name].base, head, "ben", f"v1.{main}")
            continue
        if lane not in heads:
            begun += 1
            name, parent, place = f"b{begun}", f"v1.{main}", 1
        else:
            parent = heads[lane]
            name, _, before = parent.rpartition("@")
            place = int(before) + 1
        heads[lane] = f"{name}@{place}"
        base = branches[name].base if name in branches else parent
        branches[name] = branch(name, base, heads[lane], "ben")
        versions.append(version(number, heads[lane], parent))
    return history(versions, list(branches.values()))


def test_a_stroke_is_drawn_in_the_lane_where_it_is() -> None:
    cell = graph.cell(MERGED, rows(MERGED)[-1], 2, dark=True)
    assert "tp-dark" in cell
    assert re.search(r'class="tp-bend tp-fork tp-right" style="left:12px;width:20px', cell)
