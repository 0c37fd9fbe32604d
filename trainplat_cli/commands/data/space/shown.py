"""What the space commands share: the service, whose space it is, and spaces as documents."""

from resources.data.spaces.changes import Changes
from resources.data.spaces.model import Space
from resources.data.spaces.service import SpaceService
from resources.errors import Denied, TrainplatError
from resources.home import Home
from resources.users import current_user, is_operator_of
from trainplat_cli.commands.data.shown import mended
from trainplat_cli.texts import _


def space_service() -> SpaceService:
    """The service on the home that the environment names."""
    home = Home.from_environment()
    return SpaceService(home, home.database(), repair=mended)


def user_of(asked: str | None) -> str:
    """Whose space is meant: one's own, or, for the operator of the home, anybody's. Raises Denied."""
    me = current_user()
    if asked is None or asked == me:
        return me
    if not is_operator_of(Home.from_environment().path):
        raise Denied(
            _("{me} may not act for {other}").format(me=me, other=asked),
            _("Leave --user out, or ask the operator of the home."),
        )
    return asked


def space_document(space: Space) -> dict[str, object]:
    """A space for machines."""
    return {
        "name": space.name,
        "user": space.user,
        "dataset": space.dataset,
        "version": space.base,
        "path": str(space.path),
        "kind": space.kind.value,
        "reason": space.reason,
        "open": space.is_open,
        "state": space.state.value,
        "created_at": space.created_at,
    }


def changes_document(found: Changes | TrainplatError | None) -> dict[str, object]:
    """What was changed in a space, for machines; null for one that is not open, or that cannot be read."""
    if isinstance(found, TrainplatError):
        return {"changes": None, "problem": found.problem}
    return {"changes": None if found is None else vars(found)}
