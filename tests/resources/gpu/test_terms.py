"""What a run says besides its devices: read strictly, kept whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.model import NO_TERMS, Terms
from resources.gpu.placement.model import Span
from resources.gpu.terms import BadTerm, terms_from_json, terms_of, terms_to_json

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,20}", fullmatch=True)
terms = st.builds(
    Terms,
    priority=st.integers(-10, 10),
    preemptible=st.booleans(),
    max_runtime_s=st.none() | st.floats(1, 1e6),
    cpu_milli=st.integers(0, 64_000),
    host_memory_mib=st.integers(0, 1 << 20),
    span=st.sampled_from(Span),
    group=st.just("") | names,
    near=st.just("") | names,
    apart=st.just("") | names,
    nodes=st.lists(st.tuples(names, names), max_size=3).map(tuple),
)


def test_without_tags_a_run_says_nothing() -> None:
    assert terms_of({}) == NO_TERMS
    assert terms_to_json(NO_TERMS) == "{}"


def test_each_tag_is_read() -> None:
    stated = {
        "trainplat/priority": "-5",
        "trainplat/preemptible": "True",
        "trainplat/max_runtime_s": "3600",
        "trainplat/cpus": "2.5",
        "trainplat/memory": "16G",
        "trainplat/span": "nodes",
        "trainplat/group": "team",
        "trainplat/near": "team",
        "trainplat/apart": "other",
        "trainplat/nodes": "zone=b, disk=nvme",
    }
    assert terms_of(stated) == Terms(
        -5, True, 3600.0, 2500, 16384, Span.NODES, "team", "team", "other", (("disk", "nvme"), ("zone", "b"))
    )


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("priority", "high"),
        ("priority", "1.5"),
        ("priority", "9999999"),
        ("preemptible", "maybe"),
        ("max_runtime_s", "0"),
        ("max_runtime_s", "nan"),
        ("max_runtime_s", "٣"),
        ("cpus", "-1"),
        ("cpus", "1e3"),
        ("cpus", "999999"),
        ("memory", "16"),
        ("memory", "16X"),
        ("span", "rack"),
        ("group", "a b"),
        ("near", "-x"),
        ("apart", "x" * 101),
        ("nodes", "zone"),
        ("nodes", "zone=a b"),
    ],
)
def test_a_tag_that_says_nothing_is_named_with_its_value(tag: str, value: str) -> None:
    with pytest.raises(BadTerm) as refused:
        terms_of({f"trainplat/{tag}": value})
    assert f"the tag trainplat/{tag} is {value!r}; expected" in refused.value.problem


@given(terms)
def test_terms_are_kept_whole(stated: Terms) -> None:
    assert terms_from_json(terms_to_json(stated)) == stated


def test_what_a_later_release_has_written_besides_is_passed_over() -> None:
    assert terms_from_json('{"priority": 2, "colour": "blue"}') == Terms(priority=2)
