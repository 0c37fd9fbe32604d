"""A cluster as a file declares it: ``inventory.yaml`` in the home, or where ``TRAINPLAT_INVENTORY`` says.

The form of the file is in docs/gpu-inventory.md.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.errors import BadInput
from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Launcher, Node, NodeId, Vendor
from resources.home import Home

INVENTORY_VARIABLE = "TRAINPLAT_INVENTORY"
FILE_NAME = "inventory.yaml"
MOST_DEVICES = 1024
"""Of one node."""
MOST_NODES = 100_000
MOST_CORES = 1_000_000
MOST_DEVICES_IN_ALL = 200_000
MOST_VALUES = 200_000
"""In one file, each counted as often as it is used: a few lines that repeat each other make billions."""
LONGEST_NAME = 80
LONGEST_TEXT = 100
SHOWN = 60
"""So much of a wrong value is shown."""

NODE_KEYS = ("name", "cpus", "memory", "labels", "cpu_slots", "devices")
DEVICE_KEYS = ("model", "memory", "count", "islands", "vendor")
PREFIXES = {Vendor.NVIDIA: "cuda", Vendor.AMD: "rocm", Vendor.INTEL: "xpu", Vendor.HUAWEI: "npu"}
_MEMORY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(MiB|GiB|TiB)")
_CORES = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,8}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
"""As the tag that asks for labels has them."""
_MIB_IN = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_RANGE = re.compile(r"(.*)\[([0-9]{1,12})-([0-9]{1,12})\](.*)")


@dataclass(frozen=True)
class _At:
    """A value of the file, and where it stands."""

    file: Path
    path: str
    """Such as ``nodes[0].devices[1].count``."""
    value: Any
    """A scalar, or a list or mapping of more of these."""
    line: int
    text: str = ""
    """A scalar as it is written: ``1.10`` is no number where a text is expected."""

    def wrong(self, expected: str, said: str | None = None) -> BadInput:
        """``said`` is what is wrong, unless that is the value."""
        kinds = {list: "a list", dict: "a mapping", type(None): "empty"}
        shown = repr(self.value)
        shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
        said = said or f"is {kinds.get(type(self.value)) or shown}"
        return BadInput(
            f"{self.file}:{self.line}: {self.path or 'the file'} {said}; expected {expected}",
            "Correct the file; docs/gpu-inventory.md shows its form.",
        )


def declared_file() -> Path | None:
    """The file in force; None where none is declared. Raises :class:`BadInput` for one that is not there."""
    given = os.environ.get(INVENTORY_VARIABLE)
    if given is None:
        usual = Home.from_environment().path / FILE_NAME
        return usual if usual.is_file() else None
    path = Path(given).expanduser()
    if not given.strip() or not path.is_file():
        raise BadInput(
            f"{INVENTORY_VARIABLE} is {given!r}; expected the path of a file",
            f"Set it to a file of the form in docs/gpu-inventory.md, or unset {INVENTORY_VARIABLE}.",
        )
    return path


def declared() -> Inventory | None:
    """The cluster that is declared; None where none is. Its file is read anew when it has changed only.

    Raises as :func:`declared_file` and :func:`load` do.
    """
    file = declared_file()
    if file is None:
        return None
    try:
        seen = file.stat()
    except OSError:  # it went away just now, which is said by reading it
        return load(file)
    stamp = file, seen.st_mtime_ns, seen.st_size, seen.st_ino
    known = _last.get("declared")
    if known is None or known[0] != stamp:
        try:
            known = stamp, load(file)
        except BadInput as problem:
            known = stamp, problem
        _last["declared"] = known
    if isinstance(known[1], BadInput):
        raise BadInput(known[1].problem, known[1].next_step)
    return known[1]


_Stamp = tuple[Path, int, int, int]
_last: dict[str, tuple[_Stamp, Inventory | BadInput]] = {}


def load(file: Path) -> Inventory:
    """The cluster that ``file`` declares. Raises :class:`BadInput` with line, key, value and expectation."""
    root = _parse(file)
    nodes_at = _mapping(root, ("nodes",)).get("nodes")
    if nodes_at is None or not isinstance(nodes_at.value, list) or not nodes_at.value:
        raise (nodes_at or root).wrong("a mapping with the key nodes, a list of at least one node")
    nodes: list[Node] = []
    taken: dict[NodeId, int] = {}
    devices = 0
    for at in nodes_at.value:
        for node in _nodes(at):
            devices += len(node.devices)
            if devices > MOST_DEVICES_IN_ALL:
                raise at.wrong(f"at most {MOST_DEVICES_IN_ALL} devices in all", "has too many")
            if node.id in taken:
                raise at.wrong(
                    "each name once", f"is named {node.id}, as the node of line {taken[node.id]} is"
                )
            taken[node.id] = at.line
            nodes.append(node)
    return Inventory(tuple(nodes))


def _parse(file: Path) -> _At:
    import yaml

    try:
        parsed = yaml.compose(file.read_text(), Loader=yaml.SafeLoader)
        return _At(file, "", None, 1) if parsed is None else _Locating(file).located(parsed, "")
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise BadInput(
            f"{file}:{line}: this is not YAML that can be used: {problem.problem}",
            "Correct the file; docs/gpu-inventory.md shows its form.",
        ) from problem
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as problem:
        told = " ".join(str(problem).split())
        raise BadInput(f"{file} cannot be read: {told}", "Correct the file or its rights.") from problem


class _Locating:
    """Gives the values of a file their places."""

    def __init__(self, file: Path) -> None:
        import yaml

        self._yaml = yaml
        self._constructor = yaml.SafeLoader("")
        self._file = file
        self._count = 0

    def located(self, node: Any, path: str) -> _At:
        """The value of a node, with all that is in it. Raises :class:`BadInput` for more than can be used."""
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > MOST_VALUES:
            raise _At(self._file, path, None, line).wrong(
                f"a file of at most {MOST_VALUES} values", "is too much"
            )
        if isinstance(node, self._yaml.SequenceNode):
            inner = [self.located(one, f"{path}[{place}]") for place, one in enumerate(node.value)]
            return _At(self._file, path, inner, line)
        if isinstance(node, self._yaml.MappingNode):
            return _At(self._file, path, self._entries(node, path), line)
        try:
            value = self._constructor.construct_object(node)
        except ValueError:  # it looks like a date, or like a number, and is none
            value = node.value
        return _At(self._file, path, value, line, node.value)

    def _entries(self, node: Any, path: str) -> dict[str, _At]:
        entries: dict[str, _At] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, self._yaml.ScalarNode):
                raise _At(self._file, path, None, line).wrong("words as keys", "has a key that is no word")
            key = str(key_node.value)
            place = f"{path}.{key}" if path else key
            if key in entries:
                raise _At(self._file, place, key, line).wrong("each key once", "stands twice")
            entries[key] = self.located(value_node, place)
        return entries


def _mapping(at: _At, keys: tuple[str, ...]) -> Mapping[str, _At]:
    if not isinstance(at.value, dict):
        raise at.wrong(f"a mapping with some of the keys {', '.join(keys)}")
    for key, one in at.value.items():
        if key not in keys:
            raise one.wrong(f"one of the keys {', '.join(keys)}", "is not known")
    found: Mapping[str, _At] = at.value
    return found


def _nodes(at: _At) -> Iterator[Node]:
    told = _mapping(at, NODE_KEYS)
    for key in ("name", "cpus", "memory"):
        if key not in told:
            raise at.wrong(f"a node with a {key}")
    cpu_milli = _cpu_milli(told["cpus"])
    memory_mib = _memory_mib(told["memory"])
    labels = _labels(told["labels"]) if "labels" in told else ()
    for name in _names(told["name"]):
        yield Node(name, cpu_milli, memory_mib, tuple(_devices(told, name)), labels, Launcher.NOBODY)


def _names(at: _At) -> list[NodeId]:
    """One name, or those of a range: ``gpu-[01-16]``."""
    ranged = _RANGE.fullmatch(at.value) if isinstance(at.value, str) else None
    names = [at.value]
    if ranged is not None:
        before, first, last, after = ranged.groups()
        if not int(first) <= int(last) < int(first) + MOST_NODES:
            raise at.wrong(f"a range that begins with its lower end, of at most {MOST_NODES}")
        names = [f"{before}{count:0{len(first)}d}{after}" for count in range(int(first), int(last) + 1)]
    for name in names:
        is_name = isinstance(name, str) and _NAME.fullmatch(name) is not None and len(name) <= LONGEST_NAME
        if not is_name or name == LOCAL:
            raise at.wrong(
                "a host name, in small letters, digits, points and hyphens, or a range such as gpu-[01-16]"
            )
    return [NodeId(name) for name in names]


def _devices(told: Mapping[str, _At], node: NodeId) -> Iterator[Device]:
    slots = _whole(told["cpu_slots"], 0, MOST_DEVICES) if "cpu_slots" in told else 0
    yield from (Device(DeviceId(f"{node}/cpu:{index}"), None, None, node=node) for index in range(slots))
    if "devices" not in told:
        return
    if not isinstance(told["devices"].value, list):
        raise told["devices"].wrong("a list of devices")
    next_index = dict.fromkeys(Vendor, 0)
    next_island = 0
    for kind_at in told["devices"].value:
        kind = _mapping(kind_at, DEVICE_KEYS)
        if "model" not in kind:
            raise kind_at.wrong("devices with a model")
        model = _text(kind["model"])
        vendor = _vendor(kind["vendor"]) if "vendor" in kind else Vendor.NVIDIA
        memory_mib = _memory_mib(kind["memory"]) if "memory" in kind else None
        count = _whole(kind["count"], 1, MOST_DEVICES) if "count" in kind else 1
        islands = _whole(kind["islands"], 0, count) if "islands" in kind else 0
        if islands and count % islands:
            raise kind["islands"].wrong(f"a number that divides the {count} devices into equal islands")
        if sum(next_index.values()) + slots + count > MOST_DEVICES:
            raise kind_at.wrong(f"at most {MOST_DEVICES} devices on one node", "is too much")
        for place in range(count):
            yield Device(
                DeviceId(f"{node}/{PREFIXES[vendor]}:{next_index[vendor]}"),
                model,
                memory_mib,
                node=node,
                vendor=vendor,
                island=next_island + place * islands // count if islands else None,
            )
            next_index[vendor] += 1
        next_island += islands


def _cpu_milli(at: _At) -> int:
    cpu_milli = round(float(at.text) * 1000) if _is_number(at, _CORES) else 0
    if not 0 < cpu_milli <= MOST_CORES * 1000:
        raise at.wrong(f"a number of cores above 0 and up to {MOST_CORES}, such as 96 or 31.5")
    return cpu_milli


def _memory_mib(at: _At) -> int:
    found = _MEMORY.fullmatch(at.value.strip()) if isinstance(at.value, str) else None
    size = 0 if found is None else int(float(found[1]) * _MIB_IN[found[2]])
    if size <= 0:
        raise at.wrong("a size above 0 in MiB, GiB or TiB, such as 512GiB")
    return size


def _whole(at: _At, least: int, most: int) -> int:
    if not _is_number(at, _WHOLE) or not least <= int(at.text) <= most:
        raise at.wrong(f"a whole number from {least} to {most}")
    return int(at.text)


def _is_number(at: _At, form: re.Pattern[str]) -> bool:
    """Whether it is written as people write numbers: to YAML ``1:30`` is 90, and ``010`` is 8."""
    is_number = isinstance(at.value, int | float) and not isinstance(at.value, bool)
    return is_number and form.fullmatch(at.text) is not None


def _text(at: _At) -> str:
    text = at.value.strip() if isinstance(at.value, str) else ""
    if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
        raise at.wrong(f"a text of 1 to {LONGEST_TEXT} characters, in quotes where it is a number")
    return text


def _vendor(at: _At) -> Vendor:
    if not isinstance(at.value, str) or at.value not in set(Vendor):
        raise at.wrong(f"one of: {', '.join(Vendor)}")
    return Vendor(at.value)


def _labels(at: _At) -> tuple[tuple[str, str], ...]:
    if not isinstance(at.value, dict):
        raise at.wrong("a mapping of names to texts")
    what = "up to 100 letters, digits, '.', '_', '/' and '-', a letter or a digit first"
    for name, one in at.value.items():
        if _LABEL.fullmatch(name) is None:
            raise one.wrong(f"a name of {what}", "has a name that no run could ask for")
        if isinstance(one.value, list | dict) or _LABEL.fullmatch(one.text) is None:
            raise one.wrong(f"a text of {what}")
    return tuple(sorted((name, one.text) for name, one in at.value.items()))
