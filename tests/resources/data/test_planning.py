from dataclasses import replace

import pytest

from resources.data.model import ConfirmedLabel, Split, VersionRecord, VersionState
from resources.data.planning import first_planned, next_planned, refuse_unusable
from resources.data.splitting import Place
from resources.errors import BadInput, Conflict
from resources.terms import Label, SampleId, VersionKey
from tests.resources.data.shapes import NOW, SHAPES

DARK = SHAPES.classes[0]
V0, V1 = VersionKey("v1.0"), VersionKey("v1.1")


def labels(*refs: str) -> list[ConfirmedLabel]:
    return [ConfirmedLabel(SampleId(f"sample-{ref}"), DARK, ref) for ref in refs]


def sealed(version: VersionKey = V0) -> VersionRecord:
    return replace(first_planned(SHAPES.name, NOW), version=version, state=VersionState.SEALED)


def test_the_next_version_is_the_next_minor_of_the_newest() -> None:
    planned = next_planned(SHAPES.name, [sealed(), sealed(VersionKey("v1.9"))], {}, labels("a", "b"), NOW)
    assert (planned.version, planned.parent, planned.new_labels) == ("v1.10", "v1.9", 2)
    assert planned.state is VersionState.PLANNED


@pytest.mark.parametrize("state", [VersionState.PLANNED, VersionState.RETIRED])
def test_nothing_is_planned_after_a_version_that_is_not_sealed(state: VersionState) -> None:
    with pytest.raises(Conflict, match=rf"v1.0, is {state}, not sealed"):
        next_planned(SHAPES.name, [replace(sealed(), state=state)], {}, labels("a"), NOW)


def test_labels_without_any_version_are_refused_with_the_way_to_the_first() -> None:
    with pytest.raises(Conflict, match="no version yet") as refused:
        next_planned(SHAPES.name, [], {}, labels("a"), NOW)
    assert "shapes/collected" in refused.value.next_step


def test_no_labels_are_refused() -> None:
    with pytest.raises(BadInput, match="no labels were given"):
        next_planned(SHAPES.name, [sealed()], {}, [], NOW)


def test_labels_that_were_taken_up_are_answered_with_their_version_whatever_its_state() -> None:
    known = [sealed(), replace(sealed(V1), state=VersionState.PLANNED)]
    assert next_planned(SHAPES.name, known, {"a": V1, "b": V1}, labels("b", "a"), NOW) is known[1]


@pytest.mark.parametrize("taken", [{"a": V0}, {"a": V0, "b": V1}])
def test_labels_of_which_some_are_taken_are_refused_by_name(taken: dict[str, VersionKey]) -> None:
    with pytest.raises(Conflict, match=r"a by v1\.0"):
        next_planned(SHAPES.name, [sealed(), sealed(V1)], taken, labels("a", "b"), NOW)


def test_every_label_that_cannot_be_used_is_named() -> None:
    places = {
        SampleId("trained"): Place(Split.TRAIN, DARK),
        SampleId("asked"): Place(Split.POOL, None),
        SampleId("tested"): Place(Split.TEST, DARK),
    }
    good = [ConfirmedLabel(SampleId("asked"), DARK, "r1"), ConfirmedLabel(SampleId("trained"), DARK, "r2")]
    refuse_unusable(SHAPES, good, places)
    bad = [
        *good,
        ConfirmedLabel(SampleId("asked"), Label("green"), "r3"),
        ConfirmedLabel(SampleId("nowhere"), DARK, "r4"),
        ConfirmedLabel(SampleId("tested"), DARK, "r5"),
        ConfirmedLabel(SampleId("trained"), DARK, "r1"),
    ]
    with pytest.raises(BadInput) as refused:
        refuse_unusable(SHAPES, bad, places)
    told = refused.value.problem
    assert told.startswith("4 of 6 labels cannot go into shapes: ")
    assert "r3: label 'green' is none of dark, light" in told
    assert "r4: sample nowhere is not in the newest version" in told
    assert "r5: sample tested is held out for testing" in told
    assert "r1: is given twice" in told
