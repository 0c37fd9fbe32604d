"""What people see: files in the folder that Label Studio may show, pictures large enough to tell."""

from pathlib import Path

from resources.errors import BadInput
from resources.files import write_atomically
from resources.terms import DatasetName, SampleId

SHORT_SIDE_PX = 256
"""A picture whose shorter side is below this is enlarged by a whole number, so that no pixel is blurred."""

SHOWN_AS_THEY_ARE = ("L", "RGB")
"""Pictures of other modes become RGB; grey ones take a third of the time."""
QUICKLY = 1
"""How hard PNG tries: a little larger than by default, in half the time or less."""


def picture_path(served: Path, dataset: DatasetName, sample: SampleId) -> Path:
    """Where the picture of a sample lies."""
    return served / dataset / f"{sample}.png"


def text_path(served: Path, dataset: DatasetName, sample: SampleId) -> Path:
    """Where the text of a sample lies; it goes into the data of its task."""
    return served / dataset / f"{sample}.txt"


def serve_text(file: Path, target: Path) -> None:
    """Write the text of ``file`` to ``target``, unless it is there. Raises BadInput for one that is none."""
    if target.exists():
        return
    try:
        content = file.read_bytes()
        content.decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"the text {file} cannot be shown to people: {problem}",
            "Put the intact file back (dvc checkout does so for a sealed version), then run this again.",
        ) from problem
    write_atomically(target, content)


def serve(image: Path, target: Path) -> None:
    """Write the picture of ``image`` to ``target``, unless it is there. Raises BadInput for a broken one."""
    if target.exists():
        return
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(image) as opened:
            picture = opened.convert(opened.mode if opened.mode in SHOWN_AS_THEY_ARE else "RGB")
    except (UnidentifiedImageError, OSError) as problem:
        raise BadInput(
            f"the image {image} cannot be shown to people: {problem}",
            "Put the intact file back (dvc checkout does so for a sealed version), then run this again.",
        ) from problem
    factor = -(-SHORT_SIDE_PX // min(picture.size))
    if factor > 1:
        size = (picture.width * factor, picture.height * factor)
        picture = picture.resize(size, Image.Resampling.NEAREST)
    content = BytesIO()
    picture.save(content, format="PNG", compress_level=QUICKLY)
    write_atomically(target, content.getvalue())
