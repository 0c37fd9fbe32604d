"""The values of a merge: policy before it, conflicts in it, answers to them, and what came out."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from resources.data.merging.globs import matches
from resources.errors import BadInput
from resources.texts import Filled

T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")
K = TypeVar("K")
V = TypeVar("V")


class Side(StrEnum):
    """One of the three versions of a merge."""

    BASE = "base"
    """The version from which the other two were made."""
    OURS = "ours"
    """The version that is merged into."""
    THEIRS = "theirs"
    """The version that is merged."""


@dataclass(frozen=True, slots=True)
class Versions(Generic[T_co]):
    """The same thing in the three versions."""

    base: T_co
    ours: T_co
    theirs: T_co

    def __iter__(self) -> Iterator[T_co]:
        return iter((self.base, self.ours, self.theirs))

    def map(self, made: Callable[[T_co], S]) -> "Versions[S]":
        """What is made of each of them."""
        return Versions(made(self.base), made(self.ours), made(self.theirs))


def at(mappings: Versions[Mapping[K, V]], key: K) -> Versions[V | None]:
    """What stands at a key in each of three mappings; None: nothing."""
    return mappings.map(lambda mapping: mapping.get(key))


class Mode(StrEnum):
    """What happens to a path that both sides changed, and not the same way."""

    AUTO = "auto"
    """Annotation files are merged by record; what remains is a conflict."""
    MANUAL = "manual"
    """A person decides in any case."""
    OURS = "ours"
    """The file is taken as ours has it, or is gone as there."""
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """What holds for the paths that a pattern means, see :mod:`resources.data.merging.globs`.

    Raises :class:`BadInput` for a pattern that cannot be used.
    """

    glob: str
    mode: Mode

    def __post_init__(self) -> None:
        matches(self.glob, "")  # raises for one that cannot be used


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules by path; the first that means a path counts, and none is :attr:`Mode.AUTO`."""

    rules: tuple[PolicyRule, ...] = ()

    def rule_for(self, path: str) -> PolicyRule | None:
        """The rule that counts."""
        return next((rule for rule in self.rules if matches(rule.glob, path)), None)


AUTOMATIC = Policy()


class ConflictKind(StrEnum):
    """Who did what. The first word is about ours, the last about theirs."""

    BOTH_CHANGED = "both_changed"
    CHANGED_DELETED = "changed_deleted"
    DELETED_CHANGED = "deleted_changed"
    BOTH_ADDED = "both_added"
    FILE_AGAINST_FOLDER = "file_against_folder"
    """Ours has a file where theirs has a folder with files in it."""
    FOLDER_AGAINST_FILE = "folder_against_file"


def kind_of(base: object | None, ours: object | None, theirs: object | None) -> ConflictKind:
    """The kind by who has the thing at all; None: not there."""
    if ours is None:
        return ConflictKind.DELETED_CHANGED
    if theirs is None:
        return ConflictKind.CHANGED_DELETED
    return ConflictKind.BOTH_ADDED if base is None else ConflictKind.BOTH_CHANGED


class Choice(StrEnum):
    """How a conflict can be resolved."""

    OURS = "ours"
    """As ours has it; where ours deleted it, it is gone."""
    THEIRS = "theirs"
    BASE = "base"
    """As it was; what was not there before is gone."""
    BOTH = "both"
    """What both added is kept, side by side. For annotations of COCO, and for a file that policy gives to a
    person: there it is merged by record after all."""
    GIVEN = "given"
    """Something else: :attr:`Resolution.value`."""
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One question to a person. All values can be stored and shown as they are."""

    id: str
    """The same question has the same id, and a question about other contents has another one."""
    path: str
    """As in the tree, so undecodable bytes of a name are lone surrogates (``os.fsdecode``)."""
    record: str | None
    """The id of the record, as :func:`resources.data.merging.records.keys.shown_key` writes it; None: not
    about one record."""
    field: str | None
    """A field of the record (``data.label``: one within one), a column, or a key at the top of a COCO
    file."""
    kind: ConflictKind
    base: str | None
    """What it was: the MD5 of a file, the paths of a folder, the JSON text of a field or a record, the text
    of a cell. Cut after :data:`SHOWN_CHARACTERS`. None: not there."""
    ours: str | None
    theirs: str | None
    choices: tuple[Choice, ...]
    """What can be answered."""
    reason: str
    """Why it was not merged by record, or which rule asks for a person; empty where there is nothing to tell.
    A :class:`~resources.texts.Filled` when it comes from a merge."""
    sentence: str
    """The whole question in English; a :class:`~resources.texts.Filled` when it comes from a merge."""


SHOWN_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Resolution:
    """One answer: to one conflict by its id, or to every conflict at or below the paths of a pattern.

    An answer by id counts before one by pattern; of several by pattern the first counts, of several by id the
    last. Raises :class:`BadInput` for one that names no conflict, or more than it can answer.
    """

    choice: Choice
    conflict: str | None = None
    """The id of a conflict."""
    glob: str | None = None
    """A pattern of paths, see :mod:`resources.data.merging.globs`."""
    value: str | None = None
    """With :attr:`Choice.GIVEN`: JSON text for a field or record of JSON, the text of a cell for a CSV file,
    a whole row as a JSON object of texts, and for a file the MD5 of an object that is in the store."""

    def __post_init__(self) -> None:
        if (self.conflict is None) == (self.glob is None):
            raise BadInput(
                f"an answer names one conflict or one pattern, not {self.conflict!r} and {self.glob!r}",
                "Give the id of a conflict, or a pattern such as labels/**.",
            )
        if self.glob is not None:
            matches(self.glob, "")
            if self.choice is Choice.GIVEN:
                raise BadInput(
                    f"a value was given for all of {self.glob!r}", "Give a value to one conflict, by its id."
                )
        if (self.choice is Choice.GIVEN) != (self.value is not None):
            raise BadInput(
                f"the answer {str(self.choice)!r} came with the value {self.value!r}",
                "Give a value with 'given', and none with the others.",
            )


@dataclass(frozen=True, slots=True)
class Resolved:
    """A conflict and what was answered to it."""

    conflict: Conflict
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Unused:
    """An answer that could not be used, and why."""

    resolution: Resolution
    why: Filled


class How(StrEnum):
    """How a path came to be what it is."""

    OURS = "ours"
    """Only ours changed it."""
    THEIRS = "theirs"
    SAME = "same"
    """Both changed it the same way."""
    RECORDS = "records"
    """Merged record by record."""
    POLICY_OURS = "policy_ours"
    """Both changed it, and by policy ours counts."""
    POLICY_THEIRS = "policy_theirs"
    RESOLVED = "resolved"
    """As a person answered."""
    OPEN = "open"
    """In conflict, wholly or in some records."""


@dataclass(frozen=True, slots=True)
class Step:
    """One path that is not as in the base on both sides."""

    path: str
    how: How


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a merge came to. With conflicts left it is a state to go on from, and no version."""

    merged: Mapping[str, str]
    """Path to MD5. What is in conflict stands in it as in the base."""
    contents: Mapping[str, bytes]
    """Contents that neither side has, by path: their MD5 is in :attr:`merged`."""
    conflicts: tuple[Conflict, ...]
    """Those left, by path."""
    resolved: tuple[Resolved, ...]
    unused: tuple[Unused, ...]
    """Answers that changed nothing: their conflict is no more, or they do not fit it."""
    steps: tuple[Step, ...]
    """By path."""
    counts: Mapping[How, int]
    """Paths by how they came about; those with none are left out."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to decide."""
        return not self.conflicts
