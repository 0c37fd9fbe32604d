"""Samples in an asset's metadata: pictures in a grid, texts in a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dagster import MetadataValue

from resources.kinds import Kind
from trainplat_assets.pictures import embedded, sample_grid
from trainplat_assets.tables import table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shown(kind: Kind, samples: "NDArray[np.uint8]", captions: Sequence[str], alt: str) -> MetadataValue[Any]:
    """``samples`` as a version holds them, each with its caption."""
    if not kind.is_text:
        return embedded(sample_grid(samples, captions), alt)
    texts = [sample.tobytes().rstrip(b"\0").decode(errors="ignore") for sample in samples]
    return table([{"text": text, "label": caption} for text, caption in zip(texts, captions, strict=True)])
