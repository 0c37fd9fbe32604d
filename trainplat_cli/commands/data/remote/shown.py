"""What the commands of remotes share."""

from resources.data.places.model import Remote


def remote_document(remote: Remote) -> dict[str, object]:
    """A remote for machines."""
    return {
        "remote": remote.name,
        "url": remote.url,
        "endpoint": remote.endpoint,
        "profile": remote.profile,
        "added_by": remote.added_by,
        "added_at": remote.added_at,
    }
