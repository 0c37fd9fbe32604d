from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image

from resources.data.making.imaging import grey_image
from resources.data.making.transforms import REGISTRY, Pipeline, Transform, register
from resources.errors import BadInput
from tests.resources.data.shapes import image
from tests.resources.data.textures import png, scenes

STEPS = [
    Transform.of("autocontrast", cutoff_percent=1),
    Transform.of("equalize"),
    Transform.of("invert"),
    Transform.of("centre_crop", share=0.5),
    Transform.of("blur", radius_px=1.5),
]


def test_without_steps_a_picture_is_as_it_always_was() -> None:
    pipeline = Pipeline((), (4, 4))
    assert (pipeline.apply(image(3)) == grey_image(image(3), (4, 4))).all()
    assert str(pipeline) == "grey, 8 bit, 4x4 px, Lanczos where the size differs"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_registered_step_gives_the_same_every_time_and_changes_something(step: Transform) -> None:
    content = png(scenes(1)[0])
    pipeline = Pipeline((step,), (16, 12))
    assert pipeline.apply(content).shape == (16, 12)
    assert (pipeline.apply(content) == pipeline.apply(content)).all()
    assert (pipeline.apply(content) != grey_image(content, (16, 12))).any()


def test_every_registered_step_is_tried() -> None:
    assert {step.name for step in STEPS} == set(REGISTRY)


def test_steps_run_in_their_order() -> None:
    half = np.zeros((8, 8), dtype=np.uint8)
    half[2:6, 2:6] = 255
    crop, invert = Transform.of("centre_crop", share=0.5), Transform.of("invert")
    shown = Pipeline((crop, invert), (4, 4)).apply(png(Image.fromarray(half)))
    assert (shown == 0).all()
    assert str(Pipeline((crop, invert), (4, 4))).endswith("; centre_crop 1(share=0.5); invert 1()")


@pytest.mark.parametrize(
    ("name", "parameters", "problem"),
    [
        ("sharpen", {}, "transform 'sharpen' is not known; known: autocontrast, blur"),
        ("invert", {"much": 1.0}, "has the parameters much; expected none"),
        ("blur", {}, "has the parameters none; expected radius_px"),
        ("centre_crop", {"share": 1.5}, "share of transform centre_crop is 1.5; expected 0.01 to 1"),
        ("blur", {"radius_px": float("nan")}, "radius_px of transform blur is nan"),
    ],
)
def test_a_step_that_cannot_be_done_is_refused(name: str, parameters: dict[str, float], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        Transform.of(name, **parameters)


def test_an_owner_registers_functions_and_a_new_edition_has_another_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resources.data.making.transforms.REGISTRY", dict(REGISTRY))

    @register("mirror")
    def mirror(picture: Image.Image, _: Mapping[str, float]) -> Image.Image:
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    pipeline = Pipeline((Transform.of("mirror"),), (4, 4))
    assert (pipeline.apply(image(3)) == grey_image(image(3), (4, 4))[:, ::-1]).all()
    before = str(pipeline)
    register("mirror", edition=2)(mirror)
    assert str(pipeline) != before
