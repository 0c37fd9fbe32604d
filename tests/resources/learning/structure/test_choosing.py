"""The front and the choice: laws over what was measured."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from resources.learning.structure.choosing import FINALISTS, choose, finalists, front_of
from resources.learning.structure.model import Candidate, Measured, Structure, Validated, better_on
from resources.learning.structure.paired import paired
from resources.train_settings import TrainSettings

CANDIDATE = Candidate(Structure(16, 0), False, TrainSettings())
FAMILY = Candidate(Structure(48, 0, 3), True, TrainSettings(), siblings=2)
REFERENCE = Measured(0, CANDIDATE, 0.9, 0.4, 1.0, 1000)


def measured(number: int, accuracy: float, loss: float, ratio: float, size: int) -> Measured:
    return Measured(number, CANDIDATE, accuracy, loss, ratio, size)


some = st.lists(
    st.tuples(
        st.sampled_from([0.8, 0.9, 0.95]),
        st.sampled_from([0.2, 0.39, 0.4, 0.5]),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.sampled_from([500, 1000, 2000]),
    ),
    max_size=6,
).map(lambda rows: [REFERENCE, *(measured(n, *row) for n, row in enumerate(rows, 1))])


@given(some)
def test_none_on_the_front_is_dominated_and_each_other_is(found: list[Measured]) -> None:
    front = front_of(found)
    assert front
    for one in found:
        at_least_as_good = [
            other
            for other in front
            if other.accuracy >= one.accuracy
            and other.latency_ratio <= one.latency_ratio
            and other.parameters <= one.parameters
        ]
        assert at_least_as_good


# On each cut: the accuracy, and the loss of each of four images.
cut = st.builds(
    Validated,
    st.sampled_from([0.75, 0.875, 1.0]),
    st.tuples(*[st.sampled_from([0.1, 0.3, 0.4, 0.5])] * 4),
)
tried = st.tuples(cut, st.none() | cut, st.sampled_from([500, 1000, 2000]), st.booleans())


def tried_once(
    number: int, first: Validated, again: Validated | None, size: int, joined: bool = False
) -> Measured:
    candidate = FAMILY if joined and number else CANDIDATE
    return Measured(
        number, candidate, first.accuracy, first.loss, size / 1000, size, losses=first.losses, again=again
    )


contests = st.lists(tried, min_size=1, max_size=8).map(
    lambda rows: [tried_once(number, *row) for number, row in enumerate(rows)]
)


@given(contests)
def test_a_finalist_is_ahead_somewhere_or_averages_several_and_is_not_behind(found: list[Measured]) -> None:
    reference, picked = found[0], finalists(found, found[0])
    joined = sum(one.candidate.siblings > 0 for one in picked)
    assert max(joined, len(picked) - joined) <= FINALISTS
    for one in picked:
        assert one.number != reference.number
        if one.candidate.siblings:
            assert paired(one.losses, reference.losses).least <= 0
        else:
            assert better_on(one, reference) or one.loss < reference.loss


@given(contests)
def test_what_is_chosen_has_not_lost_on_both_cuts_together(found: list[Measured]) -> None:
    reference, chosen = found[0], choose(found, found[0])
    if chosen is None:
        return
    assert chosen in finalists(found, reference)
    assert chosen.again is not None
    assert reference.again is not None
    both = paired((*chosen.losses, *chosen.again.losses), (*reference.losses, *reference.again.losses))
    assert both.least <= 0
    if not chosen.candidate.siblings:
        assert both.most < 0
        assert chosen.again.loss <= reference.again.loss
        of_both = chosen.accuracy + chosen.again.accuracy
        assert of_both >= reference.accuracy + reference.again.accuracy - 1e-9


@given(contests)
def test_of_two_that_are_as_good_the_smaller_is_chosen(found: list[Measured]) -> None:
    chosen = choose(found, found[0])
    if chosen is None:
        return
    smaller = replace(chosen, number=99, parameters=chosen.parameters - 1)
    assert choose([*found, smaller], found[0]) == smaller


@given(contests, st.randoms())
def test_the_order_of_what_was_measured_decides_nothing(found: list[Measured], random: Random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert finalists(shuffled, found[0]) == finalists(found, found[0])
    assert choose(shuffled, found[0]) == choose(found, found[0])


@given(contests)
def test_nothing_is_chosen_before_the_champions_own_was_tried_again(found: list[Measured]) -> None:
    assert choose(found, replace(found[0], again=None)) is None


@given(contests)
def test_a_copy_of_the_champions_own_structure_is_never_chosen(found: list[Measured]) -> None:
    own = found[0]
    assert choose([own, replace(own, number=99)], own) is None


def test_who_is_ahead_by_luck_on_one_image_comes_behind_who_is_ahead_on_all() -> None:
    own = tried_once(0, Validated(0.9, (0.4,) * 10), None, 1000)
    lucky = tried_once(1, Validated(0.9, (0.1, 0.1, 0.1, 0.1, 0.1, 0.7, 0.7, 0.7, 0.1, 0.1)), None, 500)
    steady = tried_once(2, Validated(0.9, (0.29,) * 10), None, 500)
    assert lucky.loss < steady.loss < own.loss
    assert [one.number for one in finalists([own, lucky, steady], own)] == [2, 1]


def test_a_larger_one_that_is_no_better_is_no_finalist() -> None:
    larger = measured(1, 0.9, 0.39, 2.0, 2000)
    assert finalists([REFERENCE, larger], REFERENCE) == ()
    smaller = measured(2, 0.9, 0.39, 0.6, 500)
    assert finalists([REFERENCE, smaller, larger], REFERENCE) == (smaller,)
    assert better_on(smaller, REFERENCE) == ["latency", "size"]


def test_the_best_of_the_first_cut_that_loses_on_another_is_not_chosen() -> None:
    own = tried_once(0, Validated(0.9, (0.4, 0.4)), Validated(0.9, (0.4, 0.4)), 1000)
    lucky = tried_once(1, Validated(0.95, (0.1, 0.1)), Validated(0.9, (0.5, 0.5)), 2000)
    sound = tried_once(2, Validated(0.95, (0.3, 0.3)), Validated(0.9, (0.3, 0.3)), 2000)
    assert choose([own, lucky, sound], own) == sound
    assert choose([own, lucky], own) is None


def test_what_averages_several_needs_no_lead_and_anything_else_does() -> None:
    def cut_of(accuracy: float, first: float, second: float) -> Validated:
        return Validated(accuracy, (first, second, first, second))

    own = tried_once(0, cut_of(0.9, 0.4, 0.2), cut_of(0.9, 0.4, 0.2), 1000)
    family = tried_once(1, cut_of(0.9, 0.38, 0.23), cut_of(0.9, 0.38, 0.23), 5000, joined=True)
    alone = tried_once(2, cut_of(0.95, 0.38, 0.21), cut_of(0.95, 0.38, 0.21), 3000)
    assert choose([own, alone], own) is None
    assert choose([own, alone, family], own) == family
    behind = replace(family, again=cut_of(0.9, 0.5, 0.4))
    assert choose([own, behind], own) is None
    surely = tried_once(3, cut_of(0.95, 0.2, 0.1), cut_of(0.95, 0.2, 0.1), 7000)
    assert choose([own, family, surely], own) == surely
    ahead = tried_once(4, cut_of(0.95, 0.36, 0.18), cut_of(0.95, 0.36, 0.18), 500)
    assert choose([own, ahead], own) == ahead
    keeps = tried_once(5, cut_of(0.9, 0.37, 0.17), cut_of(0.9, 0.37, 0.17), 5000, joined=True)
    assert choose([own, ahead, keeps], own) == keeps
