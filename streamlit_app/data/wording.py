"""Versions, files and bytes as a person says them."""

from resources.data.collecting.dependents import Kind as Keeper
from resources.data.merging.model import Choice
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
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def amount(size_bytes: int) -> str:
    """Bytes in the unit that fits: ``1.4 MiB``."""
    value, unit = float(size_bytes), 0
    while abs(value) >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or abs(value) >= 100 else f"{value:.1f} {_UNITS[unit]}"


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
