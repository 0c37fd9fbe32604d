"""The template ``loop``: a data set with the seven steps of its loop."""

from dataclasses import fields, is_dataclass, replace
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from resources.asking import QueryPlan, Strategy
from resources.continual import EVERYTHING, ContinualSettings, can_go_on
from resources.data.making.made.mentions import fill_with_mentions
from resources.data.making.made.notes import fill_with_notes
from resources.data.making.made.scenes import fill_with_scenes
from resources.data.making.source import fill_with_digits
from resources.data.spec import DatasetSpec, DriftLimits
from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.gpu.manual.naming import checked_project
from resources.gpu.requests.grammar import parse_request
from resources.kinds import Kind
from resources.pipelines.specs.common import DeviceSpec, as_value_errors
from resources.pipelines.specs.named import (
    SOURCES,
    Place,
    gates_of,
    gates_schema,
    policy_of,
    policy_schema,
    read_by,
    schema_of,
    schema_of_transforms,
    sources_of,
    transforms_of,
)
from resources.pipelines.specs.nested import Wrong, refusal, refused_alone
from resources.reviews import ReviewPlan
from resources.serving.scaling.plan import scaling_of
from resources.showing import ShownFrom
from resources.terms import DatasetName, Label
from resources.texts import mark
from resources.train_settings import SINGLE, TrainSettings

FILLED_WITH = {
    "digits": fill_with_digits,
    "mentions": fill_with_mentions,
    "notes": fill_with_notes,
    "scenes": fill_with_scenes,
}
"""What can fill a source folder by itself."""

Side = Annotated[int, Field(ge=1)]


