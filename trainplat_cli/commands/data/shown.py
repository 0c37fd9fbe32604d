"""What the data commands share: the service, who acts, and versions as documents and texts."""

from typing import TYPE_CHECKING, Any

from resources.data.schemas.documents import document_of
from resources.data.versions.model import Version
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor
from resources.users import current_user
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from resources.data.collecting.service import CollectingService
    from resources.data.locks.service import LockService
    from resources.data.merges.service import MergeService
    from resources.data.places.replication import ReplicationService
    from resources.data.places.service import PlaceService
    from resources.data.results.service import ResultService

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def version_service() -> VersionService:
    """The service on the home that the environment names."""
    home = Home.from_environment()
    return VersionService(home, home.database(), repair=mended)


def collecting_service() -> "CollectingService":
    """The service that keeps the store clean, on the home that the environment names."""
    from resources.data.collecting.service import CollectingService

    home = Home.from_environment()
    places = place_service()
    return CollectingService(home, home.database(), elsewhere=places.erase, remote=places.repair)


def place_service() -> "PlaceService":
    """The service of remotes, on the home that the environment names."""
    from resources.data.places.service import PlaceService

    home = Home.from_environment()
    return PlaceService(home, home.database())


def replication_service() -> "ReplicationService":
    """The service of what is to be at a second remote, on the home that the environment names."""
    from resources.data.places.replication import ReplicationService

    return ReplicationService(place_service())


def mended(names: list[str]) -> list[str]:
    """Bring damaged objects back, from the trash or a remote; those that could not be."""
    return collecting_service().repair(names)


def merge_service() -> "MergeService":
    """The service of merges, on the home that the environment names."""
    from resources.data.merges.service import MergeService

    home = Home.from_environment()
    return MergeService(home, home.database())


def result_service() -> "ResultService":
    """The service of result snapshots, on the home that the environment names."""
    from resources.data.results.service import ResultService

    home = Home.from_environment()
    return ResultService(home, home.database())


def lock_service() -> "LockService":
    """The service of version locks, on the home that the environment names."""
    from resources.data.locks.service import LockService

    return LockService(Home.from_environment().database())


def current_actor() -> Actor:
    """Whoever runs the command."""
    return Actor(f"user:{current_user()}")


def version_document(version: Version) -> dict[str, Any]:
    """A version for machines."""
    return {
        "dataset": version.dataset,
        "version": version.key,
        "branch": version.branch,
        "state": version.state.value,
        "parents": list(version.parents),
        "author": version.author,
        "message": version.message,
        "committed_at": version.committed_at,
        "files": version.files,
        "size_bytes": version.size_bytes,
        "tree": version.tree_md5,
        "sha256": version.tree_sha256,
        "schema": document_of(version.schema),
    }


def bytes_text(count: int) -> str:
    """A number of bytes in the unit that makes it short: ``512 B``, ``1.2 MiB``."""
    size, place = float(count), 0
    while size >= 1024 and place < len(UNITS) - 1:
        size, place = size / 1024, place + 1
    return f"{size:.0f} {UNITS[place]}" if place == 0 else f"{size:.1f} {UNITS[place]}"


def files_text(version: Version) -> str:
    """How much a version holds."""
    return _("{files} files, {size}").format(files=f"{version.files:,}", size=bytes_text(version.size_bytes))
