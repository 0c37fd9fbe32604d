"""Who the operating system says somebody is."""

import getpass
import os
import re


def current_user() -> str:
    """The operating system's user in the form that users have here, ``[a-z0-9-]+``."""
    try:
        return user_named(getpass.getuser())
    except (KeyError, OSError):  # a container may run under an id without a name
        return user_named(f"uid-{os.getuid()}")


def user_named(name: str) -> str:
    """A name of the operating system in the form that users have here."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "user"
