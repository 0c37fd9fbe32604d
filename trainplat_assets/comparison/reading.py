"""A comparison in words: each sentence is computed from it."""

from math import comb

from resources.terms import Label
from trainplat_assets.comparison.comparing import Comparison

RARE = 0.05
"""Below this probability, what was seen is not put down to chance."""
SHOWN_CONFUSIONS = 3


def reading(comparison: Comparison) -> list[str]:
    """What a person should take from the comparison, as sentences, the most important first."""
    sentences = [_accuracy(comparison)]
    if comparison.old is not None:
        sentences += [_changed(comparison), _chance(comparison), *_classes(comparison)]
    sentences.append(_confusions(comparison))
    if len(comparison.rounds) > 2:
        sentences.append(_since_the_start(comparison))
    return sentences


def chance(fixed: int, broken: int) -> float:
    """How probable a split at least as uneven is when neither model is better: a sign test, two-sided."""
    changed = fixed + broken
    tail = sum(comb(changed, count) for count in range(min(fixed, broken) + 1))
    return min(1.0, float(2 * tail / 2**changed))


def _accuracy(comparison: Comparison) -> str:
    decision, tested = comparison.decision, comparison.evaluation.test_count
    new = f"The model of **{decision.version}**, trained on {decision.labels} labelled samples, "
    tests = _count(comparison, tested)
    if comparison.kind.has_one_class:
        new += f"gets {decision.accuracy_new:.1%} of the {tests} right"
    else:
        new += f"reaches {decision.accuracy_new:.1%} {decision.measure.words} on the {tests}"
    if decision.accuracy_old is None:
        return f"{new}. It is the first champion: there is nothing to compare it with."
    outcome = _gain(comparison, decision.accuracy_new - decision.accuracy_old)
    outcome += ": it is the new champion" if decision.promoted else ": the champion stays"
    outcome += f", as its gates bar it ({decision.barred})" if decision.barred else ""
    old = f"the champion before it, from {comparison.old_version}, {decision.accuracy_old:.1%}"
    return f"{new}; {old}. {outcome}."


def _gain(comparison: Comparison, gain: float) -> str:
    points = round(100 * gain, 1)
    count = round(gain * comparison.evaluation.test_count)
    if not (count if comparison.kind.has_one_class else points):
        return "They are equally good"
    if not comparison.kind.has_one_class:  # so much of the marks, whichever samples they are in
        return f"That is {abs(points):.1f} points {'more' if points > 0 else 'less'}"
    return f"That is {_count(comparison, abs(count))} {'more' if count > 0 else 'fewer'}"


def _changed(comparison: Comparison) -> str:
    whole = "" if comparison.kind.has_one_class else ", a sample being right where all its marks are"
    return (
        f"The new model fixes {_count(comparison, len(comparison.fixed))} that the champion had wrong, and "
        f"breaks {_count(comparison, len(comparison.broken))} that it had right{whole}."
    )


def _chance(comparison: Comparison) -> str:
    fixed, broken = len(comparison.fixed), len(comparison.broken)
    if fixed == broken:
        return "Neither is better on this test set."
    probability = chance(fixed, broken)
    told = f"Two equally good models would differ by as much with probability {probability:.2g}"
    if probability < RARE:
        return f"{told}: this is hardly chance."
    return f"{told}: on {comparison.evaluation.test_count} {_noun(comparison)}s this can well be chance."


def _classes(comparison: Comparison) -> list[str]:
    differences = comparison.recall_differences()
    if not any(differences.values()):
        return ["The recall of every class is what it was."]
    sentences = []
    best = max(differences, key=lambda label: differences[label])
    worst = min(differences, key=lambda label: differences[label])
    if differences[best] > 0:
        sentences.append(f"Recall rose most for class {_recall(comparison, best)}.")
    if differences[worst] < 0:
        sentences.append(f"Recall fell most for class {_recall(comparison, worst)}.")
    else:
        sentences.append("No class lost recall.")
    return sentences


def _recall(comparison: Comparison, label: Label) -> str:
    old = comparison.evaluation.champion_scores
    before = None if old is None else old.recalls[label]
    now = comparison.evaluation.challenger_scores.recalls[label]
    return f"{label}, from {before or 0.0:.1%} to {now or 0.0:.1%}"


def _confusions(comparison: Comparison) -> str:
    counts = [
        (count, comparison.classes[true], comparison.classes[said])
        for true, row in enumerate(comparison.evaluation.challenger_scores.confusion)
        for said, count in enumerate(row)
        if count and true != said
    ]
    if not counts:
        return f"It takes no test {_noun(comparison)} for another class."
    counts.sort(key=lambda mistake: -mistake[0])
    told = [f"{true} for {said} ({_times(count)})" for count, true, said in counts[:SHOWN_CONFUSIONS]]
    return f"What it most often takes for something else: {', '.join(told)}."


def _since_the_start(comparison: Comparison) -> str:
    first, last = comparison.rounds[0], comparison.rounds[-1]
    champion = max(last.accuracy_new, last.accuracy_old or 0.0)
    return (
        f"Since {first.version}, {last.labels - first.labels} more labels took the champion from "
        f"{first.accuracy_new:.1%} to {champion:.1%}."
    )


def _count(comparison: Comparison, samples: int) -> str:
    return f"{samples} test {_noun(comparison)}" + ("" if samples == 1 else "s")


def _noun(comparison: Comparison) -> str:
    return "text" if comparison.kind.is_text else "image"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
