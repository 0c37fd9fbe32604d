"""How the samples of each kind are read: which files they are, whether one is whole, what models see."""

from resources.data.making.imaging import IMAGE_SUFFIXES, decoded
from resources.data.making.texts import TEXT_SUFFIXES, TextBytes, decoded_text
from resources.data.making.transforms import Pipeline
from resources.data.spec import DatasetSpec
from resources.kinds import Kind

View = Pipeline | TextBytes


def suffixes_of(kind: Kind) -> frozenset[str]:
    """How the names of its files end."""
    return TEXT_SUFFIXES if kind.is_text else IMAGE_SUFFIXES


def check_readable(kind: Kind, content: bytes) -> None:
    """Raise :class:`UnreadableSample` where ``content`` is no whole sample of this kind."""
    if kind.is_text:
        decoded_text(content)
    else:
        decoded(content)


def view_of(spec: DatasetSpec) -> View:
    """What models see of the samples of a data set."""
    return (
        TextBytes(spec.image_size_px) if spec.kind.is_text else Pipeline(spec.transforms, spec.image_size_px)
    )
