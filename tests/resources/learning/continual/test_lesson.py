from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.continual import ContinualSettings, MethodName
from resources.errors import BadInput
from resources.learning.continual.lesson import Lesson, lesson_of

SETTINGS = ContinualSettings()
JOINT = ContinualSettings(MethodName.JOINT, joint_starts_anew=False)
NAMES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2), min_size=1)


def lesson(
    known: dict[str, int] | None, now: dict[str, int], settings: ContinualSettings = SETTINGS
) -> Lesson:
    return lesson_of(settings, list(now), np.array(list(now.values())), known, b"kept", 1)


@given(NAMES, NAMES)
def test_new_is_what_was_not_known_with_this_label(known: dict[str, int], now: dict[str, int]) -> None:
    told = lesson(known, now)
    new = {one for one, is_new in zip(told.ids, told.is_new, strict=True) if is_new}
    assert new == {one for one, label in now.items() if known.get(one) != label}
    expected = new or set(now)
    assert {told.ids[row] for row in told.trained_with} == expected


def test_weights_that_are_fresh_know_nothing_and_remember_nothing() -> None:
    first = lesson(None, {"a": 0, "b": 1})
    assert first.takes_all
    assert first.is_new.all()
    assert first.memory is None
    anew = lesson({"a": 0}, {"a": 0, "b": 1}, replace(JOINT, joint_starts_anew=True))
    assert anew.starts_anew
    assert anew.is_new.all()
    assert anew.memory is None


def test_joint_training_that_goes_on_takes_all_and_knows_what_is_new() -> None:
    told = lesson({"a": 0}, {"a": 0, "b": 1}, JOINT)
    assert told.takes_all
    assert not told.starts_anew
    assert told.is_new.tolist() == [False, True]
    assert told.trained_with.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("every", "number", "is_joint"), [(0, 3, False), (3, 3, True), (3, 4, False), (3, 0, True)]
)
def test_on_schedule_a_version_takes_all(every: int, number: int, is_joint: bool) -> None:
    assert ContinualSettings(joint_every=every).is_joint(number) is is_joint
    told = lesson_of(
        ContinualSettings(joint_every=every), ["a", "b"], np.array([0, 1]), {"a": 0}, None, number
    )
    assert told.takes_all is is_joint


def test_whatever_decides_the_outcome_makes_another_lesson() -> None:
    one = lesson({"a": 0}, {"a": 0, "b": 1})
    others = [
        replace(one, settings=ContinualSettings(buffer_size=7)),
        replace(one, ids=("a", "c")),
        replace(one, is_new=np.array([True, True])),
        replace(one, memory=b"other"),
        replace(one, memory=None),
        replace(one, takes_all=True),
    ]
    assert len({each.fingerprint() for each in (one, *others)}) == 7
    assert lesson({"a": 0}, {"a": 0, "b": 1}).fingerprint() == one.fingerprint()


def test_a_lesson_of_other_images_is_refused() -> None:
    with pytest.raises(BadInput, match="1 images are said to be new or old 2 times"):
        Lesson(SETTINGS, ("a",), np.array([True, False]))
