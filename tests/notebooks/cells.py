"""Notebooks for tests: nbformat's functions, with types.

Its check of formats takes two seconds to load, so that those alone load it who run these tests, and not each
worker that collects them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode


def notebook_of(*cells: "NotebookNode", kernel: str = "python3") -> "NotebookNode":
    """A notebook with these cells."""
    from nbformat import v4

    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    made: NotebookNode = v4.new_notebook(cells=list(cells), metadata={"kernelspec": spec})  # type: ignore[no-untyped-call]
    return made


def code(source: str, tag: str = "", outputs: Sequence[Mapping[str, Any]] = ()) -> "NotebookNode":
    """A cell of code; each of its outputs by media type."""
    from nbformat import v4

    cell: NotebookNode = v4.new_code_cell(source, metadata={"tags": [tag]} if tag else {})  # type: ignore[no-untyped-call]
    cell.outputs = [v4.new_output("display_data", dict(data)) for data in outputs]  # type: ignore[no-untyped-call]
    return cell


def markdown(source: str) -> "NotebookNode":
    """A cell of text."""
    from nbformat import v4

    cell: NotebookNode = v4.new_markdown_cell(source)  # type: ignore[no-untyped-call]
    return cell


def read(path: Path) -> "NotebookNode":
    """The notebook in a file."""
    import nbformat

    found: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return found


def written(notebook: "NotebookNode") -> str:
    """The text of a notebook's file."""
    import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text + "\n"


def execute(notebook: "NotebookNode") -> None:
    """Run it in a kernel of this Python."""
    from nbclient import NotebookClient

    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
