"""What goes on while the power fails: commits, gifts, merges, pushes, collections, each told when done."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from resources.data.collecting.service import CollectingService
from resources.data.merges.service import MergeService
from resources.data.places.service import PlaceService
from resources.data.storage.ingesting import Taking
from resources.data.versions.committing import Wanted
from resources.data.versions.service import VersionService
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data import shapes
from tests.resources.data.auditor import audit_home
from tests.resources.data.folders import read, write
from tests.resources.data.kills.kind import ANN, names_of
from tests.resources.data.kills.pushes import audit_remote

PICTURES = DatasetName("pictures")
FOLDERS = 48
BACKUP = "backup"


def files_of(number: int) -> dict[str, bytes]:
    """What lies in a user's folder: few files or many, one larger than what is read at a time."""
    draw = random.Random(number)
    count = 90 if number % 6 == 0 else 7  # one by one, or with one sync for all
    made = {f"{number}/{one % 3}/{one}": draw.randbytes(draw.randint(0, 3000)) for one in range(count)}
    return made | ({f"{number}/large": draw.randbytes(1_200_000)} if number % 8 == 1 else {})


class Work:
    """One home in which all of this goes on, and what users have beside it."""

    def __init__(self, root: Path, tell: Callable[[str], None] = lambda _: None) -> None:
        self.root, self._say = root, tell
        home = Home(root / "home")
        database = home.database()
        self.versions, self.merges = VersionService(home, database), MergeService(home, database)
        self.places, self.keeper = PlaceService(home, database), CollectingService(home, database)
        self.shapes = shapes.service(home.path)

    def prepare(self) -> None:
        """What is there before the power fails for the first time."""
        for number in range(FOLDERS):
            write(self._folder(number), files_of(number))
        self.places.add(BACKUP, str(self.root / BACKUP), ANN)
        self.versions.commit(self._wanted(0))
        shapes.first_version(self.shapes, 40)

    def go_on(self, draw: random.Random) -> None:
        """Do one thing after the other, until somebody ends this process."""
        acts = [self._commit, self._commit, self._link, self._give, self._merge, self._push, self._collect]
        while True:
            numbers = list(range(1, FOLDERS))
            draw.shuffle(numbers)
            for number in numbers:
                self._tell("begun", "", number, number % (FOLDERS - 1) + 1)
                draw.choice([*acts, self._seal])(number)

    def _commit(self, number: int) -> None:
        made = self.versions.commit(self._wanted(number))
        self._tell("version", made.version.key, number)

    def _link(self, number: int) -> None:
        made = self.versions.commit(self._wanted(number, taking=Taking.LINK))
        self._tell("version", made.version.key, number)

    def _give(self, number: int) -> None:
        target = self.root / f"given-{number}"
        if not target.exists():
            version = self.versions.restore(PICTURES, "latest", target)
            self._tell("given", version.key, number)

    def _merge(self, number: int) -> None:
        base = self.versions.show(PICTURES, "latest").key
        other = number % (FOLDERS - 1) + 1
        first = self.versions.commit(self._wanted(number, base=base)).version
        second = self.versions.commit(self._wanted(other, base=base, user="bob")).version
        self._tell("version", first.key, number)
        self._tell("version", second.key, other)
        if second.branch is not None:
            tried = self.merges.merge(PICTURES, second.branch, ANN)
            assert tried.version is not None
            self._tell("merged", tried.version.key, number, other)

    def _push(self, number: int) -> None:
        pushed = self.places.push(PICTURES, "latest", BACKUP, ANN)
        for version in pushed.versions:
            self._tell("pushed", version.key, number)

    def _collect(self, number: int) -> None:  # noqa: ARG002 - as the others
        self.keeper.collect(ANN, timedelta(0))

    def _seal(self, number: int) -> None:
        newest = self.shapes.versions(shapes.SHAPES.name)[-1].version
        if shapes.answers(self.shapes, newest, 1):
            self._tell("sealed", shapes.next_version(self.shapes, 1), number)

    def _tell(self, what: str, key: str, *numbers: int) -> None:
        self._say(json.dumps([what, key, *numbers]))

    def _folder(self, number: int) -> Path:
        return self.root / f"folder-{number}"

    def _wanted(
        self, number: int, base: str | None = None, user: str = "ann", taking: Taking = Taking.COPY
    ) -> Wanted:
        return Wanted(
            PICTURES, self._folder(number), "", Actor(f"user:{user}"), user, base=base, taking=taking
        )

    def check(self, done: list[str]) -> None:
        """Look at what a power cut left: all that was told before is there, and nothing is wrong."""
        found = audit_home(self.root / "home", after_a_power_cut=True)
        for number in range(FOLDERS):
            assert read(self._folder(number)) == files_of(number), f"a user's file was changed: {number}"
        for one in map(json.loads, done):
            self._check_one(*one, versions=found.versions)
        there = audit_remote(self.root / BACKUP, after_a_power_cut=True)
        for standing in self.places.status(PICTURES):
            assert {version.tree_md5 for version in standing.there} <= there
        for sealed in self.shapes.versions(shapes.SHAPES.name):
            if sealed.tree_md5 is not None:
                assert self.shapes.damage(shapes.SHAPES.name, sealed.version) == []

    def _check_one(
        self, what: str, key: str, *numbers: int, versions: dict[tuple[str, str], dict[str, str]]
    ) -> None:
        if what == "version":
            assert versions[PICTURES, key] == names_of(files_of(numbers[0])), key
        elif what == "merged":
            assert (PICTURES, key) in versions
        elif what == "given" and (self.root / f"given-{numbers[0]}").exists():  # under its name it is whole
            given = read(self.root / f"given-{numbers[0]}")
            assert names_of(given) == versions[PICTURES, key], f"what was given out is not {key}"
        elif what == "pushed":
            [standing] = self.places.status(PICTURES)
            assert key in {version.key for version in standing.there}, f"{key} was pushed"
        elif what == "sealed":
            sealed = {one.version for one in self.shapes.versions(shapes.SHAPES.name) if one.tree_md5}
            assert key in sealed, f"{key} was sealed"

    def check_that_it_goes_on(self, done: list[str]) -> None:
        """What was cut off is cleared away, and the same things can be done again."""
        for planned in self.shapes.versions(shapes.SHAPES.name):
            self.shapes.make(shapes.SHAPES, planned.version, shapes.ACTOR)
            assert self.shapes.damage(shapes.SHAPES.name, planned.version) == []
        begun = [one[2:] for one in map(json.loads, done) if one[0] == "begun"]
        for number in {0, *(begun[-1] if begun else ())}:
            made = self.versions.commit(self._wanted(number, base="latest"))
            found = audit_home(self.root / "home", after_a_power_cut=True)
            assert found.files(PICTURES, made.version.key) == names_of(files_of(number))
        self.places.push(PICTURES, None, BACKUP, ANN)
        self.keeper.collect(ANN, timedelta(0))
        audit_home(self.root / "home")
        assert audit_remote(self.root / BACKUP)
