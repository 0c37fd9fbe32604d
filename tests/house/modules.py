"""The modules of the project and what each imports, read from their text: nothing is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

ROOMS = ("trainplat_assets", "streamlit_app", "trainplat_cli", "gateway", "sensors", "resources")


@dataclass(frozen=True)
class Import:
    """One import statement's target."""

    importer: str
    target: str
    line: int
    deferred: bool
    """Whether it stands inside a function, so that importing the module does not run it."""
    typing_only: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def module_files(*rooms: str) -> dict[str, Path]:
    """The modules of ``rooms`` (of all, when none is named) by their dotted names."""
    found: dict[str, Path] = {}
    for room in rooms or ROOMS:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            parts = path.relative_to(CHECKOUT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path, known: dict[str, Path]) -> list[Import]:
    """What module ``name`` imports; a name taken from a package counts as the module of ours that it is."""
    found: list[Import] = []
    for node, deferred, typing_only in _walk(ast.parse(path.read_text()), deferred=False, typing_only=False):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, path, node)
            for alias in node.names:
                module = f"{base}.{alias.name}"
                targets.append(module if module in known else base)
        found += [
            Import(name, target, node.lineno, deferred, typing_only) for target in dict.fromkeys(targets)
        ]
    return found


@cache
def all_imports() -> list[Import]:
    """Every import of every room: not made while tests are collected, which every worker does."""
    known = module_files()
    return [found for name, path in known.items() for found in imports_of(name, path, known)]


def _walk(node: ast.AST, *, deferred: bool, typing_only: bool) -> Iterator[tuple[ast.stmt, bool, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            continue  # no import stands in one
        inside = deferred or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        typing = typing_only or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside, typing
        else:
            yield from _walk(child, deferred=inside, typing_only=typing)


def _absolute(name: str, path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)
