"""Which labels of a column are the classes of its data set."""

from collections.abc import Collection

from resources.data.schemas.model import MOST_CLASSES

LABEL_COLUMNS = frozenset({"label", "labels", "class", "classes", "class_name", "category", "category_name"})
"""Columns whose values are classes."""
ALWAYS_CLASSES = 20
"""Up to so many different labels are classes. More are, if each stands there twice on the average."""
LONGEST_CLASS = 200


def names_classes(column: str) -> bool:
    """Whether the values of a column of this name are classes."""
    return column.lower() in LABEL_COLUMNS


def class_folders(folders: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Which folders of a schema name classes: one alone tells nothing from anything."""
    return folders if folders is None or len(folders) > 1 else ()


def classes_of(labels: Collection[str], count: int) -> tuple[str, ...] | None:
    """The classes of ``count`` labels, given each once; None where they look like texts of their own."""
    if len(labels) > MOST_CLASSES or any(len(label) > LONGEST_CLASS for label in labels):
        return None
    return tuple(sorted(labels)) if len(labels) <= ALWAYS_CLASSES or 2 * len(labels) <= count else None
