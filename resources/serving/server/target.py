"""What a request can be answered by."""

from dataclasses import dataclass

from resources.serving.replicas.model import Variant


@dataclass(frozen=True)
class Target:
    """One model version, loaded in one way."""

    name: str
    number: int
    variant: Variant = Variant.AS_TRAINED

    def __str__(self) -> str:
        """As people refer to it: ``digits:7`` or ``digits:7+int8``."""
        return f"{self.name}:{self.number}" + (f"+{self.variant}" if self.variant else "")
