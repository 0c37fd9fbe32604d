"""Where pipelines lie: a folder each, with a file ``defs.yaml``."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from resources.errors import BadInput, Conflict, NotFound
from resources.files import write_atomically
from resources.pipelines.model import Pipeline
from resources.pipelines.reading import read_pipeline
from resources.pipelines.specs.common import LONGEST_NAME, NAME_PATTERN
from resources.pipelines.texts import text_of

PIPELINES_VARIABLE = "TRAINPLAT_PIPELINES"
FILE = "defs.yaml"
_OTHER_NAMES = ("defs.json", "defs.yml", "def.yaml", "pipeline.yaml")
OURS = Path(__file__).parents[2] / "trainplat_assets" / "pipelines"


@dataclass(frozen=True)
class Broken:
    """A file that declares no pipeline now."""

    name: str
    path: Path
    problem: BadInput


@dataclass(frozen=True)
class Folder:
    """All pipelines of a code location. Making the object reads nothing."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Folder":
        """The one that ``TRAINPLAT_PIPELINES`` names, else ``trainplat_assets/pipelines`` in the checkout."""
        given = os.environ.get(PIPELINES_VARIABLE)
        return cls(OURS if not given else Path(given).expanduser().absolute())

    def file(self, name: str) -> Path:
        """Where the file of a pipeline lies. Raises BadInput for what is no name."""
        if re.fullmatch(NAME_PATTERN, name) is None or len(name) > LONGEST_NAME:
            raise BadInput(
                f"pipeline name {name!r} is not of the form [a-z][a-z0-9_]* with at most {LONGEST_NAME} "
                "characters",
                "Choose a name such as stories.",
            )
        return self.path / name / FILE

    def names(self) -> tuple[str, ...]:
        """Those that have a file, by name."""
        if not self.path.is_dir():
            return ()
        return tuple(sorted(one.name for one in self.path.iterdir() if (one / FILE).is_file()))

    def unread(self) -> tuple[str, ...]:
        """What a person may take for a pipeline and is none, a sentence each."""
        if not self.path.is_dir():
            return (
                (f"there is no folder {self.path}, which {PIPELINES_VARIABLE} names",)
                if self.is_named
                else ()
            )
        return tuple(
            f"{one.relative_to(self.path)} is not read: the file of a pipeline is named {FILE}, JSON or not"
            for name in sorted(self.path.iterdir())
            if not (name / FILE).is_file()
            for one in (name / other for other in _OTHER_NAMES)
            if one.is_file()
        )

    @property
    def is_named(self) -> bool:
        """Whether a person says where it lies."""
        return self.path != OURS

    def all(self) -> Iterator[Pipeline | Broken]:
        """Every pipeline, by name; a broken file does not hide the others."""
        for name in self.names():
            try:
                yield self.read(name)
            except BadInput as problem:
                yield Broken(name, self.path / name / FILE, problem)

    def read(self, name: str) -> Pipeline:
        """One pipeline. Raises NotFound; :class:`BadPipeline` for a file that declares none."""
        path = self.file(name)
        try:
            return read_pipeline(name, text_of(path), path)
        except NotFound as problem:
            raise self._unknown(name) from problem

    def remove(self, name: str) -> tuple[str, ...]:
        """Take the file of a pipeline away; names of what else lies beside it, and stays. Raises NotFound."""
        path = self.file(name)
        try:
            path.unlink()
        except FileNotFoundError as problem:
            raise self._unknown(name) from problem
        left = tuple(sorted(one.name for one in path.parent.iterdir() if one.name != "__pycache__"))
        if not left:
            shutil.rmtree(path.parent)
        return left

    def _unknown(self, name: str) -> NotFound:
        known = ", ".join(self.names()) or "none yet"
        return NotFound(
            f"there is no pipeline {name!r}", f"There are: {known}. `trainplat pipeline new` makes one."
        )

    def write(self, name: str, text: str, *, force: bool = False, source: Path | None = None) -> Pipeline:
        """Keep a pipeline, checked before anything is written. Raises Conflict where there is one already.

        What is wrong is shown in ``source``, the file that a person wrote; without one in the text alone.
        """
        path = self.file(name)
        made = replace(read_pipeline(name, text, source), path=path)
        if path.exists() and not force:
            raise Conflict(
                f"there is a pipeline {name!r} already: {path}", "Choose another name, or give --force."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
        return made
