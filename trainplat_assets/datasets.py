"""The data sets of this platform, as files declare them: see ``pipelines/digits/defs.yaml``."""

from resources.data.spec import DatasetSpec
from resources.pipelines.folder import OURS, Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.loop import LoopSpec


def datasets(folder: Folder) -> list[DatasetSpec]:
    """Those that the pipelines of a folder declare, by name."""
    return [
        one.spec.dataset(one.name)
        for one in folder.all()
        if isinstance(one, Pipeline) and isinstance(one.spec, LoopSpec)
    ]


DIGITS = next(one for one in datasets(Folder(OURS)) if one.name == "digits")
"""The one that comes with the platform."""
