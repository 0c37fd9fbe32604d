"""Versions, files and bytes as a person says them."""

from resources.data.collecting.dependents import Kind as Keeper
from resources.data.merging.model import Choice, ConflictKind, How
from resources.data.trees.diff import Kind
from resources.data.versions.model import State
from resources.texts import Translate, mark
from streamlit_app.reader import Reader

_STATES = {State.SEALED: mark("usable"), State.RETIRED: mark("retired"), State.ERASED: mark("erased")}
_KINDS = {Kind.ADDED: mark("added"), Kind.CHANGED: mark("changed"), Kind.REMOVED: mark("removed")}
_KEEPERS = {
    Keeper.MODEL: mark("model"),
    Keeper.RUN: mark("run"),
    Keeper.PIN: mark("pin"),
    Keeper.LOCK: mark("lock"),
}
_CHOICES = {
    Choice.OURS: mark("Take ours"),
    Choice.THEIRS: mark("Take theirs"),
    Choice.BASE: mark("As it was"),
    Choice.BOTH: mark("Keep both"),
    Choice.DELETE: mark("Delete it"),
    Choice.GIVEN: mark("Something else"),
}
_CONFLICTS = {
    ConflictKind.BOTH_CHANGED: mark("both changed it"),
    ConflictKind.BOTH_ADDED: mark("both added it"),
    ConflictKind.CHANGED_DELETED: mark("ours changed it, theirs deleted it"),
    ConflictKind.DELETED_CHANGED: mark("ours deleted it, theirs changed it"),
    ConflictKind.FILE_AGAINST_FOLDER: mark("ours has a file here, theirs a folder"),
    ConflictKind.FOLDER_AGAINST_FILE: mark("ours has a folder here, theirs a file"),
}
_HOW = {
    How.OURS: mark("only ours changed it"),
    How.THEIRS: mark("only theirs changed it"),
    How.SAME: mark("both did the same"),
    How.RECORDS: mark("merged record by record"),
    How.POLICY_OURS: mark("ours, by rule"),
    How.POLICY_THEIRS: mark("theirs, by rule"),
    How.RESOLVED: mark("as answered"),
    How.OPEN: mark("in conflict"),
}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def amount(size_bytes: int) -> str:
    """Bytes in the unit that fits: ``1.4 MiB``."""
    unit, unit_bytes = unit_of(size_bytes)
    value = size_bytes / unit_bytes
    return f"{value:.0f} {unit}" if unit_bytes == 1 or abs(value) >= 100 else f"{value:.1f} {unit}"


def unit_of(size_bytes: int) -> tuple[str, int]:
    """The unit that fits, and how many bytes it is."""
    unit = 0
    while abs(size_bytes) >= 1024 ** (unit + 1) and unit < len(_UNITS) - 1:
        unit += 1
    return _UNITS[unit], 1024**unit


def count_of_files(count: int, reader: Reader) -> str:
    """A number of files, counted."""
    ngettext = reader.plural
    return ngettext("{count} file", "{count} files", count).format(count=f"{count:,}")


def state_in_words(state: State, _: Translate) -> str:
    """What a version is good for."""
    return _(_STATES[state])


def kind_in_words(kind: Kind, _: Translate) -> str:
    """What happened to a file."""
    return _(_KINDS[kind])


def keeper_in_words(kind: Keeper, _: Translate) -> str:
    """What keeps a version."""
    return _(_KEEPERS[kind])


def choice_in_words(choice: Choice, _: Translate) -> str:
    """What one does about a conflict."""
    return _(_CHOICES[choice])


def conflict_in_words(kind: ConflictKind, _: Translate) -> str:
    """Who did what."""
    return _(_CONFLICTS[kind])


def how_in_words(how: How, _: Translate) -> str:
    """How a file came to be what it is in a merge."""
    return _(_HOW[how])
