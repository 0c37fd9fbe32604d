"""What is done to each picture before a model sees it: declared by name, registered as pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.data.making.imaging import decoded, scaled, transform_name
from resources.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

Function = Callable[["Picture", Mapping[str, float]], "Picture"]


@dataclass(frozen=True)
class Registered:
    """A function that transforms a grey picture; the same picture always gives the same one."""

    function: Function
    parameters: Mapping[str, tuple[float, float]]
    """Least and greatest value of each parameter; all of them must be given."""
    edition: int
    """Goes up when the function does something else: what was kept of the older one is not used then."""


REGISTRY: dict[str, Registered] = {}


def register(
    name: str, *, edition: int = 1, **parameters: tuple[float, float]
) -> Callable[[Function], Function]:
    """Make a function known under ``name``, with the least and the greatest value of each parameter."""

    def known(function: Function) -> Function:
        REGISTRY[name] = Registered(function, parameters, edition)
        return function

    return known


@dataclass(frozen=True)
class Transform:
    """One step, as a data set declares it: ``Transform.of("autocontrast", cutoff_percent=1)``."""

    name: str
    parameters: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, name: str, **parameters: float) -> "Transform":
        """The step of this name. Raises :class:`BadInput` for one that is not known, or a bad parameter."""
        return cls(name, tuple(sorted(parameters.items())))

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        known = REGISTRY.get(self.name)
        if known is None:
            raise BadInput(
                f"transform {self.name!r} is not known; known: {', '.join(sorted(REGISTRY))}",
                "Use one of these, or register a function under this name.",
            )
        given = dict(self.parameters)
        if given.keys() != known.parameters.keys():
            raise BadInput(
                f"transform {self.name} has the parameters {', '.join(given) or 'none'}; expected "
                f"{', '.join(known.parameters) or 'none'}",
                "Give exactly these.",
            )
        for name, (least, most) in known.parameters.items():
            if not least <= given[name] <= most:
                raise BadInput(
                    f"{name} of transform {self.name} is {given[name]}; expected {least:g} to {most:g}",
                    "Give a value in this range.",
                )

    def __str__(self) -> str:
        """The step in words that change whenever its results would."""
        told = ", ".join(f"{name}={value:g}" for name, value in self.parameters)
        return f"{self.name} {REGISTRY[self.name].edition}({told})"


@dataclass(frozen=True)
class Pipeline:
    """All steps of a data set, one after the other, then the size that models see."""

    steps: tuple[Transform, ...]
    image_size_px: tuple[int, int]

    def __str__(self) -> str:
        """What it does, in words that change whenever its results would."""
        return "; ".join([transform_name(self.image_size_px), *map(str, self.steps)])

    def apply(self, content: bytes) -> "NDArray[np.uint8]":
        """An image file as [height, width] of brightness. Raises :class:`UnreadableSample`."""
        picture = decoded(content)
        for step in self.steps:
            picture = REGISTRY[step.name].function(picture, dict(step.parameters))
        return scaled(picture, self.image_size_px)


@register("autocontrast", cutoff_percent=(0, 49))
def _autocontrast(picture: "Picture", parameters: Mapping[str, float]) -> "Picture":
    """Spread the brightness over all levels, with so many percent of the pixels at each end cut off."""
    from PIL import ImageOps

    return ImageOps.autocontrast(picture, cutoff=parameters["cutoff_percent"])


@register("equalize")
def _equalize(picture: "Picture", _: Mapping[str, float]) -> "Picture":
    """Give each level of brightness the same share of the pixels."""
    from PIL import ImageOps

    return ImageOps.equalize(picture)


@register("invert")
def _invert(picture: "Picture", _: Mapping[str, float]) -> "Picture":
    """Black for white."""
    from PIL import ImageOps

    return ImageOps.invert(picture)


@register("centre_crop", share=(0.01, 1))
def _centre_crop(picture: "Picture", parameters: Mapping[str, float]) -> "Picture":
    """The middle of the picture, this share of its height and of its width."""
    width, height = (max(1, round(side * parameters["share"])) for side in picture.size)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


@register("blur", radius_px=(0, 100))
def _blur(picture: "Picture", parameters: Mapping[str, float]) -> "Picture":
    """A Gaussian blur."""
    from PIL import ImageFilter

    return picture.filter(ImageFilter.GaussianBlur(parameters["radius_px"]))
