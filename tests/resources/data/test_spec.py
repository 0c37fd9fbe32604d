from dataclasses import replace

import pytest

from resources.data.making.sources.watched import WatchedFolder
from resources.data.spec import DatasetSpec, DriftLimits
from resources.errors import BadInput
from resources.kinds import Kind
from resources.terms import DatasetName, Label
from resources.train_settings import TrainSettings
from resources.triggers import Against, AnyOf, LabelCount, QualityDrop, TriggerPolicy
from tests.resources.data.shapes import SHAPES

_QUALITY = TriggerPolicy(when=AnyOf((LabelCount(), QualityDrop())))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": DatasetName("Digits")}, "'Digits'"),
        ({"name": DatasetName("../x")}, r"\[a-z\]"),
        ({"name": DatasetName("d" * 93)}, "at most 92 characters"),
        ({"name": DatasetName("digits_results")}, "ends with '_results'"),
        ({"watched": (WatchedFolder("inbox", "camera"),)}, "shapes declares a source named 'inbox'"),
        ({"sources": (WatchedFolder("inbox", "camera"),)}, "shapes declares a source named 'inbox'"),
        ({"classes": (Label("a"),)}, "two or more"),
        ({"classes": (Label("a"), Label("a"))}, "none of them twice"),
        ({"image_size_px": (0, 8)}, "image height of shapes is 0"),
        ({"image_size_px": (8, -1)}, "image width of shapes is -1"),
        ({"first_labelled": 0}, "first_labelled of shapes is 0"),
        ({"test_count": 0}, "test_count"),
        ({"labels_per_round": 0}, "labels_per_round"),
        ({"most_forgotten": 1.5}, "most_forgotten of shapes is 1.5; expected 0 to 1"),
        ({"drift": DriftLimits(class_psi=0.0)}, "drift limit class_psi of shapes is 0"),
        ({"drift": DriftLimits(p_value=float("nan"))}, "p_value"),
        ({"kind": Kind.BOXES, "triggers": _QUALITY}, "average precision is no share"),
        (
            {"kind": Kind.BOXES, "training": TrainSettings(parallel="ddp")},
            "shapes holds boxes, and declares for its training parallel ddp",
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_refused_with_its_value(
    change: dict[str, object], expected: str
) -> None:
    with pytest.raises(BadInput, match=expected):
        replace(SHAPES, **change)  # type: ignore[arg-type]


def test_picks_of_marks_are_compared_with_earlier_picks() -> None:
    policy = TriggerPolicy(when=QualityDrop(against=Against.EARLIER))
    assert replace(SHAPES, kind=Kind.BOXES, triggers=policy).triggers == policy
    assert replace(SHAPES, triggers=_QUALITY).triggers == _QUALITY


def test_the_seed_comes_from_the_environment_at_use_time(monkeypatch: pytest.MonkeyPatch) -> None:
    spec: DatasetSpec = replace(SHAPES, seed=None)
    assert spec.seed_in_use() == 0
    monkeypatch.setenv("TRAINPLAT_SEED", "12")
    assert spec.seed_in_use() == 12
    assert replace(SHAPES, seed=3).seed_in_use() == 3


@pytest.mark.parametrize("given", ["", "-1", "seven", "1.5"])
def test_a_seed_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TRAINPLAT_SEED", given)
    with pytest.raises(BadInput, match="TRAINPLAT_SEED"):
        replace(SHAPES, seed=None).seed_in_use()
