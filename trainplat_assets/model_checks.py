"""Checks between a measured model and its promotion."""

from collections.abc import Sequence

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
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.registry import sanity
from resources.registry.model import RoundEvaluation
from resources.registry.resource import MlflowResource
from resources.terms import VersionKey
from sensors.attempts import WHAT_NEXT
from trainplat_assets import forgetting, model_round
from trainplat_assets.partitioned_checks import partitioned_check

RECALL_LOSS = 0.15
"""How much of a class the new model may find less than the champion before a person is warned."""

FORGET_LESS = (
    "In the data set's declaration give `continual` a larger `buffer_size`, a method that forgets less "
    "(derpp, joint), or `joint_every`, and delete the model's version in MLflow. Or, to have this model all "
    "the same, materialize the champion by hand."
)


def build_model_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks of the asset ``evaluation``: three that stop a promotion, one that warns."""
    return [_accuracy_check(spec), _test_set_check(spec), _forgetting_check(spec), _recall_check(spec)]


def _accuracy_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "evaluation"]),
        name="accuracy_above_chance",
        description=(
            f"The {spec.kind.measure.words} fits the confusion table and is better than guessing. "
            "Blocks a promotion."
        ),
        partitions=versions_partitions(spec.name),
        blocking=True,
    )
    def accuracy_above_chance(
        context: AssetCheckExecutionContext, registry: MlflowResource
    ) -> AssetCheckResult:
        evaluation = _evaluation(spec, registry, VersionKey(context.partition_key))
        return _result(
            sanity.accuracy_problems(evaluation),
            {
                str(spec.kind.measure): evaluation.challenger_scores.accuracy,
                "bar": sanity.chance_bar(evaluation),
            },
            next_step="Mend its labels by a commit, which makes the next version, or how it is trained.",
        )

    return accuracy_above_chance


def _test_set_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "evaluation"]),
        name="same_test_set",
        description=(
            "Both models were measured on the same images, those of the parent version's round; for classes "
            "that came since there are more. Blocks a promotion."
        ),
        partitions=versions_partitions(spec.name),
        blocking=True,
    )
    def same_test_set(
        context: AssetCheckExecutionContext, data: DataResource, registry: MlflowResource
    ) -> AssetCheckResult:
        version = VersionKey(context.partition_key)
        evaluation = _evaluation(spec, registry, version)
        parent = data.service().version(spec.name, version).parent
        before = registry.service().evaluation(spec.name, parent) if parent else None
        old_part = None
        if before is not None and before.tested_classes < evaluation.tested_classes:
            test = data.service().images(spec.name, version, Split.TEST)
            old_part = model_round.identity_of(test, before.tested_classes, spec.kind)
        return _result(
            sanity.measurement_problems(evaluation, before, old_part),
            {"test_set": evaluation.test_set, "test_images": evaluation.test_count},
            next_step="Restore the test images that the one before was measured on.",
        )

    return same_test_set


def _forgetting_check(spec: DatasetSpec) -> AssetChecksDefinition:
    points = f"{100 * spec.most_forgotten:g}"

    @partitioned_check(
        AssetKey([spec.name, "evaluation"]),
        name="little_forgotten",
        description=(
            f"On the test images of each task that was learnt earlier, the new model is at most {points} "
            f"points below the best version. Blocks a promotion. What to do: {FORGET_LESS}"
        ),
        partitions=versions_partitions(spec.name),
        blocking=True,
    )
    def little_forgotten(
        context: AssetCheckExecutionContext, data: DataResource, registry: MlflowResource
    ) -> AssetCheckResult:
        version = VersionKey(context.partition_key)
        _evaluation(spec, registry, version)
        matrix = forgetting.matrix_up_to(spec, version, data.service(), registry.service())
        if matrix is None:
            return _result([], {})
        return _result(
            forgetting.problems_of(matrix, spec.most_forgotten),
            {"forgetting": matrix.forgetting, "allowed": spec.most_forgotten},
            next_step=FORGET_LESS,
        )

    return little_forgotten


def _recall_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "evaluation"]),
        name="no_class_forgotten",
        description=f"No class is found more than {RECALL_LOSS:.0%} less often than by the champion. Warns.",
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def no_class_forgotten(context: AssetCheckExecutionContext, registry: MlflowResource) -> AssetCheckResult:
        evaluation = _evaluation(spec, registry, VersionKey(context.partition_key))
        return _result(sanity.forgotten_classes(evaluation, RECALL_LOSS), {}, AssetCheckSeverity.WARN)

    return no_class_forgotten


def _evaluation(spec: DatasetSpec, registry: MlflowResource, version: VersionKey) -> RoundEvaluation:
    found = registry.service().evaluation(spec.name, version)
    if found is None:
        raise NotFound(
            f"{spec.name} {version} has no evaluation",
            f"Materialize {spec.name}/evaluation for partition {version} first.",
        )
    return found


def _result(
    problems: Sequence[str],
    metadata: dict[str, float | int | str],
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
    next_step: str = "",
) -> AssetCheckResult:
    told = {WHAT_NEXT: next_step} if problems and next_step else {}
    return AssetCheckResult(
        passed=not problems,
        severity=severity,
        description="; ".join(problems) or None,
        metadata={**metadata, **told},
    )
