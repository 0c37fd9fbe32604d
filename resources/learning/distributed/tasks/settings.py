"""The settings of each task, checked. No torch here: a wrong one is refused before any process is started."""

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked

from resources.errors import BadInput
from resources.learning.distributed.tasks.made_text import NOTES

CONTEXT = 128
"""So many bytes of text one sample has, where nobody says otherwise."""
LEAST_TEXTS = 5
"""Of fewer none is left to train on, or none to score with."""
_CONFIG = ConfigDict(extra="forbid")


@checked(frozen=True, config=_CONFIG)
class TextSettings:
    """What the model is like, and what it reads."""

    text: str = "stories"
    """``stories`` or ``sums``, which are made here, or the path of a text file."""
    layers: int = 4
    heads: int = 4
    width: int = 128
    context: int = CONTEXT
    """Bytes that it sees at once."""
    dropout: float = 0.0
    characters: int = 400_000
    """How long a text that is made here is."""

    def __post_init__(self) -> None:
        """Refuse a model that cannot be built."""
        for name in ("layers", "heads", "width", "context", "characters"):
            _check_least(name, getattr(self, name), 1)
        if not 0 <= self.dropout < 1:
            raise BadInput(
                f"dropout of the task is {self.dropout}; expected 0 or more, and below 1", "Correct dropout."
            )
        _check_heads(self.width, self.heads)


@checked(frozen=True, config=_CONFIG)
class DigitsSettings:
    """What the network is like."""

    channels: int = 16

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built."""
        _check_least("channels", self.channels, 1)


@checked(frozen=True, config=_CONFIG)
class SentencesSettings:
    """What is read, and by what."""

    text: str = "notes"
    """``notes``, which are made here, or the path of a file with a class, a tab and a text in each line."""
    texts: int = 2000
    """How many are made here, all different."""
    longest: int = 96
    """Bytes that are read of a text."""
    layers: int = 2
    heads: int = 2
    width: int = 32

    def __post_init__(self) -> None:
        """Refuse a model that cannot be built."""
        _check_least("texts", self.texts, LEAST_TEXTS)
        for name in ("longest", "layers", "heads", "width"):
            _check_least(name, getattr(self, name), 1)
        if self.texts > NOTES:
            raise BadInput(
                f"texts of the task is {self.texts}; expected at most {NOTES}: there are no more",
                "Correct texts, or name a file of texts in text.",
            )
        _check_heads(self.width, self.heads)


@checked(frozen=True, config=_CONFIG)
class TableSettings:
    """Which table, and what the network is like."""

    table: str = "wine"
    """``wine`` or ``breast_cancer``, which come with scikit-learn, or the path of a CSV file."""
    label: str = "class"
    """The column of classes of a CSV file; all others hold numbers."""
    layers: int = 2
    width: int = 32

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built."""
        _check_least("layers", self.layers, 1)
        _check_least("width", self.width, 1)


SETTINGS: dict[str, type] = {
    "text": TextSettings,
    "digits": DigitsSettings,
    "sentences": SentencesSettings,
    "table": TableSettings,
}


def _check_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise BadInput(
            f"{name} of the task is {value}; expected a whole number of at least {least}", f"Correct {name}."
        )


def _check_heads(width: int, heads: int) -> None:
    if width % heads:
        raise BadInput(
            f"width {width} cannot be divided among {heads} heads", f"Choose a multiple of {heads} for width."
        )
