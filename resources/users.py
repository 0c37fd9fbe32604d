"""Who the operating system says somebody is."""

import os
import pwd
import re
from pathlib import Path


def current_user() -> str:
    """The operating system's user in the form that users have here, ``[a-z0-9-]+``.

    By the process itself: who sets LOGNAME is nobody else for that.
    """
    try:
        return user_named(pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:  # a container may run under an id without a name
        return user_named(f"uid-{os.geteuid()}")


def is_operator_of(home: Path) -> bool:
    """Whether this process may act for others on a home: the user whose it is may, and so may root."""
    try:
        return os.geteuid() in (0, home.stat().st_uid)
    except OSError:
        return False


def user_named(name: str) -> str:
    """A name of the operating system in the form that users have here."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "user"
