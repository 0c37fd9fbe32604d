"""Talking to Dagster as its web page does: through the web server's GraphQL."""

from collections.abc import Mapping
from typing import Any

import httpx

from resources.errors import Unavailable
from resources.terms import DatasetName, VersionKey
from trainplat_cli.demo.model import ASK_JOB, DATASET, ROUND_JOB, RunState, RunView
from trainplat_cli.supervisor.prepare import LOCATION
from trainplat_cli.texts import _

TIMEOUT_S = 30.0
REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": LOCATION}
PARTITION_TAG = "dagster/partition"
REASON_TAG = "trainplat/reason"

RUNS = """query Runs($filter: RunsFilter) {
  runsOrError(limit: 100, filter: $filter) {
    __typename
    ... on Runs { results {
      runId jobName status creationTime endTime tags { key value } stepStats { stepKey status }
    } }
    ... on PythonError { message }
  }
}"""
ADD_PARTITION = """mutation Add($repository: RepositorySelector!, $name: String!, $key: String!) {
  addDynamicPartition(repositorySelector: $repository, partitionsDefName: $name, partitionKey: $key) {
    __typename
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}"""
LAUNCH = """mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on Error { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
FAILURES = """query Failures($run: ID!) {
  logsForRun(runId: $run, limit: 1000) {
    ... on EventConnection { events {
      __typename
      ... on ExecutionStepFailureEvent { stepKey error { message errorChain { error { message } } } }
      ... on RunFailureEvent { message error { message } }
    } }
  }
}"""
SAID = """query Said($run: ID!, $after: String) {
  logsForRun(runId: $run, afterCursor: $after, limit: 500) {
    __typename
    ... on EventConnection { cursor events {
      __typename
      ... on LogMessageEvent { message }
      ... on ExecutionStepStartEvent { stepKey }
    } }
  }
}"""
STATES = {
    "NOT_STARTED": RunState.WAITING,
    "QUEUED": RunState.WAITING,
    "STARTING": RunState.RUNNING,
    "STARTED": RunState.RUNNING,
    "CANCELING": RunState.RUNNING,
    "SUCCESS": RunState.DONE,
    "FAILURE": RunState.FAILED,
    "CANCELED": RunState.CANCELED,
}


class DagsterPage:
    """Dagster's web server at one address. Every call raises Unavailable when it does not answer well."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._http = httpx.Client(timeout=TIMEOUT_S, trust_env=False)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def run_address(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.address}/runs/{run_id}"

    def runs(self) -> tuple[RunView, ...]:
        """The runs of the loop's jobs, oldest first."""
        answer = self._ask(RUNS, {})["runsOrError"]
        if answer["__typename"] != "Runs":
            raise self._refused(answer)
        jobs = (ROUND_JOB, ASK_JOB)
        return tuple(_run(row) for row in reversed(answer["results"]) if row["jobName"] in jobs)

    def newest_round(self, dataset: DatasetName, version: VersionKey) -> RunView | None:
        """The newest run of a version's round, or None."""
        tags = [{"key": PARTITION_TAG, "value": version}]
        wanted = {"pipelineName": f"{dataset}_round", "tags": tags}
        answer = self._ask(RUNS, {"filter": wanted})["runsOrError"]
        if answer["__typename"] != "Runs":
            raise self._refused(answer)
        return next((_run(row) for row in answer["results"]), None)

    def add_version(self, version: VersionKey) -> None:
        """Register a version as a partition; one that is there already is left alone."""
        variables = {"repository": REPOSITORY, "name": f"{DATASET}_versions", "key": version}
        answer = self._ask(ADD_PARTITION, variables)["addDynamicPartition"]
        if answer["__typename"] not in ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"):
            raise self._refused(answer)

    def launch_round(self, version: VersionKey) -> str:
        """Launch the round of a version, as the button *Materialize* does. Returns the run's id."""
        return self.launch(ROUND_JOB, {}, {PARTITION_TAG: version})

    def launch(self, job: str, config: Mapping[str, object], tags: Mapping[str, str]) -> str:
        """Launch a run of a job, as its launchpad does. Returns the run's id."""
        params = {
            "selector": {**REPOSITORY, "jobName": job},
            "runConfigData": config,
            "executionMetadata": {"tags": [{"key": name, "value": value} for name, value in tags.items()]},
        }
        answer = self._ask(LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise self._refused(answer)
        return str(answer["run"]["runId"])

    def said(self, run_id: str, after: str | None) -> tuple[list[str], str | None]:
        """What a run began and logged since ``after``, and the next ``after``."""
        answer = self._ask(SAID, {"run": run_id, "after": after})["logsForRun"]
        if answer["__typename"] != "EventConnection":
            return [], after
        lines = []
        for event in answer["events"]:
            if event["__typename"] == "ExecutionStepStartEvent":
                lines.append(str(event["stepKey"]))
            elif event["__typename"] == "LogMessageEvent":
                lines.append("  " + str(event["message"]))
        return lines, answer["cursor"] or after

    def failure(self, run_id: str) -> str:
        """Why a run failed: the message at the root of it."""
        events = self._ask(FAILURES, {"run": run_id})["logsForRun"].get("events", [])
        for event in events:
            if event["__typename"] == "ExecutionStepFailureEvent" and event["error"]:
                chain = [link["error"]["message"] for link in event["error"]["errorChain"]]
                return f"{event['stepKey']}: {(chain or [event['error']['message']])[-1].strip()}"
        for event in events:
            if event["__typename"] == "RunFailureEvent":
                message = event["error"]["message"] if event["error"] else event["message"]
                return str(message).strip()
        return _("its log does not say why")

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._http.post(f"{self.address}/graphql", json={"query": query, "variables": variables})
            body = answer.json()
        except (httpx.HTTPError, ValueError) as problem:
            raise Unavailable(
                _("Dagster at {address} does not answer: {problem}").format(
                    address=self.address, problem=problem
                ),
                _("See `trainplat status`. It is asked again by itself."),
            ) from problem
        if body.get("errors"):
            raise self._refused({"message": body["errors"][0]["message"]})
        return dict(body["data"])

    def _refused(self, answer: dict[str, Any]) -> Unavailable:
        said = answer.get("message") or "; ".join(error["message"] for error in answer.get("errors", ()))
        return Unavailable(
            _("Dagster at {address} refused: {problem}").format(
                address=self.address, problem=said or answer["__typename"]
            ),
            _("Open {address} and look at Deployment: the code location may not be loaded.").format(
                address=self.address
            ),
        )


def _run(row: dict[str, Any]) -> RunView:
    tags = {tag["key"]: tag["value"] for tag in row["tags"]}
    running = [step["stepKey"] for step in row["stepStats"] if step["status"] in ("IN_PROGRESS", None)]
    return RunView(
        run_id=row["runId"],
        job=row["jobName"],
        version=VersionKey(tags.get(PARTITION_TAG, "")),
        state=STATES.get(row["status"], RunState.RUNNING),
        created_s=float(row["creationTime"]),
        ended_s=row["endTime"],
        step=running[-1] if running else None,
        reason=tags.get(REASON_TAG, ""),
    )
