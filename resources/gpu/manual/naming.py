"""Names of leases without a run, how they stand among runs, and names of projects."""

import re

from resources.errors import BadInput
from resources.gpu.model import RunId
from resources.gpu.policy.model import LEASE

MOST_CHARACTERS = 50
MOST_OF_AN_OWNER = 100
"""Characters in the name of a user or a project."""
EXPECTED = f"at most {MOST_CHARACTERS} letters, digits, '.', '_' and '-', the first a letter or a digit"
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MOST_CHARACTERS - 1}}}")


def checked_name(name: str, what: str) -> str:
    """The name itself. Raises :class:`BadInput` for one that cannot be used; ``what`` it is of."""
    if _NAME.fullmatch(name) is None:
        raise BadInput(
            f"the name {name!r} of the {what} cannot be used; expected {EXPECTED}", "Choose another."
        )
    return name


def lease_id(name: str) -> RunId:
    """Under which a lease stands among runs, none of whose ids has a colon. Raises :class:`BadInput`."""
    return RunId(f"{LEASE}{checked_name(name, 'lease')}")


def name_of(run_id: RunId) -> str | None:
    """The name of a lease without a run; None for a run."""
    return run_id.removeprefix(LEASE) if run_id.startswith(LEASE) else None


def checked_user(name: str) -> str:
    """The name of a user itself. Raises :class:`BadInput` for one that nobody can have."""
    return _checked_owner(name, "user", "Name a user, or none for everybody in the project.")


def checked_project(name: str) -> str:
    """The name of a project itself. Raises :class:`BadInput` for one that none can have.

    It may be in any script; ``*`` stands for each project in quotas.
    """
    next_step = "Name a project, such as vision; `trainplat gpu quota show` lists those with a quota."
    return _checked_owner(name, "project", next_step)


def _checked_owner(name: str, what: str, next_step: str) -> str:
    if name.strip() == name and name.isprintable() and 1 <= len(name) <= MOST_OF_AN_OWNER and name != "*":
        return name
    told = repr(name) if len(name) <= MOST_OF_AN_OWNER else f"{name[:MOST_OF_AN_OWNER]!r}…"
    raise BadInput(
        f"the {what} {told} cannot be; expected 1 to {MOST_OF_AN_OWNER} characters without line breaks, none "
        "of them a blank at an end, and not '*'",
        next_step,
    )
