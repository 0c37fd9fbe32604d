"""Samples that are nearly test samples: a model that was trained on one would know the answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from resources.data.byhand.model import Complaint, GivenLabels
from resources.data.byhand.reading import refuse
from resources.data.making.similarity.album import Album
from resources.data.making.similarity.wordings import wording
from resources.data.making.stages import look_at_samples
from resources.data.manifest import SampleRow
from resources.data.model import Split
from resources.data.storage.repository import DatasetRepository
from resources.kinds import Kind
from resources.terms import SampleId


def refuse_like_test(
    repository: DatasetRepository,
    path: Path,
    kind: Kind,
    given: GivenLabels,
    contents: Mapping[SampleId, bytes],
    samples: Sequence[SampleRow],
) -> None:
    """Raise BadInput, which names the lines, for those of ``contents`` that are nearly a test sample."""
    if not contents:
        return
    test = {one.id: one.md5 for one in samples if one.split is Split.TEST}
    if kind.is_text:
        refuse(path, _same_words(repository, given, contents, test))
        return
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


def _same_words(
    repository: DatasetRepository,
    given: GivenLabels,
    contents: Mapping[SampleId, bytes],
    test: Mapping[SampleId, str],
) -> list[Complaint]:
    """Texts that are a test sample but for blanks, ends of lines and capital letters."""
    tested = {_words(repository.objects.read(md5)): one for one, md5 in test.items()}
    return [
        (
            one.row.line,
            f"{one.row.name} is the same text as test sample {tested[words]}, but for blanks and case",
        )
        for one in given.labels
        if one.sample in contents and (words := _words(contents[one.sample])) in tested
    ]


def _words(content: bytes) -> str:
    return wording(content.decode(errors="replace"))
