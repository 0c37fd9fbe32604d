"""The parameters of everything that trains: pretraining and finetuning."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from resources.learning.distributed.launching import Launch
from resources.learning.distributed.plan import SEEDS, Parallel, Plan, Precision, TaskChoice
from resources.learning.distributed.tasks.catalogue import TASKS, wrong_settings
from resources.learning.distributed.tasks.own import OWN_PATTERN, is_own
from resources.pipelines.specs.common import RunSpec, as_value_errors
from resources.pipelines.specs.nested import Wrong, refusal
from resources.texts import mark

MOST_SEEDS = 64


def _known(task: str) -> str:
    if task not in TASKS and not is_own(task):
        known = ", ".join(sorted(TASKS))
        raise ValueError(
            f"there is no task {task!r}; choose one of {known}, or name yours as package.module:build"
        )
    return task


_NAMES = [{"type": "string", "enum": sorted(TASKS)}, {"type": "string", "pattern": OWN_PATTERN}]
TaskName = Annotated[str, AfterValidator(_known), WithJsonSchema({"anyOf": _NAMES})]
Seed = Annotated[int, Field(ge=0, lt=SEEDS)]


class TrainingSpec(RunSpec):
    """What a training is asked to do: docs/training.md tells each field in full."""

    task: TaskName = Field(
        description=mark(
            "What is learnt: a task of the platform by its name, or yours as package.module:build."
        )
    )
    settings: dict[str, Any] = Field(
        default_factory=dict, description=mark("Settings that are the task's own, such as layers or text.")
    )
    steps: int = Field(1000, ge=1, description=mark("Updates of the parameters, all in all."))
    batch_size: int = Field(32, ge=1, description=mark("Samples in one update, over all processes."))
    accumulation: int = Field(
        1,
        ge=1,
        description=mark("In how many parts each process takes its share of a batch, to save memory."),
    )
    learning_rate: float = Field(1e-3, gt=0, lt=1, description=mark("The highest of the schedule."))
    warmup_steps: int = Field(0, ge=0, description=mark("Over so many steps the learning rate rises."))
    last_rate_share: float = Field(
        0.1, ge=0, le=1, description=mark("Which share of the highest rate is left at the last step.")
    )
    weight_decay: float = Field(0.0, ge=0, description=mark("Of AdamW."))
    clip_norm: float | None = Field(
        1.0, gt=0, description=mark("The norm that all gradients together may have; empty for any.")
    )
    seeds: list[Seed] = Field(
        default=[0],
        min_length=1,
        max_length=MOST_SEEDS,
        description=mark("What chance is drawn from; each seed is a training of its own, a step of the run."),
    )
    parallel: Parallel = Field(
        Parallel.SINGLE,
        description=mark("How model and batches are spread over the devices, a process for each."),
    )
    precision: Precision = Field(Precision.FP32, description=mark("Number format of most of the arithmetic."))
    compile: bool = Field(False, description=mark("Whether torch.compile makes the model faster."))
    deterministic: bool = Field(
        False, description=mark("Whether a GPU takes algorithms that give the same bits each time.")
    )
    log_every_steps: int = Field(10, ge=1, description=mark("How often losses are told."))
    checkpoint_every_s: float | None = Field(
        60.0,
        gt=0,
        description=mark("How often a checkpoint is begun, in seconds; empty for the last step only."),
    )
    keep_checkpoints: int = Field(2, ge=1, description=mark("How many checkpoints are kept."))
    least_processes: int | None = Field(
        None,
        ge=1,
        description=mark("It goes on with as few where devices are lost; empty: with as many or not at all."),
    )
    most_processes: int | None = Field(
        None, ge=1, description=mark("So many processes are started at most; empty for one for each device.")
    )

    registered: bool = Field(True, description=mark("Whether the model becomes a version in MLflow."))

    def plan(self, seed: int, start_from: str | None = None) -> Plan:
        """The training of one of the seeds."""
        return Plan(
            task=TaskChoice(self.task, self.settings),
            steps=self.steps,
            batch_size=self.batch_size,
            accumulation=self.accumulation,
            learning_rate=self.learning_rate,
            warmup_steps=self.warmup_steps,
            last_rate_share=self.last_rate_share,
            weight_decay=self.weight_decay,
            clip_norm=self.clip_norm,
            seed=seed,
            parallel=self.parallel,
            precision=self.precision,
            compile=self.compile,
            deterministic=self.deterministic,
            log_every_steps=self.log_every_steps,
            checkpoint_every_s=self.checkpoint_every_s,
            keep_checkpoints=self.keep_checkpoints,
            least_processes=self.least_processes,
            most_processes=self.most_processes,
            start_from=start_from,
        )

    @field_validator("settings")
    @classmethod
    def _of_the_task(cls, given: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        task = info.data.get("task")
        wrong = () if task is None else wrong_settings(TaskChoice(task, given))
        if wrong:
            raise refusal(*(Wrong((name,) if name in given else (), said) for name, said in wrong))
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        with as_value_errors():
            Launch(self.plan(self.seeds[0]), Path(), processes=self._processes())
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds are {self.seeds}; expected each once")
        return self

    def _processes(self) -> int:
        """As far as the request says it: which devices it gets is known at run time only."""
        is_one = self.parallel in {Parallel.SINGLE, Parallel.DATA_PARALLEL}
        least, most = self.least_processes or 1, self.most_processes
        asked = least if is_one or not isinstance(self.gpu, int) else max(1, self.gpu)
        return asked if most is None else min(asked, most)
