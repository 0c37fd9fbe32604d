"""Where samples lie already: addresses on the web and in buckets, while the same content lies there."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from resources.data.making.sources.model import EntryProblem, Source, without_secrets
from resources.data.making.sources.places import SCHEMES, Places
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.tables import ManifestSource
from resources.data.making.sources.taking import Journal, Known
from resources.data.manifest import SampleRow
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.errors import TrainplatError
from resources.terms import SampleId

AT_ONCE = 8
SHOWN_BY_BROWSERS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_PLAIN = re.compile(r"[^\s\"'<>%?#]+")
"""Addresses that Label Studio finds whole in a task."""

AddressOf = Callable[[str], str | None]


@dataclass(frozen=True)
class Originals:
    """What is known about where samples lie."""

    addresses: Mapping[SampleId, str] = field(default_factory=dict)
    """``s3://…`` or ``https://…``, of those whose content lies there now."""
    refused: Mapping[SampleId, str] = field(default_factory=dict)
    """Of those that have an address which cannot be shown: a sentence that says which, and why."""


NO_ORIGINALS = Originals()


def find_originals(
    repository: DatasetRepository, spec: DatasetSpec, samples: Iterable[SampleRow]
) -> Originals:
    """Look up ``samples`` at their places, each at once by its ETag or time, else by reading it.

    Samples of the source folder, of the inbox and of archives have no address, and are in neither part.
    """
    named = {one.name: one for one in (*spec.sources, *spec.watched)}
    of_source: dict[str, list[SampleRow]] = {}
    for row in samples:
        name = row.source.partition("/")[0]
        if name in named:
            of_source.setdefault(name, []).append(row)
    addresses: dict[SampleId, str] = {}
    refused: dict[SampleId, str] = {}
    for name, rows in of_source.items():
        for row, address, why_not in _looked_up(repository, named[name], rows):
            if why_not is None:
                addresses[row.id] = address
            else:
                refused[row.id] = f"{without_secrets(address)} is not shown: {why_not}."
    return Originals(addresses, refused)


def _looked_up(
    repository: DatasetRepository, source: Source, rows: list[SampleRow]
) -> list[tuple[SampleRow, str, str | None]]:
    try:
        address_of = _addresses(source, repository.imports)
    except (TrainplatError, OSError) as problem:
        told = problem.one_line if isinstance(problem, TrainplatError) else str(problem)
        return [(row, row.source, told) for row in rows]
    entries = [(row, row.source.partition("/")[2]) for row in rows]
    found = [(row, entry, address) for row, entry in entries if (address := address_of(entry)) is not None]
    known = _known(repository, source.name) if found else {}
    places = Places(repository.imports, source.name)

    def look(one: tuple[SampleRow, str, str]) -> tuple[SampleRow, str, str | None]:
        row, entry, address = one
        return row, address, _why_not(row, address, known.get(entry), places)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, found))


def _addresses(source: Source, folder: Path) -> AddressOf:
    """Where each of its entries lies. Raises what opening the source does."""
    if isinstance(source, PrefixSource) and source.url.partition("://")[0] in SCHEMES:
        return lambda entry: f"{source.url.rstrip('/')}/{entry}"
    if isinstance(source, ManifestSource):
        listed = source.references(folder)
        return lambda entry: at if "://" in (at := listed.get(entry, "")) else None
    return lambda _: None


def _known(repository: DatasetRepository, source: str) -> dict[str, Known]:
    """What was read there, when it was collected or came by itself."""
    journals = (repository.root / f".{whose}-{source}.jsonl" for whose in ("source", "arrivals"))
    return {name: known for journal in journals for name, known in Journal(journal).read().items()}


def _why_not(row: SampleRow, address: str, known: Known | None, places: Places) -> str | None:
    """Why people cannot be shown what lies there, in a clause."""
    if without_secrets(address) != address:
        return "its address holds a password or a query, which all who label would see"
    if _PLAIN.fullmatch(address) is None:
        return "its address holds characters that Label Studio does not take"
    if PurePosixPath(address).suffix.lower() not in SHOWN_BY_BROWSERS:
        return f"browsers show {', '.join(sorted(SHOWN_BY_BROWSERS))} only"
    try:
        stamp = places.stamp(address)
        if known is not None and stamp and (known.stamp, known.id) == (stamp, row.id):
            return None
        content = places.read(address)
    except (EntryProblem, TrainplatError) as problem:
        return problem.one_line if isinstance(problem, TrainplatError) else str(problem)
    if hashlib.sha256(content).hexdigest() != row.id:
        return "what lies there is not what came from there any more"
    return None
