"""Why the newest run of a job failed, as a program that ``trainplat`` calls. Prints one JSON object."""

import json
import sys
from typing import Any

from dagster import DagsterEventType, DagsterInstance, RunsFilter

from resources.errors import BadInput, Conflict, Denied, NotFound, Unavailable
from resources.registry.model import NoChampion

_KINDS = {
    one.__name__: int(one.exit_code)
    for one in (BadInput, Conflict, Denied, NoChampion, NotFound, Unavailable)
}
_NEXT = "\nNext: "


def why(instance: DagsterInstance, job: str) -> dict[str, Any]:
    """What the first step that failed said by itself; nothing where it broke without a word for people."""
    runs = instance.get_runs(filters=RunsFilter(job_name=job), limit=1)
    events = instance.all_logs(runs[0].run_id, of_type=DagsterEventType.STEP_FAILURE) if runs else []
    for event in events:
        failed = event.get_dagster_event().step_failure_data
        said = None if failed.user_failure_data is None else failed.user_failure_data.description
        if said:
            problem, _, following = said.partition(_NEXT)
            return {"problem": problem, "next": following, "code": _code(failed.error)}
    return {}


def _code(error: Any) -> int:
    """The exit code of the error of ours that a step ended with."""
    while error is not None:
        if error.cls_name in _KINDS:
            return _KINDS[error.cls_name]
        error = error.cause
    return int(Unavailable.exit_code)


if __name__ == "__main__":
    print(json.dumps(why(DagsterInstance.get(), sys.argv[1])))  # noqa: T201
