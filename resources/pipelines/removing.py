"""What keeps a pipeline from being removed: others that name it, and runs that wait or run."""

from collections.abc import Collection, Iterator

from resources.errors import Conflict
from resources.pipelines.folder import Broken, Folder
from resources.pipelines.runs import PipelineRun, PipelineRuns
from resources.pipelines.specs.common import Spec
from resources.pipelines.specs.custom import CustomSpec
from resources.pipelines.specs.evaluation import EvaluationSpec
from resources.pipelines.specs.finetune import FinetuneSpec
from resources.pipelines.specs.inference import InferenceSpec


def refuse_used(folder: Folder, name: str) -> None:
    """Raise Conflict where another pipeline of the folder names this one; broken files are not seen."""
    users = [
        one.name
        for one in folder.all()
        if not isinstance(one, Broken) and one.name != name and name in set(_named(one.spec))
    ]
    if users:
        raise Conflict(
            f"the pipeline {name} is used by {', '.join(users)}",
            f"Change or remove {'these' if len(users) > 1 else 'that one'} first.",
        )


def refuse_running(runs: PipelineRuns | None, name: str) -> None:
    """Raise Conflict where runs of it wait or run, as far as Dagster is known to run.

    Raises Unavailable where it should answer and does not.
    """
    busy: Collection[PipelineRun] = () if runs is None else runs.unfinished(name)
    if busy:
        told = ", ".join(one.run_id[:8] for one in busy)
        raise Conflict(
            f"the pipeline {name} has runs that are not done: {told}",
            "Let them end, or cancel them in the Dagster UI.",
        )


def _named(spec: Spec) -> Iterator[str]:
    """The names of the pipelines that a file draws on."""
    match spec:
        case FinetuneSpec():
            models = [spec.start_from]
        case EvaluationSpec():
            models = spec.of
        case InferenceSpec():
            models = [spec.of]
        case CustomSpec():
            models = spec.after
        case _:
            models = []
    for one in models:
        yield one.partition("/")[0]
