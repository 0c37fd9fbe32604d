"""Why a project may lend so much: the number of a rule, and the values that it was applied to."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.texts import Translate

Value = str | int | float


@dataclass(frozen=True)
class Reason:
    """One applied rule. Raises :class:`ValueError` for a name in the template that has no value."""

    rule: str
    """Such as ``F2``; docs/gpu-forecast.md has the list."""
    template: str
    """The sentence in English, with names of values in braces: the key of its translation."""
    values: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {name for _, name, _, _ in string.Formatter().parse(self.template) if name is not None}
        missing = sorted(names - set(self.values))
        if missing:
            raise ValueError(f"rule {self.rule}: no value for {', '.join(missing)} in {self.template!r}")

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.translated(str)

    def translated(self, _: Translate) -> str:
        """The sentence in the language of ``_``."""
        return _(self.template).format_map(dict(self.values))
