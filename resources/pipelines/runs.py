"""Runs of pipelines, through Dagster's web server: started, and followed step by step."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from resources.errors import BadInput, Unavailable
from resources.pipelines import queries
from resources.pipelines.model import Pipeline
from resources.pipelines.parameters import run_config, run_tags
from resources.pipelines.steps import step_names
from resources.pipelines.tags import PIPELINE
from resources.texts import mark

LOCATION = "trainplat"
_REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}
REASON = "trainplat/reason"
TIMEOUT_S, START_TIMEOUT_S = 20.0, 180.0
"""For answers; and until code was loaded anew, and a run is in the queue."""
NEWEST_AT_ONCE = 25
"""Pipelines whose newest runs are asked for in one query."""


class RunState(StrEnum):
    """What people tell apart."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


_STATES = {
    "NOT_STARTED": RunState.WAITING,
    "QUEUED": RunState.WAITING,
    "STARTING": RunState.RUNNING,
    "STARTED": RunState.RUNNING,
    "CANCELING": RunState.RUNNING,
    "SUCCESS": RunState.DONE,
    "FAILURE": RunState.FAILED,
    "CANCELED": RunState.CANCELED,
}
_STEP_STATES = {
    "IN_PROGRESS": RunState.RUNNING,
    "SUCCESS": RunState.DONE,
    "FAILURE": RunState.FAILED,
    "SKIPPED": RunState.CANCELED,
}


@dataclass(frozen=True)
class Step:
    """One step of a run."""

    key: str
    state: RunState
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class PipelineRun:
    """One run of a pipeline."""

    run_id: str
    pipeline: str
    state: RunState
    created_at: datetime
    ended_at: datetime | None
    steps: tuple[Step, ...]
    """Those that began."""
    reason: str | None
    """Why it waits, where it does."""
    parameters: Mapping[str, Any]
    """Those that it has otherwise than the file."""


@dataclass(frozen=True)
class LogLine:
    """One line that a run tells."""

    at: datetime
    level: str
    step: str | None
    text: str


