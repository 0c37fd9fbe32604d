"""What a repository of DVC says that an output was, revision by revision."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from resources.data.interop.configuration import cache_of, is_without_git
from resources.data.interop.pointers import Output, is_pointer, outputs_of
from resources.errors import BadInput, NotFound

SHOWN = 8
_FIELDS = "%H%x00%an <%ae>%x00%aI%x00%B%x1e"


@dataclass(frozen=True)
class Revision:
    """An output as it was at one revision, or as it is where there is no git."""

    output: Output
    commit: str | None
    author: str | None
    at: datetime | None
    message: str


@dataclass(frozen=True)
class Repository:
    """A repository of DVC on this disk."""

    root: Path
    has_git: bool

    @property
    def cache(self) -> Path:
        """Where its objects lie."""
        return cache_of(self.root)


def repository_at(folder: Path) -> Repository:
    """The repository of DVC whose root is ``folder``. Raises NotFound where there is none."""
    if not (folder / ".dvc").is_dir():
        raise NotFound(
            f"{folder} is no repository of DVC: it has no folder .dvc",
            "Give the root of one: the folder where `dvc init` was run.",
        )
    return Repository(folder, _is_git(folder))


def outputs_now(repository: Repository) -> dict[str, Output]:
    """The outputs that the files of the work tree name, by path. Raises BadInput for a file that is none."""
    found = {}
    for file in sorted(repository.root.rglob("*")):
        name = file.relative_to(repository.root).as_posix()
        if is_pointer(name) and not name.startswith((".dvc/", ".git/")) and file.is_file():
            found.update(_read(name, file.read_text(encoding="utf-8", errors="surrogateescape")))
    return found


def chosen(outputs: dict[str, Output], wanted: str | None, root: Path) -> str:
    """The path of the output to take. Raises BadInput where it is not clear which one, or there is none."""
    paths = sorted(outputs)
    if wanted is not None and wanted.rstrip("/") in outputs:
        return wanted.rstrip("/")
    if wanted is None and len(paths) == 1:
        return paths[0]
    listed = ", ".join(paths[:SHOWN]) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")
    if not paths:
        raise BadInput(
            f"{root} has no file that names an output of DVC",
            "Run `dvc add DATA` there first, or give another repository.",
        )
    if wanted is None:
        raise BadInput(
            f"{root} keeps several outputs: {listed}", "Name the one that is the data set: --output PATH."
        )
    raise BadInput(f"{root} keeps no output {wanted!r}; it has: {listed}", "Name one of these: --output.")


def revisions(repository: Repository, path: str) -> list[Revision]:
    """Every revision at which the output became another one, oldest first; the present one without git."""
    if not repository.has_git:
        return [Revision(outputs_now(repository)[path], None, None, None, "")]
    found: list[Revision] = []
    for commit, author, at, message in _commits(repository.root):
        output = _output_at(repository.root, commit, path)
        if output is not None and (not found or found[-1].output.md5 != output.md5):
            found.append(Revision(output, commit, author, at, message))
    if not found:
        raise BadInput(
            f"no revision of {repository.root} has the output {path!r}",
            "Commit its .dvc file with git first.",
        )
    return found


def _commits(root: Path) -> Iterator[tuple[str, str, datetime, str]]:
    """The commits that touched a file that names outputs, along the first parents, oldest first."""
    # fmt: off
    told = _git(
        root, "log", "--first-parent", "-m", "--reverse", f"--format={_FIELDS}",
        "--", "*.dvc", "dvc.lock", "*/dvc.lock",
    )
    # fmt: on
    for record in told.split("\x1e"):
        fields = record.strip("\n").split("\0")
        if len(fields) == 4:
            commit, author, at, message = fields
            yield commit, author, datetime.fromisoformat(at).astimezone(UTC), message.strip()


def _output_at(root: Path, commit: str, path: str) -> Output | None:
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    for file in listed:
        if is_pointer(file):
            text = _git(root, "show", f"{commit}:./{file}")
            if path in (found := _read(file, text, commit[:12])):
                return found[path]
    return None


def _read(file: str, text: str, commit: str = "the work tree") -> dict[str, Output]:
    try:
        return {output.path: output for output in outputs_of(file, text)}
    except ValueError as problem:
        raise BadInput(
            f"{file} at {commit} cannot be read: {problem}", "Mend it, or remove it, then import again."
        ) from problem


def _is_git(folder: Path) -> bool:
    if not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return False
    return not is_without_git(folder) and bool(_git(folder, "rev-list", "-n", "1", "--all").strip())


def _git(root: Path, *arguments: str) -> str:
    try:
        ran = subprocess.run(["git", "-C", root, *arguments], capture_output=True, check=True)
    except FileNotFoundError:
        raise BadInput(
            f"{root} has a history in git, and git is not installed", "Install git, then import again."
        ) from None
    except subprocess.CalledProcessError as problem:
        reason = problem.stderr.decode(errors="replace").strip().splitlines()
        raise BadInput(
            f"git {arguments[0]} fails in {root}: {reason[-1] if reason else problem.returncode}",
            "Mend the repository, then import again.",
        ) from problem
    return ran.stdout.decode(errors="surrogateescape")
