"""What is known of a part, in words that are translated when they are shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from trainplat_cli.texts import _

Value = Union[str, int, float, "Detail"]


@dataclass(frozen=True)
class Detail:
    """A text, given through ``mark``, and what is put into its places.

    The supervisor writes it down; whoever reads it may have another language. A text without values, such as
    the words of another program, is taken as it stands.
    """

    text: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, given: "Detail | str") -> "Detail":
        """The detail itself, or the one that says these words."""
        return given if isinstance(given, Detail) else cls(given)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Detail":
        """The detail that ``dataclasses.asdict`` made a document of."""
        values = written["values"].items()
        return cls(
            written["text"],
            {name: cls.read(value) if isinstance(value, dict) else value for name, value in values},
        )

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.text)

    def __str__(self) -> str:
        """In English, for machines and logs."""
        return self._filled(self.text, str)

    def shown(self) -> str:
        """In the language of whoever asks now."""
        # An empty text would be looked up as the header of the catalogue.
        return self._filled(_(self.text), Detail.shown) if self.text else ""

    def _filled(self, text: str, say: Callable[["Detail"], str]) -> str:
        if not self.values:
            return text
        told = {
            name: say(value) if isinstance(value, Detail) else value for name, value in self.values.items()
        }
        return text.format(**told)