class PipelineRuns:
    """What a Dagster web server knows and does. Calls raise Unavailable where it answers badly."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def run_address(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.address}/runs/{run_id}"

    def start(self, pipeline: Pipeline, parameters: Mapping[str, Any]) -> str:
        """Start a run; its id. The code location is loaded anew where its file was changed since, or made.

        Raises BadInput for a loop, which starts its runs by itself.
        """
        if not step_names(pipeline):
            raise BadInput(
                f"{pipeline.name} is a loop, which starts its runs by itself; expected another pipeline",
                f"Ask for a training by hand: `trainplat trigger {pipeline.name}`.",
            )
        tags = run_tags(pipeline, parameters)
        if parameters:
            tags[f"{PIPELINE}_parameters"] = json.dumps(dict(parameters), sort_keys=True)
        asked = {
            "selector": {**_REPOSITORY, "jobName": pipeline.job},
            "runConfigData": run_config(pipeline, parameters),
            "executionMetadata": {"tags": [{"key": name, "value": value} for name, value in tags.items()]},
        }
        if self._loaded(pipeline.name) != {pipeline.content_hash}:
            self.reload()
        answer = self._ask(queries.LAUNCH, {"params": asked}, START_TIMEOUT_S)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise self._refused(answer)
        return str(answer["run"]["runId"])

    def reload(self) -> None:
        """Let the code location read the files anew."""
        answer = self._ask(queries.RELOAD, {"name": LOCATION}, START_TIMEOUT_S)["reloadRepositoryLocation"]
        entry = answer.get("locationOrLoadError") or {}
        if answer["__typename"] != "WorkspaceLocationEntry" or entry.get("__typename") == "PythonError":
            raise self._refused(entry or answer)

    def _loaded(self, name: str) -> set[str]:
        """The contents that the code location knows of a pipeline: none, or one."""
        nodes = self._ask(queries.LOADED, {"group": {**_REPOSITORY, "groupName": name}})["assetNodes"]
        return {str(node["opVersion"]) for node in nodes}

    def of_pipeline(self, name: str, limit: int = 10) -> tuple[PipelineRun, ...]:
        """The newest runs of one pipeline, a loop's rounds too, newest first."""
        found = {one.run_id: one for filter_ in _filters(name) for one in self._runs(filter_, limit)}
        return tuple(sorted(found.values(), key=lambda one: one.created_at, reverse=True)[:limit])

    def newest(self, names: Iterable[str]) -> dict[str, PipelineRun]:
        """The newest run of each of these pipelines that has any, a loop's rounds too, however long ago."""
        found: dict[str, PipelineRun] = {}
        for some in _batches(list(names), NEWEST_AT_ONCE):
            asked = [(name, filter_) for name in some for filter_ in _filters(name)]
            variables = {f"f{place}": filter_ for place, (_, filter_) in enumerate(asked)}
            answers = self._ask(queries.newest_of_each(len(asked)), variables)
            for place, (name, _) in enumerate(asked):
                for one in self._read(answers[f"r{place}"]):
                    if name not in found or one.created_at > found[name].created_at:
                        found[name] = one
        return found

    def unfinished(self, name: str, limit: int = 10) -> tuple[PipelineRun, ...]:
        """The runs of one pipeline, a loop's rounds too, that wait or run, newest first."""
        open_ = [one for one, state in _STATES.items() if state in (RunState.WAITING, RunState.RUNNING)]
        asked = ({**filter_, "statuses": open_} for filter_ in _filters(name))
        return tuple(one for filter_ in asked for one in self._runs(filter_, limit))

    def of_runs(self, run_ids: Sequence[str]) -> tuple[PipelineRun, ...]:
        """Those of these runs that Dagster knows, newest first."""
        return self._runs({"runIds": list(run_ids)}, len(run_ids)) if run_ids else ()

    def run(self, run_id: str) -> PipelineRun | None:
        """One run."""
        return next(iter(self._runs({"runIds": [run_id]}, 1)), None)

    def log(self, run_id: str, limit: int = 1000) -> tuple[LogLine, ...]:
        """What a run told so far, oldest first."""
        lines: list[LogLine] = []
        cursor: str | None = None
        while len(lines) < limit:
            answer = self._ask(queries.LOG, {"run": run_id, "after": cursor, "limit": limit})["logsForRun"]
            events = answer.get("events", [])
            lines += [_line(event) for event in events if event.get("timestamp")]
            if not answer.get("hasMore") or not events:
                break
            cursor = answer["cursor"]
        return tuple(lines)

    def _runs(self, filter_: Mapping[str, Any], limit: int) -> tuple[PipelineRun, ...]:
        return self._read(self._ask(queries.RUNS, {"filter": dict(filter_), "limit": limit})["runsOrError"])

    def _read(self, answer: Mapping[str, Any]) -> tuple[PipelineRun, ...]:
        if answer["__typename"] != "Runs":
            raise self._refused(answer)
        return tuple(_run(row) for row in answer["results"])

    def _ask(self, query: str, variables: dict[str, Any], timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        import httpx

        try:
            with httpx.Client(timeout=timeout_s, trust_env=False) as client:
                answer = client.post(
                    f"{self.address}/graphql", json={"query": query, "variables": variables}
                ).json()
        except (httpx.HTTPError, ValueError) as problem:
            raise Unavailable(
                f"Dagster at {self.address} does not answer: {problem}",
                "See `trainplat status`; `trainplat up` starts it.",
            ) from problem
        if answer.get("errors"):
            raise self._refused({"message": answer["errors"][0]["message"]})
        return dict(answer["data"])

    def _refused(self, answer: Mapping[str, Any]) -> Unavailable:
        several = "; ".join(str(one["message"]) for one in answer.get("errors") or ())
        said = str(answer.get("message") or several or answer.get("__typename")).strip()
        return Unavailable(
            f"Dagster at {self.address} refused: {said}",
            "Look at Deployment in its web page: the code location may not be loaded.",
        )


STATE_WORDS = {
    RunState.WAITING: mark("waits"),
    RunState.RUNNING: mark("runs"),
    RunState.DONE: mark("done"),
    RunState.FAILED: mark("failed"),
    RunState.CANCELED: mark("canceled"),
}


def _batches(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for begin in range(0, len(names), size):
        yield names[begin : begin + size]


def _filters(name: str) -> tuple[dict[str, Any], ...]:
    """What is started as a run of a pipeline has a tag of its name; rounds of loops start by themselves."""
    return {"tags": [{"key": PIPELINE, "value": name}]}, {"pipelineName": f"{name}_round"}


def _run(row: Mapping[str, Any]) -> PipelineRun:
    tags = {one["key"]: one["value"] for one in row["tags"]}
    state = _STATES.get(row["status"], RunState.RUNNING)
    return PipelineRun(
        run_id=row["runId"],
        pipeline=tags.get(PIPELINE, ""),
        state=state,
        created_at=datetime.fromtimestamp(row["creationTime"], UTC),
        ended_at=_moment(row["endTime"]),
        steps=tuple(
            Step(
                one["stepKey"],
                _STEP_STATES.get(one["status"], RunState.RUNNING),
                _moment(one["startTime"]),
                _moment(one["endTime"]),
            )
            for one in row["stepStats"]
        ),
        reason=tags.get(REASON) if state is RunState.WAITING else None,
        parameters=json.loads(tags.get(f"{PIPELINE}_parameters", "{}")),
    )


def _line(event: Mapping[str, Any]) -> LogLine:
    error = event.get("error") or {}
    chain = [one["error"]["message"] for one in error.get("errorChain") or ()]
    cause = (chain or [error.get("message", "")])[-1]
    text = "\n".join(part.strip() for part in (event["message"], cause) if part and part.strip())
    return LogLine(
        datetime.fromtimestamp(float(event["timestamp"]) / 1000, UTC), event["level"], event["stepKey"], text
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
