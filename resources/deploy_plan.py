"""How the models of a data set go live and are served, in the words that files and serving share."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, NoReturn

from resources.errors import BadInput
from resources.texts import mark

MOST_PRIORITY = 1_000_000


class Strategy(StrEnum):
    """How one live version gives way to the next."""

    ROLLING = "rolling"
    """Copy by copy: each new one that is ready takes the share of one old one."""
    BLUE_GREEN = "blue_green"
    """All at once when all new copies are ready; the old ones stay warm until it has proved itself."""
    CANARY = "canary"
    """By and by: a few requests first, more where it does as well as what is live, back where it does not."""
    SHADOW = "shadow"
    """It answers copies of all requests, which nobody sees; live when it has agreed for long enough."""

    @property
    def words(self) -> str:
        """What people call it, in English: to be translated where it is shown."""
        return _STRATEGIES[self]


_STRATEGIES = {
    Strategy.ROLLING: mark("rolling update"),
    Strategy.BLUE_GREEN: mark("blue/green"),
    Strategy.CANARY: mark("canary"),
    Strategy.SHADOW: mark("shadow"),
}


@dataclass(frozen=True)
class AbortRules:
    """From where on a new version is taken back by itself. Raises :class:`BadInput` for what cannot be."""

    error_rate: float = 0.01
    """So much more of its requests may fail than of the live version's, 0 to 1."""
    latency_ratio: float = 2.0
    """So many times the live version's p99 may its own be."""
    disagreement: float = 0.2
    """This share of its answers may be others than the live version's, where both answered; 1 for any."""

    def __post_init__(self) -> None:
        """Refuse what no version could be held to."""
        for name in ("error_rate", "disagreement"):
            _share(f"abort.{name}", getattr(self, name))
        if not 1 <= _number("abort.latency_ratio", self.latency_ratio) < math.inf:
            _refuse("abort.latency_ratio", self.latency_ratio, "a number of 1 or more, such as 2")


@dataclass(frozen=True)
class DeployPlan:
    """What happens when a model is promoted. Raises :class:`BadInput` for values that cannot work."""

    strategy: Strategy = Strategy.CANARY
    steps_percent: tuple[int, ...] = (10, 50, 100)
    """Of a canary: which share of the requests the new version gets at each step; the last is 100."""
    step_s: float = 60.0
    """How long each step lasts at least, in seconds; of blue_green and shadow, how long it is looked at."""
    least_requests: int = 50
    """How many requests the new version must have answered in a step before it goes on."""
    abort: AbortRules = field(default_factory=AbortRules)
    least_replicas: int = 1
    """How many copies run at least while it is asked; an idle one has none after ``idle_s``."""
    most_replicas: int = 1
    gpu: str = "0"
    """What a copy asks of the arbiter, such as 0, 0.5 or 8G,0.5."""
    project: str | None = None
    """On whose quota copies are; None for that of the runs of its data set."""
    priority: int = 0
    """The higher goes first in its project; ``autoscale`` may say another one."""
    preemptible: bool = True
    """Whether copies above the guaranteed number make room for others."""
    idle_s: float = 300.0
    """After so many seconds without a request it is unloaded, and loaded again by the next; 0 for never."""
    autoscale: str = ""
    """When there are more copies, such as cpu:50%,queue:8; empty for always ``least_replicas``."""
    sample_share: float = 0.0
    """Which share of what is asked is kept, to ask people about, 0 to 1."""
    sample_uncertain: float = 0.0
    """All of what it answers with a certainty below this is kept too, 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse what could not be carried out."""
        self._take_names()
        steps = self.steps_percent
        is_rising = all(later > former for former, later in pairwise(steps))
        if not steps or not is_rising or steps[0] < 1 or steps[-1] != 100:
            _refuse(
                "steps_percent", list(steps), "whole numbers from 1 that rise to 100, such as [10, 50, 100]"
            )
        for name in ("step_s", "idle_s"):
            if not 0 <= _number(name, getattr(self, name)) < math.inf:
                _refuse(name, getattr(self, name), "seconds, 0 or more")
        for name, least in (("least_requests", 0), ("least_replicas", 1), ("most_replicas", 1)):
            given = getattr(self, name)
            if not _is_whole(given) or given < least:
                _refuse(name, given, f"a whole number, {least} or more")
        if self.most_replicas < self.least_replicas:
            _refuse("most_replicas", self.most_replicas, f"least_replicas, {self.least_replicas}, or more")
        _share("sample_share", self.sample_share)
        _share("sample_uncertain", self.sample_uncertain)
        if not str(self.gpu).strip():
            _refuse("gpu", self.gpu, "a request such as 0, 1 or 8G,0.5")
        if not _is_whole(self.priority) or abs(self.priority) > MOST_PRIORITY:
            _refuse("priority", self.priority, f"a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}")
        if not isinstance(self.preemptible, bool):
            _refuse("preemptible", self.preemptible, "true or false")
        if self.project is not None and not (isinstance(self.project, str) and self.project.strip()):
            _refuse("project", self.project, "the name of a project, or nothing")

    def _take_names(self) -> None:
        """Values of a file, which has lists and plain words, as ours."""
        try:
            object.__setattr__(self, "strategy", Strategy(self.strategy))
        except ValueError:
            _refuse("strategy", self.strategy, f"one of {', '.join(Strategy)}")
        if not isinstance(self.steps_percent, list | tuple) or not all(map(_is_whole, self.steps_percent)):
            _refuse("steps_percent", self.steps_percent, "whole numbers such as [10, 50, 100]")
        object.__setattr__(self, "steps_percent", tuple(self.steps_percent))

    def by(self, strategy: Strategy) -> "DeployPlan":
        """The same by another strategy."""
        return replace(self, strategy=strategy)

    def to_json(self) -> str:
        """As a row keeps it."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "DeployPlan":
        """What :meth:`to_json` wrote, also that of another trainplat with other fields."""
        said = json.loads(text)
        rules = replace(AbortRules(), **_known(AbortRules, said.get("abort", {})))
        return replace(cls(), **(_known(cls, said) | {"abort": rules}))


def _known(kind: type[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in said.items() if name in names}


def _is_whole(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


def _number(name: str, given: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        _refuse(name, given, "a number")
    return given


def _share(name: str, given: float) -> None:
    if not 0 <= _number(name, given) <= 1:
        _refuse(name, given, "a share, 0 to 1")


def _refuse(name: str, given: object, expected: str) -> NoReturn:
    raise BadInput(f"deploy: {name} is {given!r}; expected {expected}", f"Correct {name} of deploy.")
