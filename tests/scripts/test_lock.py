"""What make lock writes."""

from scripts.checkout import PLATFORM
from scripts.lock import tidy


def test_a_lock_names_no_place_and_no_build() -> None:
    resolved = "--find-" + "links /somewhere\n# via x\nrich==15.0.0\n    # via y\ntorch==2.13.0+cpu\n"
    assert tidy(resolved, PLATFORM.lock).splitlines()[1:] == ["rich==15.0.0", "torch==2.13.0"]


def test_writing_what_is_locked_changes_nothing() -> None:
    locked = PLATFORM.lock.read_text()
    assert tidy(locked, PLATFORM.lock) == locked
