"""What is wrong with an annotation, and what to do, in the reader's language."""

import re

from resources.labeling.model import Problem, ProblemKind
from resources.texts import Translate, mark

# One of different answers, as the detail lists them: resources/labeling/answers.py.
_ANSWER = re.compile(r"([^,\s][^,]*) \(task (\d+)\)")

_MEND = mark("Open the task in Label Studio, choose one class, and update the annotation.")

_TEXTS: dict[ProblemKind, tuple[str, str]] = {
    ProblemKind.NO_LABEL: (mark("The annotation has no label"), _MEND),
    ProblemKind.TWO_LABELS: (mark("The annotation has more than one label: {detail}"), _MEND),
    ProblemKind.OUTSIDE_CLASSES: (mark("{detail} is none of the classes"), _MEND),
    ProblemKind.DIFFERENT_ANSWERS: (
        mark("One sample has different answers: {detail}"),
        mark("Make the answers agree in Label Studio, or delete the wrong one."),
    ),
    ProblemKind.UNKNOWN_SAMPLE: (
        mark("The task was never asked by the platform"),
        mark("Delete it in Label Studio, or add its picture to the source of the data set."),
    ),
    ProblemKind.DELETED_TASK: (
        mark("The task was deleted before anybody answered"),
        mark("Nothing waits for it: the sample is in the pool again."),
    ),
    ProblemKind.IN_REVIEW: (
        mark("The answer {detail} went back to people"),
        mark("Look again in Label Studio, where the task says why: the next answer is final."),
    ),
    ProblemKind.SKIPPED_TASK: (
        mark("The task was skipped"),
        mark("Nothing waits for it. If it can be told after all, submit an answer in Label Studio."),
    ),
}


def in_words(problem: Problem, _: Translate) -> tuple[str, str]:
    """What is wrong, and what to do."""
    what, to_do = _TEXTS[problem.finding.kind]
    return _(what).format(detail=_detail(problem, _)), _(to_do)


def _detail(problem: Problem, _: Translate) -> str:
    detail = problem.finding.detail
    if problem.finding.kind is not ProblemKind.DIFFERENT_ANSWERS:
        return detail
    answer = _("{label} (task {number})")
    return _ANSWER.sub(lambda one: answer.format(label=one[1], number=one[2]), detail)
