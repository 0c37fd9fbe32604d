"""Running a notebook as a step: dagstermill runs it, and what is kept of it is made to be read.

dagstermill is imported when a notebook runs, not when the code location loads: it brings Jupyter's client and
Arrow along, which would cost every process of Dagster 0.6 s and 40 MiB.
"""

import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster import BetaWarning, OpExecutionContext

from resources.errors import BadInput, TrainplatError

READING_TAG = "reading"
"""The tag of the cell whose Markdown output sums the notebook up."""
PARAMETERS_TAG = "parameters"
"""The tag of the cell that says what the notebook is about; Papermill's word."""
KERNEL = "python3"
"""The kernel of the environment that runs the step, whatever the notebook was saved with."""
_INJECTED = {"injected-parameters", "injected-teardown"}


class NotebookFailed(TrainplatError):
    """A cell of the notebook raised an error."""

    def __init__(self, problem: str, next_step: str, executed: bytes) -> None:
        """``executed`` is the notebook up to the error, with the error in it."""
        super().__init__(problem, next_step)
        self.executed = executed


@dataclass(frozen=True)
class Executed:
    """A notebook that ran to its end."""

    content: bytes
    """The notebook with its outputs, as it is kept."""
    reading: str
    """The Markdown output of the cell that is tagged ``reading``; empty where there is none."""


def execute(context: OpExecutionContext, source: Path, parameters: Mapping[str, str]) -> Executed:
    """Run ``source`` in a kernel of its own, with ``parameters`` in its parameters cell.

    Dagster's ``context`` is there too, with the resources that the step requires. Raises
    :class:`NotebookFailed` when a cell raises an error, and :class:`BadInput` when there is no such cell.
    """
    with (
        tempfile.TemporaryDirectory(prefix="trainplat-notebook-") as folder,
        _kernel_folders(Path(folder)),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", BetaWarning)  # all of dagstermill is called beta
        warnings.filterwarnings("ignore", "The 'warn' method is deprecated", DeprecationWarning)  # it uses it
        from dagstermill.compat import ExecutionError
        from dagstermill.factory import execute_notebook

        prepared = Path(folder) / source.name
        prepared.write_bytes(_prepared(source.read_bytes(), parameters))
        output = Path(folder) / "executed"
        output.mkdir()
        try:
            path = execute_notebook(
                context.get_step_execution_context(),
                name=source.stem,
                save_notebook_on_failure=False,
                notebook_path=str(prepared),
                output_notebook_dir=str(output),
                inputs={},
            )
        except ExecutionError as problem:
            kept = next(output.glob("*-out.ipynb"), prepared)
            raise NotebookFailed(
                f"{source.name} failed with {problem.ename}: {problem.evalue}",
                "Look at the executed notebook, mend what it names, and materialize this again.",
                tidy(kept.read_bytes()),
            ) from problem
        content = tidy(Path(path).read_bytes())
    return Executed(content, reading_of(content))


def tidy(executed: bytes) -> bytes:
    """The notebook as it is kept: without what dagstermill put in, so that it runs again by itself."""
    notebook = _read(executed)
    notebook.cells = [cell for cell in notebook.cells if not _INJECTED & set(cell.metadata.get("tags", []))]
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)  # times, and paths of this machine
    notebook.metadata.pop("papermill", None)
    return _written(notebook)


def reading_of(executed: bytes) -> str:
    """What the cell that is tagged ``reading`` says."""
    for cell in _read(executed).cells:
        if READING_TAG in cell.metadata.get("tags", []):
            return "\n\n".join(
                str(output.data["text/markdown"])
                for output in cell.get("outputs", [])
                if "text/markdown" in output.get("data", {})
            )
    return ""


def _prepared(source: bytes, parameters: Mapping[str, str]) -> bytes:
    """With the values of this run in its parameters cell, before it a place for Dagster's context."""
    from nbformat.v4 import new_code_cell

    notebook = _read(source)
    notebook.metadata.kernelspec = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        if PARAMETERS_TAG in tags:
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
            cell.metadata.tags = [tag for tag in tags if tag != PARAMETERS_TAG]
            notebook.cells.insert(
                place,
                new_code_cell(  # type: ignore[no-untyped-call]
                    metadata={"tags": [PARAMETERS_TAG]}
                ),
            )
            return _written(notebook)
    raise BadInput(
        f"the notebook has no cell tagged {PARAMETERS_TAG!r}; expected one that sets {', '.join(parameters)}",
        f"Give the cell that sets them the tag {PARAMETERS_TAG!r}.",
    )


@contextmanager
def _kernel_folders(folder: Path) -> Iterator[None]:
    """Let Jupyter, IPython and Matplotlib write below ``folder``: the user's own may be read-only, or odd.

    A step has its process to itself, so that nobody else sees the change.
    """
    wanted = {
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter-runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MPLCONFIGDIR": str(folder / "matplotlib"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one of the user's
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a warning about debuggers in each run's log
    }
    before = {name: os.environ.get(name) for name in wanted}
    for name, value in wanted.items():
        if name.endswith("DIR"):
            Path(value).mkdir()
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = old


def _read(content: bytes) -> Any:
    import nbformat

    return nbformat.reads(content.decode(), as_version=4)  # type: ignore[no-untyped-call]


def _written(notebook: Any) -> bytes:
    import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return (text + "\n").encode()
