"""What ``.dvc`` files and ``dvc.lock`` say about outputs: pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

LOCK_FILE = "dvc.lock"
POINTER_SUFFIX = ".dvc"
TREE_SUFFIX = ".dir"


@dataclass(frozen=True)
class Output:
    """A file or folder that a repository of DVC keeps."""

    path: str
    """From the root of the repository, with ``/``."""
    md5: str
    """The name of its object; it ends with ``.dir`` for a folder."""
    is_dos2unix: bool
    """DVC 2: the ends of lines were not hashed as they are."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return self.md5.endswith(TREE_SUFFIX)


def pointer_text(path: str, md5: str, *, size_bytes: int, files: int) -> str:
    """A ``.dvc`` file for a folder, byte for byte as ``dvc add`` writes it."""
    return f"outs:\n- md5: {md5}\n  size: {size_bytes}\n  nfiles: {files}\n  hash: md5\n  path: {path}\n"


def is_pointer(file: str) -> bool:
    """Whether a file of a repository tells of outputs."""
    name = PurePosixPath(file).name
    return name == LOCK_FILE or (name.endswith(POINTER_SUFFIX) and name != POINTER_SUFFIX)


def outputs_of(file: str, text: str) -> list[Output]:
    """The outputs that a ``.dvc`` file or ``dvc.lock`` names.

    ``file`` is its path from the root of the repository. An output without a hash, which was not made yet
    or is not kept by DVC, is left out. Raises ValueError for what is no such file.
    """
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError(f"it is no YAML: {str(problem).splitlines()[0]}") from problem
    if not isinstance(document, dict):
        raise ValueError("it is no mapping with outs or stages")  # noqa: TRY004 - of the file
    folder = PurePosixPath(file).parent / str(document.get("wdir") or ".")
    return [
        Output(_normal(folder / str(out["path"])), str(out["md5"]), out.get("hash") != "md5")
        for out in _outs(document)
        if isinstance(out, Mapping) and "path" in out and "md5" in out and out.get("cache", True)
    ]


def _outs(document: Mapping[str, Any]) -> Iterator[Any]:
    yield from document.get("outs") or ()
    stages = document.get("stages") or {}
    for stage in stages.values() if isinstance(stages, dict) else ():
        if isinstance(stage, dict):
            yield from stage.get("outs") or ()


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
