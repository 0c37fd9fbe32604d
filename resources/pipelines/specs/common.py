"""The parameters that every template has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from resources.errors import TrainplatError
from resources.gpu import tags
from resources.gpu.manual.naming import checked_project
from resources.gpu.plan_tags import tags_of
from resources.gpu.requests.grammar import parse_request
from resources.gpu.terms import terms_of
from resources.run_plan import RunPlan
from resources.texts import mark

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
LONGEST_NAME = 40
OWNER_PATTERN = r"^(team:[A-Za-z0-9_.-]+|[^@\s]+@[^@\s]+)$"


@contextmanager
def as_value_errors() -> Iterator[None]:
    """What the platform refuses is what pydantic refuses, in the same words."""
    try:
        yield
    except TrainplatError as problem:
        raise ValueError(problem.one_line) from problem


def _request(given: str | float) -> str | float:
    with as_value_errors():
        parse_request(str(given))
    return given


def _memory(given: str | float) -> str | float:
    with as_value_errors():
        terms_of({tags.MEMORY: str(given)})
    return given


def _project(given: str) -> str:
    with as_value_errors():
        return checked_project(given)


def _not_bool(given: Any) -> Any:
    if isinstance(given, bool):
        raise ValueError(f"{given!r} says neither how many devices nor which")  # noqa: TRY004
    return given


Request = Annotated[int | float | str, BeforeValidator(_not_bool), AfterValidator(_request)]
Memory = Annotated[int | float | str, BeforeValidator(_not_bool), AfterValidator(_memory)]
Project = Annotated[str, AfterValidator(_project)]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=LONGEST_NAME)]


class Spec(BaseModel):
    """The parameters of a pipeline, checked: a value that is none of them is refused by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field("", description=mark("What people read beside the name."), max_length=200)
    owner: str = Field(
        "team:ml",
        pattern=OWNER_PATTERN,
        description=mark("Who answers for it: team:NAME, or an address of e-mail."),
    )


class DeviceSpec(Spec):
    """The parameters of a pipeline that computes on devices."""

    gpu: Request = Field(
        1, description=mark("The devices that a run of it needs, such as 1, 2(V100), 8G,0.5 or 0 for none.")
    )
    project: Project | None = Field(
        None, description=mark("On whose quota its runs are; empty for the project default.")
    )
    priority: int = Field(0, description=mark("The higher goes first in its project."))
    preemptible: bool = Field(
        True, description=mark("Whether it may be stopped at a checkpoint to make room for others.")
    )
    max_runtime_s: float | None = Field(
        None, gt=0, description=mark("How long a run of it takes at most, in seconds; empty for no limit.")
    )
    cpus: float | None = Field(
        None, gt=0, description=mark("Cores that it needs for itself; empty for its share.")
    )
    memory: Memory | None = Field(
        None, description=mark("Main memory that it needs, such as 64G; empty for its share.")
    )
    retries: int = Field(0, ge=0, le=20, description=mark("How often a step that fails is tried again."))
    retry_delay_s: float = Field(
        30.0, ge=0, le=86_400, description=mark("How long is waited before it is, in seconds.")
    )

    def run_plan(self) -> RunPlan:
        """What a run of it asks for."""
        return RunPlan(
            gpu=str(self.gpu),
            priority=self.priority,
            preemptible=self.preemptible,
            max_runtime_s=self.max_runtime_s,
            cpus=self.cpus,
            memory=None if self.memory is None else _text(self.memory),
            project=self.project,
            retries=self.retries,
            retry_delay_s=self.retry_delay_s,
        )


class RunSpec(DeviceSpec):
    """The parameters of a pipeline whose steps run on devices, all of them in one run."""

    parallel_steps: int = Field(
        1, ge=1, le=64, description=mark("How many steps of a run run side by side, on its devices.")
    )

    def tags(self) -> dict[str, str]:
        """What a run of it asks for, as the tags of a run or step."""
        return tags_of(self.run_plan())


def _text(value: float | str) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
