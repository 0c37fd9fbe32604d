"""The text of a file of a pipeline, wherever it lies."""

from pathlib import Path

from resources.errors import BadInput, NotFound
from resources.pipelines.problems import BadPipeline, Problem, Span

_WHOLE = Span(1, 1, 1)


def text_of(path: Path) -> str:
    """What it says. Raises NotFound, BadInput for a folder, and BadPipeline for what is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as problem:
        raise NotFound(
            f"there is no file {path}",
            "Name a file that is there, or a pipeline: `trainplat pipeline list` shows them.",
        ) from problem
    except IsADirectoryError as problem:
        raise BadInput(
            f"{path} is a folder; expected a file", "Name the file within it, or the pipeline by its name."
        ) from problem
    except UnicodeDecodeError as problem:
        said = f"byte {problem.start} is no text in UTF-8"
        raise BadPipeline(path, "", (Problem("", said, _WHOLE),), "") from problem
