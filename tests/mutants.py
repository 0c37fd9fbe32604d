"""A small change of one function of ours, for as long as a test needs to see that somebody notices it."""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """``old`` becomes ``new`` in the source of a function; it has to stand there exactly once."""

    name: str
    """The rule that is broken, and how."""
    where: str
    """Module and function, such as ``resources.gpu.policy.decide:_Pass._grant``."""
    old: str
    new: str


@contextmanager
def alive(mutant: Mutant) -> Iterator[None]:
    """While the body runs, the mutant is what runs. Raises ValueError where its text is not found once."""
    module_name, _, path = mutant.where.partition(":")
    module = sys.modules.get(module_name) or __import__(module_name, fromlist=["_"])
    owner: Any = module
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    found = inspect.getattr_static(owner, name)
    function = found.fget if isinstance(found, property) else found
    mutated = _mutated(mutant, function, vars(module), name)
    mutated = property(mutated) if isinstance(found, property) else mutated
    places = [owner] if outer else _who_imported(found, name)
    for place in places:
        setattr(place, name, mutated)
    try:
        yield
    finally:
        for place in places:
            setattr(place, name, found)


def _mutated(mutant: Mutant, function: Any, module: dict[str, Any], name: str) -> Any:
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(mutant.old) != 1:
        raise ValueError(
            f"{mutant.name}: {mutant.old!r} stands {source.count(mutant.old)} times in:\n{source}"
        )
    made: dict[str, Any] = {}
    lines = source.replace(mutant.old, mutant.new).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("def "))  # less its decorators
    code = compile("\n".join(lines[start:]), f"<{mutant.name}>", "exec")
    exec(code, module, made)  # noqa: S102 - our own source, changed
    return made[name]


def _who_imported(function: Any, name: str) -> list[Any]:
    return [
        module
        for module_name, module in list(sys.modules.items())
        if module_name.startswith(("resources.", "tests.")) and getattr(module, name, None) is function
    ]
