"""Test samples as people see them: small pictures, or the beginnings of texts."""

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.data.making.imaging import UnreadableSample
from resources.data.service import DataService
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.home import Home
from resources.terms import DatasetName, SampleId, VersionKey

MOST_CHARACTERS = 400


@dataclass(frozen=True)
class Shown:
    """One sample."""

    picture: str | None = None
    """As the address of an image."""
    text: str | None = None


def read_samples(
    home: Home, database: Database, dataset: DatasetName, version: VersionKey, samples: Sequence[SampleId]
) -> Mapping[SampleId, Shown]:
    """Those of a data version that can be shown; a damaged store hides them and nothing else."""
    data = DataService(home, database)
    if not samples:
        return {}
    try:
        pictures = data.pictures(dataset, version, samples)
    except (TrainplatError, KeyError):
        return {}
    except UnreadableSample:
        return _texts(data, dataset, version, frozenset(samples))
    from PIL import Image

    found = {}
    for sample, pixels in zip(samples, pictures, strict=True):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "PNG")
        found[sample] = Shown(picture=f"data:image/png;base64,{b64encode(written.getvalue()).decode()}")
    return found


def _texts(
    data: DataService, dataset: DatasetName, version: VersionKey, wanted: frozenset[SampleId]
) -> Mapping[SampleId, Shown]:
    found = {}
    for one in data.samples(dataset, version):
        if one.id in wanted and one.path.exists():
            text = one.path.read_bytes()[: 4 * MOST_CHARACTERS].decode(errors="replace")
            found[one.id] = Shown(text=text[:MOST_CHARACTERS])
    return found
