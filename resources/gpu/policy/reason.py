"""Why something was decided: the number of a rule, and the values that it was applied to.

A page shows the sentence in its reader's language: the template is the key of the translation, and the values
are put in after it, what they say of runs and devices translated too. Whatever stores a reason keeps its JSON
form, and no sentence.
"""

import json
import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from resources.gpu.policy.phrases import said
from resources.texts import Translate

Value = str | int | float

_RULE = re.compile(r"[A-Z][1-9]\d?")


@dataclass(frozen=True)
class Reason:
    """One applied rule.

    Raises :class:`ValueError` for a rule that is no capital and a number, for a name in the template that has
    no value, and for a number that JSON cannot hold.
    """

    rule: str
    """Such as ``Q3``; docs/gpu-policy.md has the list."""
    template: str
    """The sentence in English, with names of values in braces."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """What the sentence says, and what a program may want besides."""

    def __post_init__(self) -> None:
        if _RULE.fullmatch(self.rule) is None:
            raise ValueError(f"rule {self.rule!r} is not of the form Q3")
        object.__setattr__(self, "values", dict(self.values))
        missing = sorted(names_in(self.template) - set(self.values))
        if missing:
            raise ValueError(f"rule {self.rule}: no value for {', '.join(missing)} in {self.template!r}")
        endless = [name for name, value in self.values.items() if _is_endless(value)]
        if endless:
            raise ValueError(
                f"rule {self.rule}: {endless[0]} is {self.values[endless[0]]}, not a finite number"
            )

    def __hash__(self) -> int:
        return hash((self.rule, self.template, tuple(sorted(self.values.items()))))

    @property
    def shown(self) -> dict[str, str]:
        """The values as the English sentence has them."""
        return {
            name: value if isinstance(value, str) else _shown(value) for name, value in self.values.items()
        }

    @cached_property
    def text(self) -> str:
        """The sentence in English."""
        return self.translated(str)

    def translated(self, _: Translate) -> str:
        """The sentence in the language of ``_``."""
        shown = {
            name: said(name, value, _) if isinstance(value, str) else _shown(value)
            for name, value in self.values.items()
        }
        return _(self.template).format_map(shown)

    def to_json(self) -> str:
        """As it is stored: the same reason gives the same text."""
        return self._json

    @cached_property
    def _json(self) -> str:
        content = {"rule": self.rule, "template": self.template, "values": dict(self.values)}
        return json.dumps(content, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Reason":
        """The reason that :meth:`to_json` wrote. Raises :class:`ValueError` for anything else."""
        content = json.loads(text)
        if not isinstance(content, dict) or set(content) != {"rule", "template", "values"}:
            raise ValueError(f"{text[:80]!r} is not a reason: expected rule, template and values")
        values = content["values"]
        if not isinstance(values, dict) or not all(
            isinstance(one, str | int | float) for one in values.values()
        ):
            raise ValueError(f"{text[:80]!r} is not a reason: its values are no texts and numbers")
        return cls(str(content["rule"]), str(content["template"]), values)


def names_in(template: str) -> frozenset[str]:
    """The names of values that a template says."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def _is_endless(value: Value) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _shown(value: int | float) -> str:
    """A number as people write it: at most two decimals, and none that say nothing."""
    if isinstance(value, int):
        return str(value)
    rounded = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded
