"""Whether the data, or the errors, outgrow the champion: a check that proposes a search."""

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
)

from resources.data.model import Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.learning.evaluation import evaluate
from resources.learning.structure.outgrown import Standing, reasons
from resources.registry.resource import MlflowResource
from resources.registry.service import RegistryService
from resources.terms import VersionKey, version_order
from trainplat_assets.labels import labels_of
from trainplat_assets.partitioned_checks import partitioned_check


def build_structure_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The check ``structure_fits`` of the asset ``champion``."""

    @partitioned_check(
        AssetKey([spec.name, "champion"]),
        name="structure_fits",
        description=(
            "The champion is large enough for the labels that there are, and still gains from new ones. "
            "Where not, a structure search is proposed. Warns."
        ),
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def structure_fits(
        context: AssetCheckExecutionContext, data: DataResource, registry: MlflowResource
    ) -> AssetCheckResult:
        at = standing(spec, VersionKey(context.partition_key), data.service(), registry.service())
        found = reasons(at)
        command = f"trainplat structure search {spec.name} --budget-gpu-h 1"
        return AssetCheckResult(
            passed=not found,
            severity=AssetCheckSeverity.WARN,
            description=" ".join([*found, f"Start a search: {command}"]) if found else "It fits.",
            metadata={
                "train_accuracy": at.train_accuracy,
                "labels": at.labels,
                "weights": at.parameters,
                "accuracies": ", ".join(f"{one:.2%}" for one in at.accuracies),
                "command": command,
            },
        )

    return [structure_fits]


def standing(
    spec: DatasetSpec, version: VersionKey, data: DataService, registry: RegistryService
) -> Standing:
    """What is known of the champion after the round of ``version``. Raises NotFound before it is decided."""
    from resources.learning.network import from_bytes
    from resources.learning.structure.growing import parameters_of

    champion = registry.champion_after(spec.name, version)
    if champion is None:
        raise NotFound(
            f"the round of {spec.name} {version} is not decided",
            f"Materialize {spec.name}/champion for partition {version} first.",
        )
    weights = registry.weights(champion)
    train = data.images(spec.name, version, Split.TRAIN)
    network = from_bytes(weights)
    made = [
        one for one in registry.decisions(spec.name) if version_order(one.version) <= version_order(version)
    ]
    return Standing(
        train_accuracy=evaluate(weights, train.images, labels_of(train), spec.classes).accuracy,
        labels=len(train.ids),
        parameters=parameters_of(network),
        accuracies=[max(one.accuracy_new, one.accuracy_old or 0.0) for one in made],
    )
