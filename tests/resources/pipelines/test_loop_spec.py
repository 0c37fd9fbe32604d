"""A data set's file says what its declaration in Python can say, and is refused in the same words."""

from dataclasses import replace

import pytest

from resources.data.spec import DatasetSpec, DriftLimits
from resources.pipelines.folder import OURS, Folder
from resources.pipelines.problems import BadPipeline
from resources.pipelines.reading import read_pipeline
from resources.pipelines.specs.loop import LoopSpec
from resources.reviews import ReviewPlan
from resources.terms import DatasetName

SHAPES = """\
type: trainplat_assets.templates.Loop
attributes:
  title: Shapes
  classes: [circle, square]
  image_size_px: [8, 8]
  first_labelled: 5
  test_count: 6
  labels_per_round: 7
"""


def declared(*lines: str) -> DatasetSpec:
    spec = read_pipeline("shapes", SHAPES + "".join(f"  {line}\n" for line in lines)).spec
    assert isinstance(spec, LoopSpec)
    return spec.dataset("shapes")


def refused(*lines: str) -> str:
    with pytest.raises(BadPipeline) as found:
        declared(*lines)
    return found.value.problem


def test_what_a_file_leaves_out_is_as_it_is_where_python_leaves_it_out() -> None:
    said = declared()
    assert said == DatasetSpec(
        name=DatasetName("shapes"),
        title="Shapes",
        classes=said.classes,
        image_size_px=(8, 8),
        first_labelled=5,
        test_count=6,
        labels_per_round=7,
    )


def test_values_of_our_own_are_read_field_by_field() -> None:
    said = declared("review: {share: 0.2}", "drift: {class_psi: 0.3}", "most_forgotten: 0.5")
    assert said == replace(
        declared(), review=ReviewPlan(share=0.2), drift=DriftLimits(class_psi=0.3), most_forgotten=0.5
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("review: {shares: 0.2}", "review has no shares; it has share,"),
        ("review: {share: 2}", "share"),
        ("drift: {class_psi: 0}", "drift limit class_psi of data is 0"),
        ("continual: {method: jont}", 'continual.method is "jont"; expected'),
        ("filled_with: nothing", "filled_with is 'nothing'; expected one of digits"),
        ("random_share: 2", "random_share is 2; expected a number less than or equal to 1"),
    ],
)
def test_what_python_refuses_is_refused_in_a_file(line: str, sentence: str) -> None:
    assert sentence in refused(line)


def test_the_digits_are_declared_by_the_file_that_comes_with_the_platform() -> None:
    digits = Folder(OURS).read("digits").spec
    assert isinstance(digits, LoopSpec)
    assert len(digits.dataset("digits").classes) == 10
