"""The providers of a home: those of ``storage.yaml``, or the two that every machine has."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from resources.data.mounts.model import Kind, Provider, checked_name
from resources.errors import BadInput
from resources.home import Home

FILE = "storage.yaml"
MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is one of our own
DISK_PRICE, MEMORY_PRICE = Decimal("0.05"), Decimal(3)
"""What a GiB of disk and of main memory roughly costs a month: their ratio is what chooses."""
_KEYS = {"name", "kind", "at", "price_per_gib_month", "size_mib", "endpoint", "profile"}
_NEEDED = {"name", "kind", "at", "price_per_gib_month"}


def scratch_folder(home: Home) -> Path:
    """Where working folders are made."""
    return home.path / "scratch"


def providers(home: Home) -> list[Provider]:
    """All providers, in the order of the file. Raises BadInput, which names what is wrong in the file."""
    file = home.path / FILE
    if not file.exists():
        own = Provider("disk", Kind.FOLDER, str(scratch_folder(home)), DISK_PRICE)
        memory = Provider("memory", Kind.TMPFS, str(MEMORY), MEMORY_PRICE)
        return [own, memory] if MEMORY.is_dir() else [own]
    import yaml

    try:
        document = yaml.safe_load(file.read_text())
    except yaml.YAMLError as problem:
        raise _bad(file, f"it is no YAML: {str(problem).splitlines()[0]}") from problem
    listed = document.get("providers") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not listed:
        raise _bad(file, "it has no list 'providers'")
    found = [_provider(file, number, entry) for number, entry in enumerate(listed, start=1)]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _bad(file, f"it names {', '.join(twice)} twice")
    return found


def _provider(file: Path, number: int, entry: Any) -> Provider:
    where = f"provider {number}"
    if not isinstance(entry, dict):
        raise _bad(file, f"{where} is {entry!r}; expected its name, kind, at and price_per_gib_month")
    if unknown := sorted(map(str, entry.keys() - _KEYS)):
        raise _bad(file, f"{where} has {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    if missing := sorted(_NEEDED - entry.keys()):
        raise _bad(file, f"{where} lacks {', '.join(missing)}")
    try:
        price = Decimal(str(entry["price_per_gib_month"]))
        kind = Kind(entry["kind"])
        name = checked_name(str(entry["name"]))
    except (ValueError, InvalidOperation, BadInput) as problem:
        raise _bad(file, f"{where}: {problem}") from problem
    size, at = entry.get("size_mib"), str(entry["at"])
    if not price.is_finite() or price < 0:
        raise _bad(file, f"{where} costs {price}; expected a number of at least 0")
    if size is not None and (not isinstance(size, int) or size < 1):
        raise _bad(file, f"size_mib of {where} is {size!r}; expected a whole number of at least 1")
    if not at.startswith("s3://" if kind is Kind.S3 else "/"):
        expected = "s3://bucket/prefix" if kind is Kind.S3 else "an absolute path"
        raise _bad(file, f"{where}, of kind {kind}, is at {at!r}; expected {expected}")
    return Provider(name, kind, at.rstrip("/"), price, size, entry.get("endpoint"), entry.get("profile"))


def _bad(file: Path, problem: str) -> BadInput:
    return BadInput(f"{file} cannot be used: {problem}", "Mend the file; docs/data.md has an example.")
