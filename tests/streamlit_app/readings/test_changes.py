import os

from resources.data.storage.objects import ObjectStore
from resources.home import Home
from streamlit_app.readings.changes import (
    THUMBNAIL_PX,
    NoPicture,
    Thumbnail,
    is_picture,
    is_text,
    lines_between,
    read_changes,
    text_of,
    thumbnail_of,
)
from tests.streamlit_app.data_home import SET, png


def test_changes_are_counted_filtered_and_read(letters: Home) -> None:
    changes = read_changes(letters, letters.database(), SET, "v1.0", "v1.1")
    assert [(one.path, one.kind.value) for one in changes.files] == [
        ("0.png", "changed"),
        ("labels.jsonl", "changed"),
    ]
    (labels,) = changes.matching("LABELS", frozenset())
    assert changes.matching("", frozenset({labels.kind})) == changes.files
    lines = lines_between(letters, labels.before, labels.after)
    assert lines is not None
    assert '+{"id": 2, "letter": "h"}' in lines
    assert lines_between(letters, None, changes.files[0].after) is None, "a picture is no text"


def test_a_picture_is_made_small_and_knows_how_large_it_was(home_of_objects: Home) -> None:
    found = thumbnail_of(home_of_objects, put(home_of_objects, png("#2f6fde", (640, 320))))
    assert isinstance(found, Thumbnail)
    assert (found.width_px, found.height_px) == (640, 320)
    assert not found.is_tiny
    assert int.from_bytes(found.png[16:20]) == THUMBNAIL_PX


def test_a_picture_of_few_pixels_is_kept_as_it_is(home_of_objects: Home) -> None:
    found = thumbnail_of(home_of_objects, put(home_of_objects, png("#2f6fde", (8, 8))))
    assert isinstance(found, Thumbnail)
    assert found.is_tiny
    assert int.from_bytes(found.png[16:20]) == 8


def test_what_is_no_picture_or_too_large_or_damaged_says_so(home_of_objects: Home) -> None:
    home = home_of_objects
    assert thumbnail_of(home, put(home, b"no picture")) is NoPicture.UNREADABLE
    assert thumbnail_of(home, put(home, png("#2f6fde")[:60])) is NoPicture.UNREADABLE
    assert thumbnail_of(home, "0" * 32) is NoPicture.DAMAGED
    name = "1" * 32
    path = ObjectStore(home.data / ".cache").path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        os.truncate(file.fileno(), 2**30)
    assert thumbnail_of(home, name) is NoPicture.TOO_LARGE
    assert text_of(home, name) is None


def test_kinds_of_files_are_known_by_their_names() -> None:
    assert is_picture("a/B.JPG")
    assert not is_picture("png")
    assert is_text("labels.jsonl")
    assert not is_text("weights.bin")


def put(home: Home, content: bytes) -> str:
    return ObjectStore(home.data / ".cache").put(content).md5
