"""What both models of a round say, over rounds that were really trained."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.errors import UnknownVersion
from resources.errors import NotFound
from resources.kinds import Kind
from resources.terms import FIRST_VERSION, Label, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.data.byhand.others import OTHERS, first_of, spec_of
from tests.resources.data.shapes import ACTOR
from tests.trainplat_assets.comparison.examples import comparison
from tests.trainplat_assets.rounds import (
    SPEC,
    data_service,
    make_first,
    make_next,
    registry_service,
    run_round,
)
from trainplat_assets.comparison import figures
from trainplat_assets.comparison.comparing import compare
from trainplat_assets.comparison.reading import reading
from trainplat_assets.model_round import Round


def test_each_round_is_compared_with_the_rounds_before_it_only(trainplat_home: Path) -> None:
    data, registry = make_first(trainplat_home), registry_service(trainplat_home)
    run_round(FIRST_VERSION)
    second = make_next(data)
    run_round(second)

    newest, first = compare(data, registry, SPEC.name), compare(data, registry, SPEC.name, FIRST_VERSION)

    assert [made.version for made in newest.rounds] == [FIRST_VERSION, second]
    assert newest.old is not None
    assert newest.old_version == FIRST_VERSION
    assert [made.version for made in first.rounds] == [FIRST_VERSION]
    assert first.old is None
    assert first.old_version is None
    for shown in (newest, first):
        assert np.mean(shown.is_right(shown.new)) == pytest.approx(shown.decision.accuracy_new)
        assert len(shown.truth) == shown.evaluation.test_count == len(shown.test.images)
    assert np.mean(newest.is_right(newest.old)) == pytest.approx(newest.decision.accuracy_old)


def test_what_cannot_be_compared_is_said_with_what_to_do(trainplat_home: Path) -> None:
    data, registry = data_service(trainplat_home), registry_service(trainplat_home)
    with pytest.raises(NotFound, match="no version of shapes") as nothing:
        compare(data, registry, SPEC.name)
    assert "TRAINPLAT_HOME" in nothing.value.next_step
    make_first(trainplat_home)
    with pytest.raises(NotFound, match=r"the round of shapes v1\.0 is not decided"):
        compare(data, registry, SPEC.name, FIRST_VERSION)
    with pytest.raises(UnknownVersion):
        compare(data, registry, SPEC.name, VersionKey("v7.0"))


answers = st.integers(1, 30).flatmap(
    lambda count: st.tuples(*[st.lists(st.integers(0, 2), min_size=count, max_size=count)] * 3)
)


@given(answers)
def test_fixed_and_broken_are_apart_and_make_up_the_difference(said: tuple[list[int], ...]) -> None:
    truth, new, old = said
    shown = comparison(truth, new, old)
    fixed, broken = set(shown.fixed.tolist()), set(shown.broken.tolist())
    assert not fixed & broken
    right = sum(np.array(new) == truth) - sum(np.array(old) == truth)
    assert len(fixed) - len(broken) == right


def test_a_class_that_is_not_tested_has_no_recall_difference() -> None:
    shown = comparison([0, 0, 1], [0, 1, 1], [1, 1, 1])
    assert shown.recall_differences() == {Label("circle"): 0.5, Label("cross"): 0.0}
    assert comparison([0], [0], None).recall_differences() == {}
    assert len(comparison([0], [0], None).fixed) == 0


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=() if one is Kind.ENTITIES else pytest.mark.slow) for one in OTHERS]
)
def test_each_kind_is_compared_by_what_its_models_say_of_the_whole_sample(
    kind: Kind, trainplat_home: Path, mlflow_in_home: None
) -> None:
    data, registry, spec = data_service(trainplat_home), registry_service(trainplat_home), spec_of(kind)
    first_of(data, spec)
    work = Round(spec, FIRST_VERSION, data, registry, ACTOR, TrainSettings(epochs=40))
    work.train(device="cpu", threads=1, run_id="r")
    work.evaluate()
    work.decide()

    shown = compare(data, registry, spec.name)

    assert shown.kind is kind
    assert len(shown.truth) == len(shown.new.answers) == spec.test_count
    assert bool(shown.texts) is kind.is_text
    if kind.has_one_class:
        assert np.mean(shown.is_right(shown.new)) == pytest.approx(shown.decision.accuracy_new)
    assert reading(shown)
    assert figures.confusions(shown)
