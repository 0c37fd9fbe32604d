"""All files under a prefix of a bucket: S3 and what speaks like it, or any other place that fsspec knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resources.data.making.sources.model import (
    MAX_FILE_BYTES,
    PICTURES,
    Entry,
    EntryProblem,
    Files,
    LabelsFrom,
    Reader,
    checked_name,
    folder_label,
    refused_name,
    too_large,
    without_secrets,
)
from resources.data.making.sources.places import s3_file_system, stamp_of, told
from resources.data.model import Quarantined
from resources.errors import BadInput

AT_ONCE = 8


@dataclass(frozen=True)
class PrefixSource:
    """``s3://bucket/prefix``; the credentials are those of the environment, never part of the address."""

    name: str
    url: str
    labels: LabelsFrom = LabelsFrom.NOTHING

    def __post_init__(self) -> None:
        """Refuse an address that is none, or that holds a password."""
        checked_name(self.name)
        if "://" not in self.url:
            raise BadInput(
                f"the address of source {self.name} is {self.url!r}; expected one such as s3://bucket/prefix",
                "Name the place with its kind; files on this disk belong into the source folder.",
            )
        if without_secrets(self.url) != self.url:
            raise BadInput(
                f"the address of source {self.name}, {without_secrets(self.url)}, holds a password or query",
                "Leave it out of the address, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead.",
            )

    @contextmanager
    def opened(
        self,
        folder: Path,  # noqa: ARG002 - an address has no folder
        wanted: Files = PICTURES,
    ) -> Iterator[Reader]:
        """Open the place."""
        scheme = self.url.partition("://")[0]
        yield _PrefixReader(self, _file_system(scheme), wanted)


@dataclass
class _PrefixReader:
    source: PrefixSource
    file_system: Any
    wanted: Files
    parallel: int = AT_ONCE
    sizes: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)

    def entries(self) -> Iterator[Entry | Quarantined]:
        root, url = self._root, self.source.url
        try:
            listed = told(self.source.name, url, lambda: self.file_system.find(root, detail=True))
        except EntryProblem:
            listed = {}
        for key in sorted(listed):
            name = key.removeprefix(root).lstrip("/")
            if not name or name.endswith("/") or any(part.startswith(".") for part in name.split("/")):
                continue
            self.sizes[name] = int(listed[key].get("size") or 0)
            labels = folder_label(name, self.source.labels)
            self.stamps[name] = stamp_of(listed[key])
            yield refused_name(name, self.wanted) or Entry(name, labels)

    def stamp(self, entry: Entry) -> str:
        return self.stamps[entry.name]

    def read(self, entry: Entry) -> bytes:
        if (size_bytes := self.sizes[entry.name]) > MAX_FILE_BYTES:
            raise too_large(size_bytes)
        content: bytes = told(
            self.source.name,
            f"{self.source.url}/{entry.name}",
            lambda: self.file_system.cat_file(f"{self._root}/{entry.name}"),
        )
        return content

    @property
    def _root(self) -> str:
        return self.source.url.partition("://")[2].rstrip("/")


def _file_system(scheme: str) -> Any:
    if scheme == "s3":
        return s3_file_system()
    import fsspec  # type: ignore[import-untyped]

    try:
        return fsspec.filesystem(scheme)
    except (ValueError, ImportError) as problem:
        raise BadInput(
            f"places of the kind {scheme!r} cannot be read: {problem}",
            "Use s3, or install the package of fsspec that knows this kind.",
        ) from problem
