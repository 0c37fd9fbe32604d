"""The folders of users: whose they are, who gets in, and nobody else."""

import os
import pwd
from pathlib import Path

from resources.data.spaces.model import UserFolders
from resources.data.storage.giving import Owner
from resources.errors import Conflict
from resources.users import user_named

ROOT_UID = 0
PRIVATE = 0o700


def owner_of(user: str) -> Owner:
    """The operating system's user of this name; who acts himself where it knows none."""
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        named = [one for one in pwd.getpwall() if user_named(one.pw_name) == user]
        if not named:
            return Owner(os.geteuid(), os.getegid())
        found = named[0]
    return Owner(found.pw_uid, found.pw_gid)


def hand_over_to(user: str) -> Owner | None:
    """Whose the files are to be that this process makes for a user; None where they are by themselves."""
    owner = owner_of(user)
    return owner if os.geteuid() == ROOT_UID and owner.uid != ROOT_UID else None


def make_folders(folders: UserFolders, user: str) -> None:
    """Make the folders of a user, which nobody else may enter. Can be run again after a kill.

    Raises Conflict for one that is a link or another user's, and where the user could not get to them.
    """
    owner = owner_of(user)
    _refuse_closed(folders.root, user, owner)
    folders.root.parent.mkdir(parents=True, exist_ok=True)
    for folder in folders.all:
        if folder.is_symlink():
            raise Conflict(
                f"{folder} is a link; expected a folder of {user}'s own", "Remove the link, then try again."
            )
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        has = folder.lstat().st_uid
        if has not in (owner.uid, os.geteuid()):
            raise Conflict(
                f"{folder} belongs to the user with the id {has}; expected {user}, {owner.uid}",
                f"Let it be {user}'s (chown), or move it away.",
            )
        if has != owner.uid:  # also after a kill in between; never what a link leads to
            os.chown(folder, owner.uid, owner.gid, follow_symlinks=False)


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter; one that was open before is closed by its owner."""
    folder.mkdir(parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid == os.geteuid() and status.st_mode & 0o077:
        folder.chmod(PRIVATE)


def _refuse_closed(root: Path, user: str, owner: Owner) -> None:
    if owner.uid in (ROOT_UID, os.geteuid()):
        return
    for folder in reversed(root.parents):
        if folder.exists() and not _lets_in(folder, owner):
            raise Conflict(
                f"{user} could not get to {root}: {folder} does not let others in",
                f"Open it (chmod o+x {folder}), or use a home at a place that all its users can reach.",
            )


def _lets_in(folder: Path, owner: Owner) -> bool:
    status = folder.stat()
    if "system.posix_acl_access" in os.listxattr(folder):
        return True  # finer rights than modes: the user will see
    if status.st_uid == owner.uid:
        return bool(status.st_mode & 0o100)
    try:
        groups = os.getgrouplist(pwd.getpwuid(owner.uid).pw_name, owner.gid)
    except KeyError:
        groups = [owner.gid]
    return bool(status.st_mode & (0o010 if status.st_gid in groups else 0o001))
