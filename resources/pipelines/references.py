"""What a pipeline draws on, looked at before it runs: models of others, files, functions, scores."""

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from resources.errors import TrainplatError
from resources.learning.distributed.plan import TaskChoice
from resources.learning.distributed.tasks.catalogue import SCORES, wrong_settings
from resources.pipelines.folder import Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.positions import Place, Positions
from resources.pipelines.problems import BadPipeline, Problem
from resources.pipelines.reading import span_of
from resources.pipelines.specs.custom import CustomSpec
from resources.pipelines.specs.evaluation import EvaluationSpec
from resources.pipelines.specs.finetune import FinetuneSpec
from resources.pipelines.specs.inference import InferenceSpec
from resources.pipelines.specs.training import TrainingSpec
from resources.pipelines.steps import step_names


@dataclass(frozen=True)
class Unmet:
    """One thing that is named and is not there."""

    place: Place
    """Of the value among the parameters."""
    message: str
    is_key: bool = False


def unmet(pipeline: Pipeline, folder: Folder) -> tuple[Unmet, ...]:
    """All that is known, without running it, to be missing."""
    match pipeline.spec:
        case FinetuneSpec(start_from=start):
            found = list(_model(("start_from",), start, pipeline, folder))
        case EvaluationSpec():
            found = list(_evaluation(pipeline.spec, pipeline, folder))
        case InferenceSpec(of=of, inputs=inputs):
            found = [*_model(("of",), of, pipeline, folder), *_file(inputs)]
        case CustomSpec(call=call, after=after):
            found = [*_function(call), *_assets(after, folder)]
        case _:
            found = []
    return tuple(found)


def shown(pipeline: Pipeline, found: tuple[Unmet, ...]) -> BadPipeline:
    """The same at their places in the file."""
    root = yaml.compose(pipeline.text, Loader=yaml.SafeLoader)
    positions = Positions(root or yaml.ScalarNode("", ""))
    problems = tuple(
        Problem(".".join(map(str, one.place)), one.message, span_of(one.place, positions, is_key=one.is_key))
        for one in found
    )
    return BadPipeline(pipeline.path, pipeline.text, problems, pipeline.template.name)


def _model(place: Place, model: str, pipeline: Pipeline, folder: Folder) -> Iterator[Unmet]:
    name, _, seed = model.partition("/")
    said = f"{'.'.join(map(str, place))} is {model!r}"
    if name == pipeline.name:
        yield Unmet(place, f"{said}, the pipeline itself; expected another one")
        return
    try:
        other = folder.read(name)
    except TrainplatError:
        if name not in folder.names():  # else it is told of as itself
            known = ", ".join(one for one in folder.names() if one != pipeline.name) or "none"
            yield Unmet(place, f"{said}, and there is no such pipeline; there are: {known}")
        return
    if not isinstance(other.spec, TrainingSpec):
        kind = other.template.name
        yield Unmet(place, f"{said}, of template {kind}, which makes no model; expected one that trains")
        return
    steps = step_names(other)
    if (f"seed_{seed}" if seed else "model") not in steps:
        models = [name] if steps == ("model",) else [f"{name}/{one}" for one in other.spec.seeds]
        yield Unmet(place, f"{said}, and {name} makes no such model; it makes {', '.join(models)}")


def _evaluation(spec: EvaluationSpec, pipeline: Pipeline, folder: Folder) -> Iterator[Unmet]:
    tasks = set[str]()
    for number, of in enumerate(spec.of):
        wrong = list(_model(("of", number), of, pipeline, folder))
        yield from wrong
        try:
            other = None if wrong else folder.read(of.partition("/")[0]).spec
        except TrainplatError:
            continue
        if not isinstance(other, TrainingSpec):
            continue
        tasks.add(other.task)
        measured = TaskChoice(other.task, {**other.settings, **spec.settings})
        for name, said in wrong_settings(measured):
            if name in spec.settings:
                yield Unmet(("settings", name), f"settings, for {of}: {said}")
    for bounds in ("at_least", "at_most"):
        for name in getattr(spec, bounds):
            without = sorted(one for one in tasks if name not in SCORES.get(one, (name,)))
            if without:
                known = "; ".join(f"{one} has {', '.join(SCORES[one])}" for one in without)
                yield Unmet(
                    (bounds, name), f"{bounds} names the score {name!r}; the task {known}", is_key=True
                )


def _file(inputs: str) -> Iterator[Unmet]:
    path = Path(inputs).expanduser()
    if path.is_absolute() and not path.is_file():
        yield Unmet(("inputs",), f"inputs is {inputs!r}, and there is no such file; expected one of lines")


def _function(call: str) -> Iterator[Unmet]:
    module, _, name = call.partition(":")
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        yield Unmet(
            ("call",), f"call is {call!r}, and there is no module {module}; expected one that is installed"
        )
        return
    if found.origin is None or not found.origin.endswith(".py"):
        return
    source = Path(found.origin).read_text(encoding="utf-8", errors="replace")
    may_hide_it = re.search(r"import \*|__getattr__|globals\(", source) is not None
    if not may_hide_it and re.search(rf"\b{name}\b", source) is None:
        yield Unmet(("call",), f"call is {call!r}, and {module} has no {name}; expected a function of it")


def _assets(after: list[str], folder: Folder) -> Iterator[Unmet]:
    """Assets of pipelines; those of code are not known here."""
    for number, asset in enumerate(after):
        name, _, step = asset.partition("/")
        if name not in folder.names():
            continue
        try:
            other = folder.read(name)
        except TrainplatError:
            continue
        steps = step_names(other)
        if steps and step not in steps:
            said = f"after.{number} is {asset!r}, and {name} makes no such asset"
            yield Unmet(("after", number), f"{said}; it makes {', '.join(f'{name}/{one}' for one in steps)}")
