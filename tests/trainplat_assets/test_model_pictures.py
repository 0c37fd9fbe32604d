from resources.learning.model import EpochPoint
from tests.resources.registry.examples import evaluation, scores
from trainplat_assets.model_pictures import confusion_picture, curve_picture

PNG = b"\x89PNG"


def test_a_curve_is_a_small_picture() -> None:
    picture = curve_picture([EpochPoint(epoch, 1 / epoch, 1 - 1 / epoch) for epoch in range(1, 200)])
    assert picture.startswith(PNG)
    assert len(picture) < 36_000


def test_champion_and_challenger_stand_side_by_side() -> None:
    alone = confusion_picture(evaluation("digits", "v1.0", 1, scores(9, 1)))
    both = confusion_picture(evaluation("digits", "v1.1", 2, scores(9, 1), 1, scores(8, 2)))
    assert alone.startswith(PNG)
    assert _width_px(both) > 1.8 * _width_px(alone)


def _width_px(png: bytes) -> int:
    return int.from_bytes(png[16:20], "big")
