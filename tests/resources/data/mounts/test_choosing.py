"""The cheapest provider that meets a request is taken, and each other one says why it was not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.mounts.choosing import Look, choose, cost, why_not
from resources.data.mounts.model import Feature, Kind, Mode, Mount, Provider, names_of
from resources.errors import BadInput
from resources.terms import Actor

AT = datetime(2026, 6, 1, tzinfo=UTC)


def mount(
    size_mib: int = 1024,
    mode: Mode = Mode.SCRATCH,
    provider: str | None = None,
    needs: frozenset[Feature] = frozenset(),
) -> Mount:
    return Mount("room", size_mib, mode, provider, "room", needs, Actor("user:ann"), AT)


def look(
    name: str, kind: Kind = Kind.FOLDER, price: str = "1", free: int | None = 9999, problem: str | None = None
) -> Look:
    return Look(Provider(name, kind, "/x", Decimal(price)), free, problem)


DISK, MEMORY = look("disk", price="0.05"), look("memory", Kind.TMPFS, "3")
NFS, S3 = look("nfs", Kind.NFS, "0.3"), look("s3", Kind.S3, "0.02")


def test_the_cheapest_is_taken_and_the_others_tell_what_they_cost() -> None:
    choice = choose(mount(), [NFS, MEMORY, DISK, S3])
    assert choice.provider == DISK.provider
    assert choice.reason == "disk is the cheapest of 3: 0.05 a month"
    assert {one.provider: one.reason for one in choice.passed} == {
        "s3": "a s3 is not for the mode scratch",
        "nfs": "costs 0.3 a month",
        "memory": "costs 3 a month",
    }


@pytest.mark.parametrize(
    ("asked", "looks", "words"),
    [
        (mount(provider="nfs"), [DISK, NFS], {"disk": "nfs was named"}),
        (mount(mode=Mode.KEEP), [DISK, MEMORY], {"memory": "a tmpfs is not for the mode keep"}),
        (mount(needs=frozenset({Feature.SHARED})), [DISK, NFS], {"disk": "a folder is not shared"}),
        (mount(needs=frozenset({Feature.DURABLE})), [DISK, MEMORY], {"memory": "a tmpfs is not durable"}),
        (mount(), [DISK, look("old", problem="it hangs")], {"old": "it hangs"}),
        (
            mount(size_mib=100),
            [DISK, look("full", free=99)],
            {"full": "99 MiB are free there, 100 are needed"},
        ),
        (
            mount(),
            [DISK, look("twin", price="0.05")],
            {"twin": "costs the same, and comes later by name"},
        ),
    ],
)
def test_whoever_was_not_taken_says_why(asked: Mount, looks: Sequence[Look], words: dict[str, str]) -> None:
    choice = choose(asked, looks)
    assert {one.provider: one.reason for one in choice.passed} == words


def test_where_nothing_meets_the_request_all_reasons_are_told() -> None:
    choice = choose(mount(size_mib=10**6), [DISK, S3])
    assert choice.provider is None
    assert choice.reason == (
        "disk: 9999 MiB are free there, 1000000 are needed; s3: a s3 is not for the mode scratch"
    )
    assert choose(mount(provider="x"), [DISK]).reason == "there is no provider x; there are: disk"
    assert choose(mount(provider="s3"), [DISK, S3]).reason == "s3: a s3 is not for the mode scratch"
    assert choose(mount(), []).reason == "there is no provider"


looks = st.builds(
    look,
    st.sampled_from("abcdef"),
    st.sampled_from(Kind),
    st.sampled_from(["0", "0.5", "1", "2"]),
    st.none() | st.integers(0, 2000),
    st.none() | st.just("it hangs"),
)
mounts = st.builds(
    mount,
    st.integers(1, 2000),
    st.sampled_from(Mode),
    st.none() | st.sampled_from("abc"),
    st.frozensets(st.sampled_from(Feature)),
)


@given(mounts, st.lists(looks, unique_by=lambda one: one.provider.name), st.randoms())
def test_the_choice_meets_the_request_is_cheapest_and_knows_no_order(
    asked: Mount, offered: list[Look], random: Random
) -> None:
    choice = choose(asked, offered)
    fit = [one.provider for one in offered if why_not(asked, one) is None]
    assert (choice.provider is None) == (not fit)
    if choice.provider is not None:
        assert choice.provider in fit
        assert all(cost(asked, choice.provider) <= cost(asked, one) for one in fit)
    taken = {choice.provider.name} if choice.provider else set()
    assert {one.provider for one in choice.passed} == {one.provider.name for one in offered} - taken
    shuffled = list(offered)
    random.shuffle(shuffled)
    assert choose(asked, shuffled).provider == choice.provider


@given(mounts, st.lists(looks, unique_by=lambda one: one.provider.name))
def test_who_asks_for_more_pays_no_less(asked: Mount, offered: list[Look]) -> None:
    more = choose(replace(asked, size_mib=asked.size_mib + 100), offered).provider
    less = choose(asked, offered).provider
    if more is not None:
        assert less is not None
        assert cost(asked, less) <= cost(asked, more)


def test_a_tag_names_mount_points_once_each() -> None:
    assert names_of(" room, models,room,") == ["room", "models"]
    with pytest.raises(BadInput, match="Room"):
        names_of("Room")


@pytest.mark.parametrize("at", ["/etc", "../x", " "])
def test_a_mount_point_lies_below_its_provider(at: str) -> None:
    with pytest.raises(BadInput, match="below its provider"):
        replace(mount(), at=at)
    with pytest.raises(BadInput, match="at least 1"):
        mount(size_mib=0)
