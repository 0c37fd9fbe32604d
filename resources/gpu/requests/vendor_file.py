"""Reads the vendor table from YAML: the one that is shipped, and what the home adds to it or overrides."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from resources.errors import BadInput
from resources.gpu.requests.quantity import SHARE
from resources.gpu.requests.vendors import (
    PARTITION,
    WHOLE_RESOURCE,
    Family,
    Model,
    Order,
    Profile,
    Share,
    Template,
    VendorTable,
)
from resources.home import Home

SHIPPED = Path(__file__).with_name("vendors.yaml")

_KEY = r"[a-z][a-z0-9-]*"
_MODEL = r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*"
_PARTITION = r"[a-z0-9]+\.[a-z0-9]+([+-][a-z0-9.]+)?"
_RESOURCE = r"[a-z0-9][a-z0-9.-]*/[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_FIELDS = {
    "family": (
        "vendor", "aliases", "resource", "share", "model_prefix", "models", "only_these_models", "partitions",
    ),
    "model": ("resource", "share", "templates"),
    "share": ("device", "core", "core_units", "memory", "memory_unit_mib", "resource", "isolated"),
}  # fmt: skip


@cache
def shipped_vendors() -> VendorTable:
    """The table that comes with trainplat."""
    return _table(_Place(SHIPPED, "", _parsed(SHIPPED, SHIPPED.read_bytes())))


def load_vendors(path: Path) -> VendorTable:
    """The shipped table with what ``path`` adds or overrides: mappings are merged, lists are appended to,
    anything else is replaced.

    Raises BadInput, which names the file, the key, the value and what was expected; OSError for a file that
    cannot be read.
    """
    own = _parsed(path, path.read_bytes())
    shipped = _parsed(SHIPPED, SHIPPED.read_bytes())
    if own is not None and not isinstance(own, dict):
        raise _Place(path, "", own).refuse("a mapping with families or profiles")
    return _table(_Place(path, "", _merged(shipped, own or {})))


def home_vendors() -> VendorTable:
    """The table of the home of the environment: the shipped one, with its ``vendors.yaml`` where it has one.

    Raises as :func:`load_vendors` does. The file is read again when it has changed.
    """
    path = Home.from_environment().vendors_file
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return shipped_vendors()
    return _loaded(path, status.st_mtime_ns, status.st_size, status.st_ino)


@cache
def _loaded(path: Path, _changed_ns: int, _size: int, _inode: int) -> VendorTable:
    return load_vendors(path)


def _parsed(path: Path, content: bytes) -> Any:
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"{path} is not YAML: {' '.join(str(problem).split())}",
            "Mend that line, or remove the file to use the table that is shipped.",
        ) from problem


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        added = {str(key): value for key, value in new.items()}
        kept = {str(key): value for key, value in old.items()}
        return kept | {key: _merged(kept[key], one) if key in kept else one for key, one in added.items()}
    if isinstance(old, list) and isinstance(new, list):
        return old + [one for one in new if one not in old]
    return new


def _table(root: "_Place") -> VendorTable:
    fields = root.mapping("families", "profiles", "default_family", "default_profile")
    families = {key: _family(key, one) for key, one in fields["families"].entries(_KEY).items()}
    profiles = {key: _profile(one, families) for key, one in fields["profiles"].entries(_KEY).items()}
    _refuse_twice(fields["families"], families)
    return VendorTable(
        families,
        profiles,
        fields["default_family"].one_of(families),
        fields["default_profile"].one_of(profiles),
    )


def _family(key: str, place: "_Place") -> Family:
    fields = place.mapping(*_FIELDS["family"])
    partitions = fields["partitions"].texts(_PARTITION, "a profile such as 1g.10gb")
    resource = fields["resource"].resource(PARTITION if partitions else None)
    if partitions and PARTITION not in resource:
        raise fields["resource"].refuse(f"a resource name with {PARTITION} in it, for each of the partitions")
    return Family(
        key=key,
        vendor=fields["vendor"].text(_KEY, "a vendor such as nvidia"),
        aliases=fields["aliases"].texts(_KEY, "a name in small letters"),
        resource=resource,
        share=_share(fields["share"]),
        model_prefix=fields["model_prefix"].text(r"[A-Za-z]+", "letters") if fields["model_prefix"] else "",
        models={name.upper(): _model(name, one) for name, one in fields["models"].entries(_MODEL).items()},
        only_these_models=fields["only_these_models"].flag(),
        partitions=partitions,
    )


def _model(name: str, place: "_Place") -> Model:
    fields = place.mapping(*_FIELDS["model"])
    templates = fields["templates"].entries(SHARE.pattern)
    return Model(
        name=name.upper(),
        resource=fields["resource"].resource() if fields["resource"] else None,
        share=_share(fields["share"]),
        templates=tuple(sorted((_template(one, size) for one, size in templates.items()), key=_milli)),
    )


def _template(share: str, place: "_Place") -> Template:
    fields = place.mapping("name", "memory_mib")
    milli = int(share.partition(".")[2].ljust(3, "0"))
    if not milli:
        raise place.refuse("a share above 0")
    name = fields["name"].text(r"[A-Za-z0-9_.-]+", "the template's name")
    return Template(milli, name, fields["memory_mib"].count())


def _milli(template: Template) -> int:
    return template.milli


def _share(place: "_Place") -> Share | None:
    if not place:
        return None
    fields = place.mapping(*_FIELDS["share"])
    if not fields["core"] and not fields["memory"]:
        raise place.refuse("core, memory or both: a share has to be asked for by something")

    def resource(field: str) -> str | None:
        return fields[field].resource(WHOLE_RESOURCE) if fields[field] else None

    return Share(
        core=resource("core"),
        core_units=fields["core_units"].count(100),
        memory=resource("memory"),
        memory_unit_mib=fields["memory_unit_mib"].count(1),
        device=resource("device"),
        resource=resource("resource"),
        isolated=fields["isolated"].flag(),
    )


def _profile(place: "_Place", families: Mapping[str, Family]) -> Profile:
    fields = place.mapping("order", "shares")
    order = fields["order"].one_of([one.value for one in Order]) if fields["order"] else Order.MEMORY_SHARE
    shares = {}
    for key, one in fields["shares"].entries(_KEY).items():
        if key not in families:
            raise one.refuse(f"the key of a family: {', '.join(families)}", key)
        share = _share(one)
        if share is None:
            raise one.refuse("how parts of such a device are asked for")
        shares[key] = share
    return Profile(place.name, Order(order), shares)


def _refuse_twice(place: "_Place", families: Mapping[str, Family]) -> None:
    """Two families may share neither a name nor a resource: a request could mean either."""
    names: dict[str, str] = {}
    for key, family in families.items():
        partitions = {name for profile in family.partitions for name in family.names_of(profile)}
        for name in (key, *family.aliases, *sorted(partitions | family.resources())):
            if names.setdefault(name, key) != key:
                raise place.at(key).refuse(f"another name, this one is that of {names[name]}", name)


class _Place:
    """A value in a file, and where it stands; false where there is none."""

    def __init__(self, file: Path, path: str, value: Any) -> None:
        self._file = file
        self._path = path
        self._value = value

    def __bool__(self) -> bool:
        return self._value is not None

    @property
    def name(self) -> str:
        """The last key of its path."""
        return self._path.rpartition(".")[2]

    def refuse(self, expected: str, value: Any = None) -> BadInput:
        """The error about this value, or about ``value`` in it."""
        found = self._value if value is None else value
        shown = "nothing" if found is None else repr(found)
        return BadInput(
            f"{self._file}: {self._path or 'the file'} is {shown[:200]}; expected {expected}",
            "Mend it; docs/gpu-requests.md lists what each field takes.",
        )

    def at(self, key: str) -> "_Place":
        """What stands under ``key``."""
        value = self._value.get(key) if isinstance(self._value, dict) else None
        return _Place(self._file, f"{self._path}.{key}".lstrip("."), value)

    def mapping(self, *fields: str) -> dict[str, "_Place"]:
        """The values of these fields, and no others."""
        if not isinstance(self._value, dict):
            raise self.refuse(f"a mapping with some of: {', '.join(fields)}")
        for key in self._value:
            if key not in fields:
                raise self.refuse(f"a key out of: {', '.join(fields)}", key)
        return {field: self.at(field) for field in fields}

    def entries(self, pattern: str) -> dict[str, "_Place"]:
        """Whatever stands in a mapping with keys of this form."""
        if self._value is None:
            return {}
        if not isinstance(self._value, dict):
            raise self.refuse("a mapping")
        for key in self._value:
            if not re.fullmatch(pattern, str(key)):
                raise self.refuse(f"a key of the form {pattern}", key)
        return {
            str(key): _Place(self._file, f"{self._path}.{key}", value) for key, value in self._value.items()
        }

    def text(self, pattern: str, expected: str) -> str:
        """A text of this form."""
        if not isinstance(self._value, str) or not re.fullmatch(pattern, self._value):
            raise self.refuse(expected)
        return self._value

    def resource(self, hole: str | None = None) -> str:
        """The name of a Kubernetes resource, perhaps with one hole in it, such as ``{resource}-memory``."""
        filled = self._value
        if hole is not None and isinstance(filled, str):
            filled = filled.replace(hole, "x.y/z" if hole == WHOLE_RESOURCE else "x")
        if not isinstance(filled, str) or not re.fullmatch(_RESOURCE, filled):
            raise self.refuse("the name of a Kubernetes resource, such as nvidia.com/gpu")
        return str(self._value)

    def texts(self, pattern: str, expected: str) -> tuple[str, ...]:
        """A list of texts of this form."""
        if self._value is None:
            return ()
        if not isinstance(self._value, list):
            raise self.refuse(f"a list, each of it {expected}")
        for one in self._value:
            if not isinstance(one, str) or not re.fullmatch(pattern, one):
                raise self.refuse(expected, one)
        return tuple(self._value)

    def flag(self) -> bool:
        """True or false; false where nothing stands."""
        if self._value is not None and not isinstance(self._value, bool):
            raise self.refuse("true or false")
        return bool(self._value)

    def count(self, default: int | None = None) -> int:
        """A whole number above 0."""
        value = default if self._value is None else self._value
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.refuse("a whole number from 1")
        return value

    def one_of(self, choices: Any) -> str:
        """One of ``choices``."""
        if not isinstance(self._value, str) or self._value not in choices:
            raise self.refuse(f"one of: {', '.join(choices)}")
        return str(self._value)
