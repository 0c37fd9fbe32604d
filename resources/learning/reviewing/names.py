"""Which names in texts models doubt, word by word.

The words of all texts are put in a row, and confident learning tells which of them have another name, or
none: what ``cleanlab.token_classification`` does (Wang and Mueller 2022, *Detecting label errors in token
classification data*). A text is as doubtful as its most doubtful word.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.model import SaidOfWords
from resources.learning.model import Images, LookSettings
from resources.learning.reviewing.doubting import Doubt, doubts
from resources.learning.reviewing.marked import put_right
from resources.learning.reviewing.model import DoubtedAnswer
from resources.marks import Span, spans_in, written
from resources.terms import Label


def doubted_names(
    models: Iterable[tuple[bytes, NDArray[np.int64]]],
    samples: Images,
    answers: Sequence[Label],
    classes: Sequence[Label],
    may: NDArray[np.bool_],
    device: str = "cpu",
    threads: int = 1,
) -> list[DoubtedAnswer]:
    """The answers with a doubtful word, the most doubtful first; each model is asked about its rows."""
    from resources.learning.kinds.words import words_said

    said: dict[int, SaidOfWords] = {}
    found: dict[int, list[Span]] = {}
    for weights, rows in models:
        given = tuple(answers[row] for row in rows)
        seen = learner_of(Kind.ENTITIES).look(
            weights, samples[rows], classes, LookSettings(device=device, threads=threads)
        )
        of_words = words_said(weights, samples[rows], given, device=device, threads=threads)
        for row, words, guess in zip(rows.tolist(), of_words, seen.guesses, strict=True):
            said[row], found[row] = words, list(spans_in(guess))
    ordered = [said[row] for row in range(len(answers))]
    by_text: dict[int, list[tuple[Doubt, tuple[int, int]]]] = {}
    for row, doubt, place in doubted_words(ordered, may):
        by_text.setdefault(row, []).append((doubt, place))
    doubted = []
    for row, doubtful in by_text.items():
        worst, _ = doubtful[0]
        other = answers[row]
        for _, place in doubtful:
            other = with_names_at(other, found[row], place)
        if other != answers[row]:
            doubted.append(DoubtedAnswer(row, other, worst.given_probability, worst.other_probability))
    return doubted


def doubted_words(
    said: Sequence[SaidOfWords], may: NDArray[np.bool_]
) -> list[tuple[int, Doubt, tuple[int, int]]]:
    """The text, the doubt and the characters of each doubtful word, the most doubtful first."""
    counts = [len(one.given) for one in said]
    text_of = np.repeat(np.arange(len(said)), counts)
    places = [place for one in said for place in one.places]
    if not places:
        return []
    labels = np.concatenate([one.given for one in said])
    probabilities = np.concatenate([one.probabilities for one in said])
    found = doubts(labels, probabilities, 1.0, of=may[text_of].tolist())
    return [(int(text_of[one.row]), one, places[one.row]) for one in found]


def with_names_at(answer: Label, found: Sequence[Span], place: tuple[int, int]) -> Label:
    """The answer with what is found at a place instead of what it says there."""
    here = Span(*place, Label(""))
    given = spans_in(answer)
    gone = [one for one in given if one.overlap(here) > 0]
    come = [one for one in found if any(one.overlap(other) > 0 for other in (here, *gone))]
    gone += [one for one in given if any(one.overlap(other) > 0 for other in come)]
    return written(put_right(given, gone, come))
