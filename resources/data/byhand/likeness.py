"""Pictures that are nearly test samples: a model that was trained on one would know the answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from resources.data.byhand.model import GivenLabels
from resources.data.byhand.reading import refuse
from resources.data.making.similarity.album import Album
from resources.data.making.stages import look_at_samples
from resources.data.manifest import SampleRow
from resources.data.model import Split
from resources.data.storage.repository import DatasetRepository
from resources.terms import SampleId


def refuse_like_test(
    repository: DatasetRepository,
    path: Path,
    given: GivenLabels,
    contents: Mapping[SampleId, bytes],
    samples: Sequence[SampleRow],
) -> None:
    """Raise BadInput, which names the lines, for those of ``contents`` that are nearly a test sample."""
    if not contents:
        return
    test = {one.id: one.md5 for one in samples if one.split is Split.TEST}
    with repository.locked():
        look_at_samples(repository, test, frozenset(test.values()))
        looks, _ = Album(repository.root).take_in(
            {one: one for one in contents}, lambda one: contents[SampleId(one)]
        )
    rows = {one.sample: one.row for one in given.labels}
    complaints = []
    for pair in looks.among([*test, *contents]):
        for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
            if one in contents and other in test:
                told = f"{rows[one].name} is nearly the same picture as test sample {other}"
                complaints.append((rows[one].line, told))
    refuse(path, complaints)
