"""Sentences that are kept with their values, so that each reader sees them in a language of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.texts import Translate

Value = str | int | float


@dataclass(frozen=True)
class Said:
    """A marked template and the values in it."""

    template: str
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """In English."""
        return self.translated(str)

    def translated(self, _: Translate) -> str:
        """In the language of ``_``."""
        return _(self.template).format_map({name: shown(value) for name, value in self.values.items()})


def shown(value: Value) -> str:
    """A number without digits that say nothing; a text as it is."""
    return value if isinstance(value, str) else f"{value:,.2f}".rstrip("0").rstrip(".")


def span(seconds: float) -> str:
    """A length of time in one unit, as each reader knows it: ``40 s``, ``12 min``, ``3.5 h``, ``2 d``."""
    for unit, length_s in (("d", 172_800), ("h", 7_200), ("min", 120)):
        if seconds >= length_s:
            return f"{seconds / _SECONDS[unit]:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s"


_SECONDS = {"d": 86_400, "h": 3_600, "min": 60}
