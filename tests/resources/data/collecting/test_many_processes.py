"""Commit, checkout and gc by eight processes at once on one store."""

import os
import random
import traceback
from pathlib import Path

import pytest

from resources.data.versions.committing import Wanted
from resources.errors import Conflict
from resources.terms import Actor
from tests.children import fork, leave
from tests.resources.data.collecting.stores import DIGITS, Store
from tests.resources.data.folders import read, write

pytestmark = pytest.mark.uncounted
PROCESSES = 8
FEW, MANY = 2, 40
SHARED = 5
"""So many contents are in most versions: a collector meets them while others count on them."""


def test_eight_processes_at_once(kept: Store, tmp_path: Path, seed: int) -> None:
    run_side_by_side(kept, tmp_path, seed, FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_eight_processes_at_once_for_long(kept: Store, tmp_path: Path, seed: int) -> None:
    run_side_by_side(kept, tmp_path, seed, MANY)


def run_side_by_side(kept: Store, place: Path, seed: int, rounds: int) -> None:
    """Let them all work so many rounds; then every version is what was told, and nothing is left over."""
    kept.commit(place / "first", {"0": content(0)})
    kept.database.close()
    workers = [
        start(kept, place, random.Random(seed * 100 + number), number, rounds) for number in range(PROCESSES)
    ]
    told: dict[str, str] = {}
    problems = ""
    for child, hears in workers:
        with os.fdopen(hears) as pipe:
            heard = pipe.read()
        _, status = os.waitpid(child, 0)
        problems += heard if status else ""
        told |= dict(line.split("\t") for line in heard.splitlines()) if not status else {}
    assert problems == ""
    found = kept.audit()
    for key, numbers in told.items():
        assert found[DIGITS, key] == {number: content(int(number)) for number in numbers.split(",")}
    assert len(told) >= rounds  # most commits are versions of their own
    kept.collect()
    with kept.database.read_plainly() as rows:
        assert rows.rows("SELECT kind FROM data_journal") == []
    assert list((kept.cache / "drafts").iterdir()) == []


def start(kept: Store, place: Path, draw: random.Random, number: int, rounds: int) -> tuple[int, int]:
    """One of them: most commit and check out, every fourth collects."""
    hears, tells = os.pipe()
    child = fork(hung_after_s=800)
    if child == 0:
        os.close(hears)
        try:
            for turn in range(rounds):
                if number % 4 == 3:
                    kept.collect()
                else:
                    done = commit_and_look(kept, place / f"{number}-{turn}", draw, f"user{number}")
                    os.write(tells, done.encode())
        except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
            os.write(tells, traceback.format_exc().encode())
            leave(1)
        leave(0)
    os.close(tells)
    return child, hears


def commit_and_look(kept: Store, folder: Path, draw: random.Random, user: str) -> str:
    """Commit some contents, then check the version out and compare."""
    numbers = sorted({draw.randrange(SHARED), draw.randrange(SHARED), draw.randrange(1000)})
    write(folder, {str(one): content(one) for one in numbers})
    wanted = Wanted(DIGITS, folder, "", Actor(f"user:{user}"), user)
    try:
        made = kept.versions.commit(wanted)
    except Conflict:  # objects went three times under its hands: it says so, and is run again
        made = kept.versions.commit(wanted)
    given = folder.with_name(f"{folder.name}-given")
    kept.versions.restore(DIGITS, made.version.key, given)
    assert read(given) == read(folder)
    return f"{made.version.key}\t{','.join(map(str, numbers))}\n"


def content(number: int) -> bytes:
    """The content of a file."""
    return b"%d " % number * 200
