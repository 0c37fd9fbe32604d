"""What is wrong in a file, at its place, as people read it."""

from dataclasses import dataclass
from pathlib import Path

from resources.errors import BadInput

WIDEST = 100
"""Of a line of the file as it is shown."""


@dataclass(frozen=True)
class Span:
    """A place in a text; lines and columns are counted from 1."""

    line: int
    column: int
    width: int
    """Characters that it is about, on this line."""


@dataclass(frozen=True)
class Problem:
    """One value that cannot be."""

    field: str
    """Which parameter it is about, such as ``seeds.1``; empty for the file as a whole."""
    message: str
    """A sentence that names the value and what was expected."""
    span: Span


class BadPipeline(BadInput):
    """A file that declares no pipeline. Its problems are told with their lines and a caret below."""

    def __init__(self, path: Path | None, text: str, problems: tuple[Problem, ...], template: str) -> None:
        file = "as its file would be" if path is None else str(path)
        shown = "\n".join(_shown(file, text.splitlines(), one) for one in problems)
        schema = f"`trainplat pipeline schema {template}`" if template else "docs/pipelines.md"
        super().__init__(shown, f"Correct what the carets point at; {schema} tells what can be said.")
        self.path = path
        self.problems = problems
        self._arguments = (path, text, problems, template)

    def __reduce__(self) -> tuple[type["BadPipeline"], tuple[object, ...]]:
        """Caches keep what was read, problems too."""
        return BadPipeline, self._arguments


def _shown(file: str, lines: list[str], one: Problem) -> str:
    span = one.span
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    cut = line[:WIDEST]
    width = max(1, min(span.width, len(cut) - span.column + 1))
    gutter = f"{span.line:>5} | "
    caret = " " * (len(gutter) - 2) + "| " + " " * (span.column - 1) + "^" * width
    return f"{file}:{span.line}:{span.column}: {one.message}\n{gutter}{cut}\n{caret}"
