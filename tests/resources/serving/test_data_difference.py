"""What the data of two models holds otherwise, from versions that were really made."""

from pathlib import Path

from resources.home import Home
from resources.serving.data_difference import data_difference
from resources.serving.difference import Pair
from tests.trainplat_assets.rounds import IMAGES, SPEC, make_first, make_next


def test_two_versions_differ_by_what_was_labelled_and_by_the_files_that_say_so(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    second = make_next(data, 6)
    home = Home(trainplat_home)
    found = data_difference(home, data.database, SPEC.name, "v1.0", second)
    assert found is not None
    assert found.counts["labelled"] == Pair(12, 18)
    assert found.counts["test"].change == 0
    assert found.counts["pool"].change == -6
    assert found.files is not None
    assert found.files["changed"] > 0
    assert found.files["added"] < IMAGES
    assert found.schema == ()
    assert data_difference(home, data.database, SPEC.name, "v1.0", "v1.0") is None
    assert data_difference(home, data.database, SPEC.name, "v1.0", "v9.9") is None
