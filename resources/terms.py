"""The words of the platform as types, shared by every subject."""

import re
from typing import NewType

DatasetName = NewType("DatasetName", str)
"""A data set, such as ``digits``: ``[a-z][a-z0-9_]*``."""

VersionKey = NewType("VersionKey", str)
"""A version of a data set, such as ``v1.3``; also the partition key of everything made from it."""

SampleId = NewType("SampleId", str)
"""The identity of a sample: the SHA-256 of its file's content, in hexadecimal."""

Label = NewType("Label", str)
"""One of a data set's classes."""

Actor = NewType("Actor", str)
"""Who acts, in the audit: ``user:NAME``, ``run:RUN_ID``, ``sensor:NAME`` or ``supervisor``."""

FIRST_VERSION = VersionKey("v1.0")

_VERSION = re.compile(r"v(?P<major>[1-9]\d*)\.(?P<minor>0|[1-9]\d*)")


def version_order(version: VersionKey) -> tuple[int, int]:
    """The key by which versions sort: ``v1.10`` comes after ``v1.9``. Raises ValueError for another form."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"version {version!r} is not of the form v<major>.<minor>, such as v1.0")
    return int(match["major"]), int(match["minor"])


def is_version(key: str) -> bool:
    """Whether a key is a version of the main line, and not the name of a branch."""
    return _VERSION.fullmatch(key) is not None


def next_minor(version: VersionKey) -> VersionKey:
    """The version after this one on the main line: ``v1.3`` gives ``v1.4``."""
    major, minor = version_order(version)
    return VersionKey(f"v{major}.{minor + 1}")
