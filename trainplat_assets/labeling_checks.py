"""Checks of what is asked and of what people answered."""

from collections import Counter
from collections.abc import Sequence

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    MetadataValue,
)

from resources.data.model import Split
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.labeling.model import ProblemKind, QuestionState
from resources.labeling.predictions import PredictionFiles
from resources.labeling.resource import LabelStudioResource
from resources.marks import flaw
from resources.terms import VersionKey
from trainplat_assets.partitioned_checks import partitioned_check

SHOWN = 20


def build_labeling_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks of ``query`` and ``label_tasks``: only what may be asked, one task each, no bad answers."""
    return [_pool_check(spec), _tasks_check(spec), _answers_check(spec)]


def _pool_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "query"]),
        name="asks_only_the_pool",
        description="Each chosen sample is in the pool, none twice, each guess a class. Blocks the asking.",
        partitions=versions_partitions(spec.name),
        blocking=True,
    )
    def asks_only_the_pool(
        context: AssetCheckExecutionContext, data: DataResource, labeling: LabelStudioResource
    ) -> AssetCheckResult:
        version = VersionKey(context.partition_key)
        picks = PredictionFiles(labeling.service().home).read_query(spec.name, version).picks
        samples = data.service().samples(spec.name, version)
        pool = {sample.id for sample in samples if sample.split is Split.POOL}
        often = Counter(pick.sample for pick in picks)
        found = [f"{pick.sample} is not in the pool" for pick in picks if pick.sample not in pool]
        found += [f"{sample} is chosen {count} times" for sample, count in often.items() if count > 1]
        wrong = [(pick.guess, flaw(spec.kind, pick.guess, spec.classes)) for pick in picks]
        found += [f"guess {guess} is no class" for guess, reason in wrong if reason is not None]
        return _result(found, {"questions": len(picks)})

    return asks_only_the_pool


def _tasks_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "label_tasks"]),
        name="every_question_has_a_task",
        description="Every question that waits for a person has a task in Label Studio.",
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def every_question_has_a_task(
        context: AssetCheckExecutionContext, labeling: LabelStudioResource
    ) -> AssetCheckResult:
        questions = labeling.service().questions(spec.name, VersionKey(context.partition_key))
        waiting = [question for question in questions if question.state is QuestionState.OPEN]
        found = [f"{question.sample} has no task" for question in waiting if question.task is None]
        return _result(found, {"questions": len(questions), "open": len(waiting)})

    return every_question_has_a_task


def _answers_check(spec: DatasetSpec) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, "label_tasks"]),
        name="answers_can_be_used",
        description="No answer that was given so far keeps its question open. Warns, and says what to mend.",
        partitions=versions_partitions(spec.name),
        blocking=False,
    )
    def answers_can_be_used(
        context: AssetCheckExecutionContext, labeling: LabelStudioResource
    ) -> AssetCheckResult:
        service = labeling.service()
        asked = {one.sample for one in service.questions(spec.name, VersionKey(context.partition_key))}
        found = [
            f"{problem.problem}. {problem.next_step}"
            for problem in service.problems(spec.name)
            if problem.blocks
            and problem.sample in asked
            and problem.finding.kind is not ProblemKind.IN_REVIEW
        ]
        return _result(found, {}, AssetCheckSeverity.WARN)

    return answers_can_be_used


def _result(
    found: Sequence[str],
    numbers: dict[str, int],
    severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
) -> AssetCheckResult:
    metadata: dict[str, MetadataValue[str] | int] = dict(numbers)
    if found:
        lines = [f"- {one}" for one in found[:SHOWN]]
        metadata["findings"] = MetadataValue.md("\n".join(lines))
    return AssetCheckResult(
        passed=not found,
        severity=severity,
        description=f"{len(found)} found" if found else None,
        metadata=metadata,
    )
