"""Pictures in an asset's metadata: PNG files as data URIs, small, since each lies in an event's row."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dagster import MarkdownMetadataValue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_URI_BYTES = 50_000
"""The longest data URI that an event's row should carry."""
RESOLUTION_DPI = 72

_CELL_PX = 48
_CAPTION_PX = 14
_GAP_PX = 6
_INK = "#33383f"
_COLOURS = ("#2a6fb0", "#d9822b", "#5a9e6f", "#8a6fb0")


def embedded(png: bytes, alt: str) -> MarkdownMetadataValue:
    """A PNG as Markdown that Dagster's UI shows; ``alt`` is what a reader without pictures gets.

    A picture that is too large for an event's row is left out, and its place says so.
    """
    uri = "data:image/png;base64," + base64.b64encode(png).decode()
    if len(uri) > MAX_URI_BYTES:
        return MarkdownMetadataValue(f"*{alt}* (the picture is too large to be kept here)")
    return MarkdownMetadataValue(f"![{alt}]({uri})")


def sample_grid(images: "NDArray[np.uint8]", captions: Sequence[str], *, columns: int = 10) -> bytes:
    """Grey images [sample, height, width] in rows of ``columns``, each with its caption below, as a PNG."""
    from PIL import Image, ImageDraw, ImageFont

    columns = max(1, min(columns, len(captions)))
    rows = max(1, -(-len(captions) // columns))
    step_x, step_y = _CELL_PX + _GAP_PX, _CELL_PX + _CAPTION_PX + _GAP_PX
    sheet = Image.new("L", (columns * step_x + _GAP_PX, rows * step_y + _GAP_PX), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=11)
    for position, caption in enumerate(captions):
        left = _GAP_PX + position % columns * step_x
        top = _GAP_PX + position // columns * step_y
        sheet.paste(_cell(Image.fromarray(images[position])), (left, top))
        pen.text((left + _CELL_PX // 2, top + _CELL_PX + 1), caption, fill=60, font=font, anchor="ma")
    return _small_png(sheet)


def bar_chart(series: Mapping[str, Mapping[str, float]], *, title: str, what: str) -> bytes:
    """For each series a colour, for each of its groups a bar, as a PNG. ``what`` names the unit."""
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys(group for heights in series.values() for group in heights))
    figure = Figure(figsize=(7.2, 2.8), dpi=RESOLUTION_DPI, layout="constrained")
    axes = figure.subplots()
    width = 0.8 / max(1, len(series))
    for order, (name, heights) in enumerate(series.items()):
        places = [position + (order - (len(series) - 1) / 2) * width for position in range(len(groups))]
        axes.bar(
            places,
            [heights.get(group, 0) for group in groups],
            width,
            label=name,
            color=_COLOURS[order % len(_COLOURS)],
        )
    axes.set_xticks(range(len(groups)), labels=groups)
    axes.set_title(title, fontsize=10, color=_INK)
    axes.set_ylabel(what, fontsize=9, color=_INK)
    axes.tick_params(labelsize=8, colors=_INK)
    axes.grid(visible=True, axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend(fontsize=8, frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _cell(image: "Image") -> "Image":
    from PIL import Image

    scale = _CELL_PX / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Small scans are shown as the squares that they are; large ones are made smaller with care.
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)


def _small_png(sheet: "Image") -> bytes:
    """First fewer shades of grey, then fewer pixels, until it fits."""
    for levels, scale in ((256, 1.0), (64, 1.0), (16, 1.0), (16, 0.7), (16, 0.5), (8, 0.35)):
        shown = (
            sheet if scale == 1 else sheet.resize((round(sheet.width * scale), round(sheet.height * scale)))
        )
        file = io.BytesIO()
        (shown if levels == 256 else shown.quantize(levels)).save(file, format="PNG", optimize=True)
        if file.tell() * 4 / 3 < MAX_URI_BYTES * 0.95:
            break
    return file.getvalue()
