"""Which kind a space is: pure, and each choice says why.

1. A clone where the file system can: a snapshot on btrfs, else file by file.
2. An overlay where this process may mount one and the space is its own user's.
3. Hard links only for a writer who can write no object: neither root nor the objects' owner.
4. Else a copy.
"""

from collections.abc import Callable
from dataclasses import dataclass

from resources.data.spaces.model import Kind
from resources.errors import Conflict
from resources.texts import filled, mark

ROOT_UID = 0


@dataclass(frozen=True)
class Ground:
    """What the place of a space can, and who is to write in it."""

    is_btrfs: bool
    """Store and space lie on one btrfs."""
    can_clone: bool
    can_overlay: bool
    is_one_file_system: bool
    writer_uid: int
    objects_uid: int
    """Who owns the objects."""
    maker_uid: int
    """As whom this process runs."""


@dataclass(frozen=True)
class Choice:
    """A kind, and why."""

    kind: Kind
    reason: str
    """Marked: it is kept in English, and said in its reader's language."""


def choose(ground: Ground, wanted: Kind | None = None) -> Choice:
    """The kind for this ground, or ``wanted``. Raises Conflict where that is not possible or not safe."""
    for kind, why_not, reason in _RULES:
        objection = why_not(ground)
        if wanted is None and objection is None:
            return Choice(kind, reason)
        if wanted is kind and objection is not None:
            possible = [one.value for one, refuses, _ in _RULES if refuses(ground) is None]
            raise Conflict(
                filled(
                    mark("a space of the kind {kind} cannot be made here: {reason}"),
                    kind=wanted.value,
                    reason=filled(objection),
                ),
                filled(mark("Leave the kind out, or take one of {kinds}."), kinds=", ".join(possible)),
            )
        if wanted is kind:
            return Choice(kind, mark("it was asked for"))
    raise ValueError(f"no rule knows the kind {wanted!r}")


def _no_snapshot(ground: Ground) -> str | None:
    return None if ground.is_btrfs else mark("store and space do not lie on one btrfs file system")


def _no_clone(ground: Ground) -> str | None:
    return (
        None
        if ground.can_clone
        else mark("the file system cannot let files share blocks (xfs and btrfs can)")
    )


def _no_overlay(ground: Ground) -> str | None:
    if not ground.can_overlay:
        return mark("this process may not mount an overlay here")
    if ground.writer_uid != ground.maker_uid:
        return mark(
            "files under an overlay belong to the store's user, and another user could not write them"
        )
    return None


def _no_hard_link(ground: Ground) -> str | None:
    if not ground.is_one_file_system:
        return mark("store and space lie on different file systems")
    if ground.writer_uid in (ROOT_UID, ground.objects_uid):
        return mark("its user could write the objects themselves, and so change the version")
    return None


_RULES: tuple[tuple[Kind, Callable[[Ground], str | None], str], ...] = (
    (Kind.SNAPSHOT, _no_snapshot, mark("the file system makes snapshots")),
    (Kind.REFLINK, _no_clone, mark("the file system lets files share their blocks")),
    (Kind.OVERLAY, _no_overlay, mark("overlays may be mounted here")),
    (Kind.HARDLINK, _no_hard_link, mark("its user cannot write the objects")),
    (Kind.COPY, lambda ground: None, mark("nothing else is possible or safe here")),  # noqa: ARG005
)
