"""What a large training tells, as the events of its run: observations of its asset, and lines of its log."""

import time
from pathlib import Path
from typing import assert_never

from dagster import AssetExecutionContext, AssetObservation, MetadataValue

from resources.learning.distributed.progress import Began, Ended, Event, Hung, Measured, Point, Saved, Shrunk
from resources.learning.trainings.model import Training
from resources.learning.trainings.use import newest_use
from trainplat_assets.training_metadata import Metadata, point_metadata

EACH_S = 30.0
"""How often an observation tells how it goes: each is a row for ever."""
STACKS_CHARACTERS = 12_000
"""So much of the stacks of a process that hung is kept in the event."""


LAST_USE_BYTES = 8_192


class TrainingEvents:
    """Tells Dagster, from the thread of the step."""

    def __init__(self, context: AssetExecutionContext, training: Training, folder: Path) -> None:
        self._context, self._training, self._folder = context, training, folder
        self._observed_s: float | None = None
        self._said_s: float | None = None
        self._last: Point | None = None

    def tell(self, event: Event) -> None:
        """Pass one event on."""
        match event:
            case Point():
                self._point(event)
            case Began():
                self._say(_began(event))
            case Saved():
                self._saved(event)
            case Measured():
                said = ", ".join(f"{name} {value:.4f}" for name, value in event.scores.items())
                self._say(f"Measured after step {event.step}: {said}.")
            case Ended():
                self._ended(event)
            case Hung():
                self._hung(event)
            case Shrunk():
                self._shrunk(event)
            case _:
                assert_never(event)

    def _point(self, point: Point) -> None:
        self._last = point
        now_s = time.monotonic()
        if self._observed_s is None or now_s - self._observed_s >= EACH_S:
            self._observed_s = now_s
            self._observe(self._at(point))

    def _saved(self, event: Saved) -> None:
        now_s = time.monotonic()
        if self._said_s is None or now_s - self._said_s >= EACH_S:
            self._said_s = now_s
            self._say(
                f"The checkpoint after step {event.step} is whole: {event.size_bytes / 1e6:.1f} MB, the "
                f"training stood still for {event.stalled_s:.3f} s."
            )

    def _ended(self, event: Ended) -> None:
        if self._last is not None:
            self._observe(self._at(self._last))
        self._say(
            f"All {event.step} steps are done."
            if event.done
            else f"Stopped after step {event.step}, with a checkpoint."
        )

    def _hung(self, event: Hung) -> None:
        then = "started again from the last checkpoint" if event.goes_on else "given up"
        said = f"Nothing moved for {event.silent_s:.0f} s after step {event.step}: killed, and {then}."
        self._context.log.error(said)
        stacks: Metadata = {name: MetadataValue.md(self._stacks(name)) for name in event.stacks}
        self._observe({"hung": said, "step": event.step, **stacks})

    def _shrunk(self, event: Shrunk) -> None:
        said = f"Goes on with {event.processes} processes, {event.processes_before} before: {event.why}."
        self._context.log.warning(said)
        self._observe({"fewer_processes": said, "step": event.step})

    def _at(self, point: Point) -> Metadata:
        uses = newest_use(self._folder, LAST_USE_BYTES)
        return point_metadata(point, self._training.plan.steps, uses[-1] if uses else None)

    def _stacks(self, name: str) -> str:
        try:
            text = (self._folder / name).read_text(errors="replace")
        except OSError:
            text = ""
        return f"```\n{text[-STACKS_CHARACTERS:] or 'it wrote none'}\n```"

    def _observe(self, metadata: Metadata) -> None:
        if not self._context.has_assets_def:
            return
        partition = self._context.partition_key if self._context.has_partition_key else None
        self._context.log_event(
            AssetObservation(asset_key=self._context.asset_key, partition=partition, metadata=metadata)
        )

    def _say(self, text: str) -> None:
        self._context.log.info(text)


def _began(event: Began) -> str:
    start = f"Goes on from step {event.step}" if event.step else "Begins"
    over = f", past {event.passed_over} damaged checkpoints" if event.passed_over else ""
    return (
        f"{start} with {event.processes} processes on {event.device}, {event.parameters:,} parameters{over}."
    )
