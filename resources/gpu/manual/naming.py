"""Names of leases without a run, and how they stand among runs."""

import re

from resources.errors import BadInput
from resources.gpu.model import RunId
from resources.gpu.policy.model import LEASE

MOST_CHARACTERS = 50
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
