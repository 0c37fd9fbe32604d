"""The loop of a data set of any kind, run through Dagster in this process, with a real Label Studio."""

from dataclasses import dataclass
from pathlib import Path

from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from resources.data.model import ConfirmedLabel
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.labeling.model import AskedQuestion
from resources.labeling.resource import LabelStudioResource
from resources.labeling.service import LabelingService
from resources.marks import canonical
from resources.registry.model import Decision
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, Label, SampleId, VersionKey
from trainplat_assets.data_assets import build_data_assets
from trainplat_assets.data_checks import build_data_checks
from trainplat_assets.labeling_assets import build_labeling_assets
from trainplat_assets.labeling_checks import build_labeling_checks
from trainplat_assets.model_assets import build_model_assets
from trainplat_assets.model_checks import build_model_checks
from trainplat_assets.random_asking_assets import build_random_asking_assets

ANNA = Actor("user:anna")


@dataclass(frozen=True)
class KindLoop:
    """One data set in one home."""

    spec: DatasetSpec
    home: Home

    @property
    def data(self) -> DataService:
        return DataService(self.home, self.home.database())

    @property
    def people(self) -> LabelingService:
        return LabelingService(self.home, self.home.database())

    @property
    def registry(self) -> RegistryService:
        return RegistryService(self.home, self.home.database())

    def round(self, version: VersionKey) -> Decision:
        """From collecting to the champion, with every check; then what the champion asks."""
        built = [
            *build_data_assets(self.spec),
            *build_data_checks(self.spec),
            *build_model_assets(self.spec),
            *build_model_checks(self.spec),
            *build_labeling_assets(self.spec),
            *build_labeling_checks(self.spec),
            *build_random_asking_assets(self.spec),
        ]
        with DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions(str(versions_partitions(self.spec.name).name), [version])
            result: ExecuteInProcessResult = materialize(
                built,
                partition_key=version,
                instance=instance,
                resources={
                    "data": DataResource(),
                    "gpu": GpuResource(),
                    "labeling": LabelStudioResource(),
                    "registry": MlflowResource(),
                },
            )
        assert result.success
        failed = [one.check_name for one in result.get_asset_check_evaluations() if not one.passed]
        assert [name for name in failed if name not in WARNINGS] == []
        decision = self.registry.decision(self.spec.name, version)
        assert decision is not None
        return decision

    def first(self) -> Decision:
        """The first round."""
        self.data.plan_first(self.spec, ANNA)
        return self.round(FIRST_VERSION)

    def open_questions(self) -> list[AskedQuestion]:
        """In the order of work."""
        return self.people.questions_open(self.spec.name)

    def truth(self) -> dict[SampleId, Label]:
        """What a person would answer who is never wrong."""
        said = self.data.true_labels(self.spec.name)
        return {sample: canonical(self.spec.kind, answer) for sample, answer in said.items()}

    def answer(self, question: AskedQuestion, answer: Label) -> None:
        """As a person who submits it."""
        assert question.task is not None
        self.people.client.annotate(question.task, [answer], self.spec.kind)

    def next(self) -> Decision:
        """Hear what people answered, and run the round of the version that takes it up."""
        self.people.poll(self.spec.name, None, actor=ANNA)
        taken = self.data.taken_refs(self.spec.name)
        new = [
            ConfirmedLabel(one.sample, one.label, one.ref)
            for one in self.people.confirmed(self.spec.name)
            if one.ref not in taken
        ]
        return self.round(self.data.plan_next(self.spec, new, ANNA).version)


WARNINGS = frozenset({"no_near_duplicates", "no_drift_from_the_parent", "no_class_forgotten"})
"""Checks that only tell a person something."""


def kind_loop(spec: DatasetSpec, home: Path) -> KindLoop:
    """The loop of ``spec`` in a home."""
    return KindLoop(spec, Home(home))
