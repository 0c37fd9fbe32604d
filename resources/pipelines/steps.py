"""The steps of a pipeline: what it makes, by name."""

from resources.pipelines.model import Pipeline
from resources.pipelines.specs.evaluation import EvaluationSpec
from resources.pipelines.specs.inference import InferenceSpec
from resources.pipelines.specs.training import TrainingSpec


def step_names(pipeline: Pipeline) -> tuple[str, ...]:
    """The last parts of the keys of its assets; none for a loop, whose steps are not told by its file."""
    spec = pipeline.spec
    if isinstance(spec, TrainingSpec):
        return ("model",) if len(spec.seeds) == 1 else tuple(f"seed_{seed}" for seed in spec.seeds)
    if isinstance(spec, EvaluationSpec):
        return tuple(of.replace("/", "_seed_") for of in spec.of)
    if isinstance(spec, InferenceSpec):
        return ("answers",) if spec.parts == 1 else tuple(f"part_{part}" for part in range(spec.parts))
    return () if pipeline.template.name == "loop" else ("result",)
