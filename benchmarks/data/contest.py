"""Small files: each operation by both tools, by turns."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data.commands import Cost, Ledger
from benchmarks.data.files import change_one_percent, copy_of, make_small
from benchmarks.data.floors import clone_floor, copy_floor, link_floor, read_and_link_floor, stat_floor
from benchmarks.data.tools import Dvc, Ours
from benchmarks.stack import say
from resources.errors import TrainplatError

ANOTHER_USER = "nobody"
LOOP_BYTES_PER_FILE = 60_000
Steps = dict[str, Callable[[], Cost]]
"""What each tool does."""


def contest(files: int, repeat: int) -> dict[str, float]:
    """All operations on ``files`` small files, ``repeat`` times; the order of the tools changes each time."""
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        make_small(root / "source", files)
        for number in range(repeat):
            say(f"round {number + 1} of {repeat}")
            turn = ("dvc", "ours") if number % 2 == 0 else ("ours", "dvc")
            _copy_round(root, ledger, turn, number)
            _link_round(root, ledger, turn)
        with _reflink_place(files * LOOP_BYTES_PER_FILE + 2**29) as place:
            if place is not None:
                for number in range(repeat):
                    _reflink_round(root / "source", place, ledger, ("dvc", "ours")[:: 1 - 2 * (number % 2)])
    return ledger.metrics() | _merge(repeat)


def _copy_round(root: Path, ledger: Ledger, turn: tuple[str, ...], number: int) -> None:
    """A first version by copy, nothing changed, 1 % changed. Both read one and the same folder."""
    dvc, ours = Dvc(root / "dvc", "copy"), Ours(root / "home")
    copy_of(root / "source", dvc.data)
    dvc.begin()
    ours.begin()
    steps: Steps = {"dvc": dvc.add, "ours": lambda: ours.commit(dvc.data)}
    for operation in ("first_copy", "nochange", "change1"):
        if operation == "change1":
            change_one_percent(dvc.data, seed=number)
        for tool in turn:
            ledger.add(operation, tool, steps[tool]())
    ledger.add("first_copy", "floor", copy_floor(dvc.data, root / "floor"))
    ledger.add("nochange", "floor", stat_floor(dvc.data, root / "floor"))
    shutil.rmtree(root / "floor")
    if os.geteuid() == 0:
        _spaces(ours, ledger)
    shutil.rmtree(root / "dvc")
    shutil.rmtree(root / "home")


def _spaces(ours: Ours, ledger: Ledger) -> None:
    """An overlay: the first one makes the version ready, each later one is a mount."""
    try:
        ledger.add("space_first", "ours", ours.create_space("first", kind="overlay"))
    except TrainplatError as problem:
        say(f"no overlay here: {problem.problem}")
        return
    ledger.add("space", "ours", ours.create_space("second", kind="overlay"))
    ours.remove_space("first")
    ours.remove_space("second")


def _link_round(root: Path, ledger: Ledger, turn: tuple[str, ...]) -> None:
    """A first version by hard links, and giving it out again by hard links."""
    dvc, ours, taken = Dvc(root / "dvc", "hardlink"), Ours(root / "home"), root / "taken"
    copy_of(root / "source", dvc.data)
    copy_of(root / "source", taken)
    dvc.begin()
    ours.begin()
    steps: Steps = {"dvc": dvc.add, "ours": lambda: ours.commit(taken, link=True)}
    for tool in turn:
        ledger.add("first_hardlink", tool, steps[tool]())
    ledger.add("first_hardlink", "floor", read_and_link_floor(taken, root / "floor"))
    shutil.rmtree(root / "floor")
    if os.geteuid() == 0 and _knows(ANOTHER_USER):
        gives: Steps = {
            "dvc": dvc.checkout,
            "ours": lambda: ours.create_space("given", kind="hardlink", user=ANOTHER_USER),
        }
        for tool in turn:
            ledger.add("give_hardlink", tool, gives[tool]())
        ledger.add("give_hardlink", "floor", link_floor(ours.objects, root / "floor"))
        shutil.rmtree(root / "floor")
    for folder in (root / "dvc", root / "home", taken):
        shutil.rmtree(folder)


def _reflink_round(source: Path, place: Path, ledger: Ledger, turn: tuple[str, ...]) -> None:
    dvc, ours = Dvc(place / "dvc", "reflink"), Ours(place / "home")
    copy_of(source, dvc.data)
    dvc.begin()
    ours.begin()
    firsts: Steps = {"dvc": dvc.add, "ours": lambda: ours.commit(dvc.data)}
    for tool in turn:
        ledger.add("first_reflink", tool, firsts[tool]())
    gives: Steps = {"dvc": dvc.checkout, "ours": lambda: ours.create_space("given", kind="reflink")}
    for tool in turn:
        ledger.add("give_reflink", tool, gives[tool]())
    ledger.add("give_reflink", "floor", clone_floor(ours.objects, place / "floor"))
    shutil.rmtree(place / "floor")
    shutil.rmtree(place / "dvc")
    shutil.rmtree(place / "home")


@contextmanager
def _reflink_place(size_bytes: int) -> Iterator[Path | None]:
    """An XFS file system in a file, mounted; None where that may not be."""
    if os.geteuid() != 0 or shutil.which("mkfs.xfs") is None:
        say("no XFS file system can be made here: reflinks are left out")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        image, place = Path(folder) / "image", Path(folder) / "place"
        place.mkdir()
        with image.open("wb") as file:
            file.truncate(size_bytes)
        subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop", image, place], check=False)
        if mounted.returncode:
            yield None
            return
        try:
            yield place
        finally:
            subprocess.run(["umount", place], check=True)


def _merge(repeat: int) -> dict[str, float]:
    from statistics import median

    from benchmarks.data.merging import merge_cpu_s

    measured = [merge_cpu_s() for _ in range(repeat)]
    ours, dvc = median(one[0] for one in measured), median(one[1] for one in measured)
    return {"merge_cpu_ratio": dvc / ours, "merge_ours_cpu_s": ours, "merge_dvc_cpu_s": dvc}


def _knows(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
