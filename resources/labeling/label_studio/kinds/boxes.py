"""What is to be seen where in a picture: rectangles, each of one class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resources.labeling.label_studio.kinds.form import CONTROL, PICTURE, options, ours, picture_tag
from resources.marks import Box, boxes_in, written
from resources.terms import Label


@dataclass(frozen=True)
class BoxForm:
    """Rectangles that are drawn on a picture."""

    shown: str = PICTURE
    control: str = "RectangleLabels"
    takes_nothing: bool = True
    instruction: str = (
        "Draw a box around each thing in the picture: choose its class, then drag from corner to corner. "
        "What the model found is drawn already: correct it where it is wrong, then submit. A picture that "
        "shows none of them is submitted as it is."
    )

    def page(self, classes: Sequence[Label]) -> str:
        """The classes, then the picture below them."""
        return (
            "<View>\n"
            f'  <RectangleLabels name="{CONTROL}" toName="{PICTURE}" canRotate="false">\n'
            f"{options('Label', classes)}\n"
            "  </RectangleLabels>\n"
            f"{picture_tag()}"
            "</View>"
        )

    def regions(self, answer: Label) -> list[dict[str, Any]]:
        """One region for each box."""
        return [
            {
                "id": f"box{number}",
                "from_name": CONTROL,
                "to_name": PICTURE,
                "type": "rectanglelabels",
                "value": {
                    "x": box.x,
                    "y": box.y,
                    "width": box.width,
                    "height": box.height,
                    "rotation": 0,
                    "rectanglelabels": [box.label],
                },
            }
            for number, box in enumerate(boxes_in(answer), start=1)
        ]

    def answers(self, result: Any, data: Mapping[str, Any]) -> tuple[Label, ...]:  # noqa: ARG002
        """One answer always; a region without a class names the class ``""``, which is none."""
        boxes = [
            Box(*sides, Label(str(label)))
            for value in ours(result)
            if (sides := _sides(value)) is not None
            for label in value.get("rectanglelabels") or ("",)
        ]
        return (written(boxes),)


def _sides(value: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height within the picture; None where nothing of it is within."""
    try:
        x, y, width, height = (float(value[side]) for side in ("x", "y", "width", "height"))
    except (KeyError, TypeError, ValueError):
        return None
    left, top = max(0.0, x), max(0.0, y)
    width, height = min(x + width, 100.0) - left, min(y + height, 100.0) - top
    return (left, top, width, height) if min(width, height) > MIN_SIDE else None


MIN_SIDE = 0.01
"""In percent; what is smaller would be nothing when it is rounded."""

BOXES = BoxForm()
