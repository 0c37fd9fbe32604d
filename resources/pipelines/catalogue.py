"""The templates by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from resources.errors import NotFound
from resources.pipelines.specs.common import Spec
from resources.pipelines.specs.custom import CustomSpec
from resources.pipelines.specs.evaluation import EvaluationSpec
from resources.pipelines.specs.finetune import FinetuneSpec
from resources.pipelines.specs.inference import InferenceSpec
from resources.pipelines.specs.loop import LoopSpec
from resources.pipelines.specs.pretrain import PretrainSpec
from resources.texts import mark

PACKAGE = "trainplat_assets.templates"


@dataclass(frozen=True)
class Template:
    """One kind of pipeline."""

    name: str
    component: str
    """The class in :data:`PACKAGE` that makes definitions of it."""
    spec: type[Spec]
    summary: str
    """What it is for, to be translated."""

    @property
    def type(self) -> str:
        """What a file names."""
        return f"{PACKAGE}.{self.component}"

    def schema(self) -> dict[str, Any]:
        """The JSON schema of its parameters."""
        told = self.spec.model_json_schema()
        for one in told["properties"].values():
            if "$ref" in one and "description" not in one:
                # pydantic leaves it out where its type says the very same.
                its_type = told["$defs"][one["$ref"].rpartition("/")[2]]
                one["description"] = its_type.get("description", "")
        return told


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        one.name: one
        for one in (
            Template("pretrain", "Pretrain", PretrainSpec, mark("Trains a model from nothing.")),
            Template(
                "finetune", "Finetune", FinetuneSpec, mark("Goes on with the model of another pipeline.")
            ),
            Template("evaluation", "Evaluation", EvaluationSpec, mark("Measures models of other pipelines.")),
            Template(
                "inference", "Inference", InferenceSpec, mark("Lets a model answer each line of a file.")
            ),
            Template("custom", "Custom", CustomSpec, mark("Calls a function of yours.")),
            Template(
                "loop",
                "Loop",
                LoopSpec,
                mark("A data set with its loop: from samples to a champion, and back to people."),
            ),
        )
    }
)


def template(name: str) -> Template:
    """The template of this name. Raises NotFound."""
    if name not in TEMPLATES:
        raise NotFound(f"there is no template {name!r}", f"Choose one of {', '.join(TEMPLATES)}.")
    return TEMPLATES[name]


def template_of_type(type_: str) -> Template | None:
    """The template that a file names; None for another component."""
    return next((one for one in TEMPLATES.values() if one.type == type_), None)
