"""How many labels asking by a strategy saves, beside asking at random."""

import streamlit as st

from resources.kinds import Measure
from resources.learning.querying.quality import wilson
from resources.registry.random_rounds import AgainstRandom, Reached
from resources.texts import Translate
from streamlit_app.reader import Reader
from streamlit_app.readings.active import ActiveLearning


def draw(reader: Reader, told: ActiveLearning) -> None:
    """What the chart above it says of random asking, in words."""
    _ = reader.translate
    st.markdown(" ".join(sentences(told.against_random, _)))
    st.caption(
        _(
            "What random asking reaches is seen with the first labels, the random picks and, of what the "
            "strategy took, as many as such a draw would have hit: a model trained anew on these alone, with "
            "the same settings. Random picks are also the only answers that say how good a model is on the "
            "pool: there the bars are of the champion that asked them."
        )
    )
    if told.yardstick is not None and told.measure is Measure.ACCURACY:
        st.caption(
            _(
                "Diamonds are no rounds of this data set: in the kept benchmark of the strategies, a linear "
                "model on the digits over {seeds} seeds, 90 % took {strategy} labels by the default one, "
                "and {random} at random."
            ).format(
                seeds=told.yardstick.seeds,
                strategy=f"{told.yardstick.strategy_labels:g}",
                random=f"{told.yardstick.random_labels:g}",
            )
        )


def sentences(found: AgainstRandom, _: Translate) -> list[str]:
    """With how many labels each side reached what the other one has."""
    newest, same = found.newest_random, found.rounds_at_same
    if newest is None or not found.rounds:
        return [
            _(
                "Nothing can be said of random asking yet: it is held against the rounds once a version has "
                "enough answered random picks, a tenth more than the labels that both began with."
            )
        ]
    value, labels = f"{newest.value:.1%}", f"{newest.labels:,}"
    if same is None:
        told = [_("With {labels} labels random asking reaches {value}.").format(labels=labels, value=value)]
    else:
        text = _("With {labels} labels random asking reaches {value}, and the rounds {own}.")
        told = [text.format(labels=labels, value=value, own=f"{same:.1%}")]
        if _is_within(same, newest):
            text = _("That is no sure difference: it lies within the interval of the test set.")
            told.append(text)
    own, needed = found.labels_for_same, found.random_labels_for_same
    if own is None:
        return [*told, _("The rounds have not reached {value} yet.").format(value=value)]
    text = _("The rounds reached {value} with {labels}.")
    told.append(text.format(value=value, labels=f"{own:,.0f}"))
    if needed is None:
        text = _("With the labels that are there, random asking does not reach what the rounds do.")
        return [*told, text]
    text = _("What the rounds reach at their best takes {labels} labels at random.")
    return [*told, text.format(labels=f"{needed:,.0f}")]


def _is_within(value: float, newest: Reached) -> bool:
    if newest.right is None:
        return False
    found = wilson(newest.right, newest.test_count)
    return found.low <= value <= found.high
