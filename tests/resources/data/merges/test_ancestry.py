"""Which version two others were both made from."""

from resources.data.merges.ancestry import common_ancestor
from resources.terms import VersionKey


def key(text: str) -> VersionKey:
    return VersionKey(text)


LINE = {key("v1.0"): (), key("v1.1"): (key("v1.0"),), key("b@1"): (key("v1.0"),), key("b@2"): (key("b@1"),)}


def test_two_that_went_apart_come_from_where_they_did() -> None:
    assert common_ancestor(LINE, key("v1.1"), key("b@2")) == "v1.0"


def test_one_that_the_other_was_made_from_is_the_ancestor_itself() -> None:
    assert common_ancestor(LINE, key("v1.0"), key("b@2")) == "v1.0"
    assert common_ancestor(LINE, key("b@1"), key("b@1")) == "b@1"


def test_after_a_merge_the_next_one_begins_from_what_was_merged() -> None:
    merged = {**LINE, key("v1.2"): (key("v1.1"), key("b@2")), key("b@3"): (key("b@2"),)}
    assert common_ancestor(merged, key("v1.2"), key("b@3")) == "b@2"


def test_two_that_share_nothing_have_none() -> None:
    assert common_ancestor({key("a"): (), key("b"): ()}, key("a"), key("b")) is None
    assert common_ancestor({}, key("a"), key("b")) is None
