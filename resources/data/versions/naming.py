"""The names of versions and branches, and the numbers that come next."""

import re
from datetime import UTC, datetime

from resources.data.versions.refs import NEWEST
from resources.errors import BadInput
from resources.terms import FIRST_VERSION, DatasetName, VersionKey, next_minor, version_order

_DATASET = re.compile(r"[a-z][a-z0-9_]*")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_VERSION = re.compile(r"v[1-9]\d*\.(0|[1-9]\d*)")
LONGEST = 100
RESULTS = "_results"
"""How the names of data sets end that hold the results of the trainings of other ones."""


def checked_dataset(name: str) -> DatasetName:
    """``name`` as the name of a data set. Raises BadInput."""
    if len(name) > LONGEST or _DATASET.fullmatch(name) is None:
        raise BadInput(
            f"data set name {name!r} is not of the form [a-z][a-z0-9_]* with at most {LONGEST} characters",
            "Choose a name such as digits.",
        )
    return DatasetName(name)


def refuse_results(name: str) -> None:
    """Refuse the name of a data set whose versions trainings make. Raises BadInput."""
    if name.endswith(RESULTS):
        raise BadInput(
            f"data set name {name!r} ends with {RESULTS!r}, as those that hold the results of trainings",
            "Choose a name that ends in another way.",
        )


def checked_tag(name: str) -> str:
    """``name`` as a tag. Raises BadInput for one that could be taken for something else."""
    if len(name) > LONGEST or _TAG.fullmatch(name) is None or _VERSION.fullmatch(name) or name == NEWEST:
        raise BadInput(
            f"tag {name!r} is not of the form [A-Za-z][A-Za-z0-9_.-]* with at most {LONGEST} characters, "
            f"or looks like a version, or is {NEWEST!r}",
            "Choose a name such as released or paper-2026.",
        )
    return name


def next_key(newest: VersionKey | None, *, breaks: bool) -> VersionKey:
    """The version of the main line after ``newest``: the next major one if it ``breaks`` readers."""
    if newest is None:
        return FIRST_VERSION
    if not breaks:
        return next_minor(newest)
    return VersionKey(f"v{version_order(newest)[0] + 1}.0")


def branch_name(dataset: DatasetName, base: VersionKey, user: str, now: datetime) -> str:
    """``{dataset}_v{major}.{minor}_{user}_{timestamp}``. A branch of a branch bears its main version."""
    main = base if is_main(base) else VersionKey(base.removeprefix(f"{dataset}_").partition("_")[0])
    return f"{dataset}_{main}_{user}_{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def on_branch(branch: str, number: int) -> VersionKey:
    """The key of a version on a branch."""
    return VersionKey(f"{branch}@{number}")


def is_main(key: str) -> bool:
    """Whether a key is one of the main line."""
    return _VERSION.fullmatch(key) is not None