def _declared(name: str, kind: type[Any]) -> WrapValidator:
    """What is declared as one of our values, which refuse what cannot be by themselves."""

    def read(given: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        others = _unknown(name, kind, given)
        if others:
            raise refusal(*others)
        if isinstance(
            given, dict
        ):  # a file has lists only, and a validator that wraps takes none for a tuple
            given = {one: tuple(value) if isinstance(value, list) else value for one, value in given.items()}
        try:
            return validate(given)
        except BadInput as problem:
            raise refusal(*(refused_alone(validate, given) or (Wrong((), problem.one_line),))) from problem

    return WrapValidator(read)


def _unknown(name: str, kind: type[Any], given: Any, at: Place = ()) -> list[Wrong]:
    """The names in what is given that none of its fields has, at each depth."""
    if not isinstance(given, dict):
        return []
    known = {one.name: one.type for one in fields(kind)}
    has = f"it has {', '.join(known)}"
    wrong = [
        Wrong((*at, one), f"{name} has no {one}; {has}", is_key=True) for one in given if one not in known
    ]
    for one, value in given.items():
        part = known.get(one)
        if isinstance(part, type) and is_dataclass(part):
            wrong += _unknown(f"{name}.{one}", part, value, (*at, one))
    return wrong


class LoopSpec(DeviceSpec):
    """Collects, splits, trains, evaluates, decides, asks people, and begins again with what they answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200, description=mark("How people call the data set."))
    classes: list[str] = Field(
        min_length=2, description=mark("The labels that exist, in the order of a model's outputs.")
    )
    image_size_px: tuple[Side, Side] = Field(
        description=mark(
            "Height and width of the grey images that a model sees, without colour; "
            "of texts 1 and the bytes it reads."
        )
    )
    kind: Kind = Field(
        Kind.IMAGE_CLASSES, description=mark("What a sample is, and what people say about it.")
    )
    first_labelled: int = Field(ge=1, description=mark("Samples that are labelled in the first version."))
    test_count: int = Field(ge=1, description=mark("Samples that are held out for testing."))
    labels_per_round: int = Field(
        ge=1, description=mark("How many samples people are asked about at a time.")
    )
    stratified: bool = Field(True, description=mark("Whether each class gives its share of the test set."))
    seed: int | None = Field(
        None, ge=0, description=mark("What chance is drawn from; empty for TRAINPLAT_SEED.")
    )
    filled_with: str | None = Field(
        None,
        json_schema_extra={"enum": [None, *sorted(FILLED_WITH)]},
        description=mark("What fills the source folder by itself; empty where people do."),
    )
    arrivals_per_version: int | None = Field(
        None, ge=1, description=mark("So many new samples make a version; empty for labels_per_round.")
    )
    strategy: Strategy = Field(
        QueryPlan.strategy, description=mark("How the value of a question is measured.")
    )
    random_share: float = Field(
        QueryPlan.random_share,
        ge=0,
        le=1,
        description=mark("The share of each batch that is drawn at random."),
    )
    against_random: bool = Field(
        QueryPlan.against_random,
        description=mark(
            "Whether its rounds are held against random asking, by a small training now and then."
        ),
    )
    shown_from: str = Field(
        "",
        description=mark(
            "Where pictures are shown from: empty for this disk, s3://bucket/prefix or https://…"
        ),
    )
    originals_shown: bool = Field(
        ShownFrom.originals,
        description=mark(
            "Whether pictures that came from a bucket or the web are shown from there, and not copied."
        ),
    )
    s3_endpoint: str | None = Field(
        None, description=mark("Where the S3 of shown_from answers; empty for Amazon's.")
    )
    continual: Annotated[ContinualSettings, _declared("continual", ContinualSettings)] = Field(
        default_factory=ContinualSettings,
        description=mark("How a model goes on from the champion without forgetting what that one knows."),
    )
    training: Annotated[TrainSettings, _declared("training", TrainSettings)] = Field(
        default_factory=TrainSettings,
        description=mark("How its models are trained: epochs, batch size, learning rate and the like."),
    )
    most_forgotten: float = Field(
        DatasetSpec.most_forgotten,
        ge=0,
        le=1,
        description=mark(
            "By how much a new model may be below the best before it on what was learnt earlier."
        ),
    )
    review: Annotated[ReviewPlan, _declared("review", ReviewPlan)] = Field(
        default_factory=ReviewPlan, description=mark("What goes back to people before it counts.")
    )
    drift: Annotated[DriftLimits, _declared("drift", DriftLimits)] = Field(
        default_factory=DriftLimits,
        description=mark("From where on a version is said to have drifted from its parent."),
    )

    deploy: Annotated[DeployPlan, _declared("deploy", DeployPlan)] = Field(
        default_factory=DeployPlan,
        description=mark("How a promoted model goes live, when it is taken back, and how it is served."),
    )
    triggers: Annotated[dict[str, Any] | None, read_by(policy_of)] = Field(
        None,
        json_schema_extra=lambda told: told.update(properties=policy_schema()),
        description=mark(
            "When it trains again by itself, and what holds that back; empty for what is usual."
        ),
    )
    gates: Annotated[dict[str, Any] | None, read_by(gates_of)] = Field(
        None,
        json_schema_extra=lambda told: told.update(properties=gates_schema()),
        description=mark("What a model must pass before it is promoted; empty for what is usual."),
    )
    licence: str = Field(
        "",
        max_length=200,
        description=mark("On what terms the data may be used, such as CC-BY-4.0; empty where nobody said."),
    )
    sources: Annotated[list[Any], read_by(sources_of)] = Field(
        default_factory=list,
        json_schema_extra=lambda told: told.update(items=schema_of(SOURCES)),
        description=mark("Where samples come from besides the source folder."),
    )
    watched: Annotated[list[Any], read_by(sources_of)] = Field(
        default_factory=list,
        json_schema_extra=lambda told: told.update(items=schema_of(SOURCES)),
        description=mark("Where new samples come from by themselves, besides the inbox."),
    )
    transforms: Annotated[list[Any], read_by(transforms_of)] = Field(
        default_factory=list,
        json_schema_extra=lambda told: told.update(items=schema_of_transforms()),
        description=mark("What is done to each picture before a model sees it, in this order."),
    )

    def dataset(self, name: str) -> DatasetSpec:
        """The data set that is declared. Raises BadInput for what no version could be made of."""
        return DatasetSpec(
            name=DatasetName(name),
            title=self.title,
            classes=tuple(Label(one) for one in self.classes),
            image_size_px=self.image_size_px,
            kind=self.kind,
            first_labelled=self.first_labelled,
            test_count=self.test_count,
            labels_per_round=self.labels_per_round,
            stratified=self.stratified,
            seed=self.seed,
            fill_source=None if self.filled_with is None else FILLED_WITH[self.filled_with],
            arrivals_per_version=self.arrivals_per_version,
            query=QueryPlan(self.strategy, self.random_share, self.against_random),
            continual=self.continual if self._names_a_method() else EVERYTHING,
            training=self.training,
            runs=self.run_plan(),
            most_forgotten=self.most_forgotten,
            review=self.review,
            drift=self.drift,
            deploy=replace(self.deploy, project=self.deploy.project or self.project),
            shown_from=ShownFrom(self.shown_from, self.s3_endpoint, originals=self.originals_shown),
            triggers=policy_of(self.triggers),
            gates=gates_of(self.gates),
            licence=self.licence.strip(),
            sources=sources_of(self.sources),
            watched=sources_of(self.watched),
            transforms=transforms_of(self.transforms),
        )

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.filled_with is not None and self.filled_with not in FILLED_WITH:
            raise ValueError(
                f"filled_with is {self.filled_with!r}; expected one of {', '.join(sorted(FILLED_WITH))}"
            )
        request = parse_request(str(self.gpu))
        if request.count > 1 and self.training.parallel == SINGLE:
            raise ValueError(
                f"gpu is {self.gpu!r}, {request.count} devices; expected one at most, or ddp for parallel of "
                "training: a single process trains on one device"
            )
        if self._names_a_method() and not can_go_on(self.kind, self.continual):
            expected = "'joint': boxes are learnt from everything each time"
            if self.kind is Kind.ENTITIES:
                expected = "another one: names in texts cannot be learnt by it"
            raise ValueError(
                f"continual.method is {self.continual.method.value!r} for a data set of {self.kind.value}; "
                f"expected {expected}. Say continual: {{method: joint}}, or leave continual out"
            )
        with as_value_errors():
            parse_request(self.deploy.gpu)
            if self.deploy.project is not None:
                checked_project(self.deploy.project)
            scaling_of(self.deploy)
            self.dataset("data")
        return self

    def _names_a_method(self) -> bool:
        """Whether how it goes on is said, or is what is usual for its kind."""
        return self.kind.has_one_class or "continual" in self.model_fields_set
