from pathlib import Path

from resources.home import Home
from resources.serving.batch import Answer, BatchFiles
from resources.terms import Label, SampleId, VersionKey
from tests.resources.serving.examples import NAME, model

V0 = VersionKey("v1.0")
ANSWERS = (
    Answer(SampleId("a" * 64), "train", Label("3"), 0.75, Label("3")),
    Answer(SampleId("b" * 64), "pool", Label('said "so", twice'), 0.5, None),
    Answer(SampleId("c" * 64), "test", Label("3"), 0.25, Label("8")),
)


def test_a_batch_is_read_as_it_was_written_and_each_model_has_its_own(trainplat_home: Path) -> None:
    files = BatchFiles(Home(trainplat_home))
    assert files.read(NAME, V0, model(1)) is None
    written = files.write(NAME, V0, model(1), ANSWERS)
    assert files.read(NAME, V0, model(1)) == written
    assert written.path.read_text().splitlines()[0] == "sample,split,answer,confidence,known"
    assert files.read(NAME, V0, model(2)) is None


def test_a_batch_says_what_is_in_it(trainplat_home: Path) -> None:
    batch = BatchFiles(Home(trainplat_home)).write(NAME, V0, model(1), ANSWERS)
    assert next(iter(batch.by_answer.items())) == ("3", 2)
    assert (batch.mean_confidence, batch.agreement) == (0.5, 0.5)
    assert [one.sample[0] for one in batch.least_sure(2)] == ["c", "b"]
    nothing = BatchFiles(Home(trainplat_home)).write(NAME, V0, model(2), ())
    assert (nothing.mean_confidence, nothing.agreement, nothing.by_answer) == (None, None, {})
