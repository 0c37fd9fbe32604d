"""How a training goes: the numbers that, with the data and the seed, decide its outcome."""

from dataclasses import asdict, dataclass
from math import inf

from resources.errors import BadInput

SINGLE, DDP = "single", "ddp"
PARALLEL = (SINGLE, DDP)
PRECISIONS = ("fp32", "bf16", "fp16")
_NOT_DECIDING = ("checkpoint_every_epochs", "hang_s", "parallel")
_UNSAID = (("precision", "fp32"), ("accumulation", 1), ("compile", False))
"""What was so before it could be said: what was kept by then is gone on from."""


@dataclass(frozen=True)
class TrainSettings:
    """Settings of one training. Raises :class:`BadInput` for a value outside its range."""

    epochs: int = 60
    """Passes over all labelled images when a model is trained from nothing."""

    incremental_epochs: int = 40
    """Passes over all labelled images, old and new, when a training goes on from earlier weights."""

    batch_size: int = 16
    """Images per step."""

    learning_rate: float = 3e-3
    """The highest step size of a one-cycle schedule of AdamW."""

    weight_decay: float = 1e-2
    """Decoupled weight decay of AdamW."""

    channels: int = 16
    """Feature maps of the first convolution; the later ones have twice as many."""

    depth: int = 0
    """Residual blocks behind the last convolution."""

    shift_fraction: float = 0.1
    """Each image is moved, at random, by up to this share of its width and height."""

    rotation_degrees: float = 12.0
    """Each image is turned, at random, by up to this angle."""

    scale_fraction: float = 0.1
    """Each image is made larger or smaller, at random, by up to this share."""

    label_smoothing: float = 0.05
    """The share of each label that is spread over all classes."""

    checkpoint_every_epochs: int = 10
    """How much of a training a kill can cost, in epochs."""

    hang_s: float = 600.0
    """Without a step for so many seconds it hangs: its process ends, and it goes on from its checkpoint."""

    parallel: str = "single"
    """``ddp`` spreads each step over all devices that the run asked for, in a process each."""

    precision: str = "fp32"
    """Of most of the arithmetic in steps: ``fp32``, ``bf16``, or ``fp16``, whose loss is scaled on GPUs."""

    accumulation: int = 1
    """In how many parts each process takes its share of a step, to save memory; it looks at each twice."""

    compile: bool = False
    """Whether torch.compile makes the steps faster; the first one takes longer for it."""

    @property
    def is_plain(self) -> bool:
        """Whether it trains on one device as ever."""
        return (self.parallel, self.precision, self.accumulation, self.compile) == (SINGLE, "fp32", 1, False)

    def passes(self, *, goes_on: bool) -> int:
        """How many epochs a training takes, from nothing or on from earlier weights."""
        return self.incremental_epochs if goes_on else self.epochs

    def deciding(self) -> list[tuple[str, object]]:
        """Name and value of all that decides the outcome, sorted: how often it is saved does not.

        Nor do the devices that it is spread over, but for the last bits of its numbers.
        """
        told = {name: value for name, value in asdict(self).items() if name not in _NOT_DECIDING}
        return sorted((name, value) for name, value in told.items() if (name, value) not in _UNSAID)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name, lowest in (
            ("epochs", 1),
            ("incremental_epochs", 1),
            ("batch_size", 1),
            ("channels", 1),
            ("depth", 0),
            ("checkpoint_every_epochs", 1),
            ("accumulation", 1),
        ):
            if getattr(self, name) < lowest:
                _refuse(name, getattr(self, name), f"a whole number of at least {lowest}")
        for name, known in (("parallel", PARALLEL), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                _refuse(name, repr(getattr(self, name)), f"one of {', '.join(known)}")
        if not 0 < self.hang_s < inf:
            _refuse("hang_s", self.hang_s, "above 0")
        if not 0 < self.learning_rate < 1:
            _refuse("learning_rate", self.learning_rate, "above 0 and below 1")
        if not 0 <= self.rotation_degrees <= 180:
            _refuse("rotation_degrees", self.rotation_degrees, "from 0 to 180")
        for name in ("weight_decay", "shift_fraction", "scale_fraction", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                _refuse(name, getattr(self, name), "from 0 up to, but not including, 1")


def _refuse(name: str, value: object, expected: str) -> None:
    raise BadInput(f"training setting {name} is {value}; expected {expected}", f"Correct {name}.")
