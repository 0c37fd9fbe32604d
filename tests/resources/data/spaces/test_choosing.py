"""Which kind a space is, and that what is said about it is true."""

import itertools

import pytest

from resources.data.spaces.choosing import Ground, choose
from resources.data.spaces.model import Kind
from resources.errors import Conflict

ANN, BOB = 1000, 1001
GROUNDS = [
    Ground(
        is_btrfs=is_btrfs,
        can_clone=clones or is_btrfs,
        can_overlay=can_overlay and maker == 0,
        is_one_file_system=one or clones or is_btrfs,
        writer_uid=writer,
        objects_uid=objects,
        maker_uid=maker,
    )
    for is_btrfs, clones, can_overlay, one in itertools.product((False, True), repeat=4)
    for writer, objects, maker in itertools.product((0, ANN, BOB), repeat=3)
]
"""Every ground there can be, of three users."""


@pytest.mark.parametrize("wanted", [None, *Kind])
def test_no_choice_lets_a_user_write_an_object(wanted: Kind | None) -> None:
    for ground in GROUNDS:
        try:
            kind = choose(ground, wanted).kind
        except Conflict:
            continue
        if kind is Kind.HARDLINK:
            assert ground.writer_uid not in (0, ground.objects_uid)
            assert ground.is_one_file_system
        if kind is Kind.OVERLAY:
            assert ground.writer_uid == ground.maker_uid
        assert kind is not Kind.SNAPSHOT or ground.is_btrfs
        assert kind is not Kind.REFLINK or ground.can_clone


def test_there_is_always_a_kind_and_a_reason() -> None:
    for ground in GROUNDS:
        choice = choose(ground)
        assert choice.reason
        assert choose(ground, choice.kind).kind is choice.kind, "what is chosen can be asked for"


def test_clones_come_before_overlays_and_these_before_links_and_copies() -> None:
    everything = Ground(
        is_btrfs=True,
        can_clone=True,
        can_overlay=True,
        is_one_file_system=True,
        writer_uid=ANN,
        objects_uid=BOB,
        maker_uid=ANN,
    )
    left = dict(vars(everything))
    for kind, without in [
        (Kind.SNAPSHOT, "is_btrfs"),
        (Kind.REFLINK, "can_clone"),
        (Kind.OVERLAY, "can_overlay"),
        (Kind.HARDLINK, "is_one_file_system"),
        (Kind.COPY, None),
    ]:
        assert choose(Ground(**left)).kind is kind
        if without is not None:
            left[without] = False


def test_what_cannot_be_is_refused_with_what_can() -> None:
    ground = Ground(
        is_btrfs=False,
        can_clone=False,
        can_overlay=True,
        is_one_file_system=True,
        writer_uid=ANN,
        objects_uid=ANN,
        maker_uid=0,
    )
    for kind, because in {
        Kind.SNAPSHOT: "do not lie on one btrfs",
        Kind.REFLINK: "cannot let files share blocks",
        Kind.OVERLAY: "another user could not write them",
        Kind.HARDLINK: "could write the objects themselves",
    }.items():
        with pytest.raises(Conflict, match=because) as told:
            choose(ground, kind)
        assert "take one of copy" in told.value.next_step
