"""Two people change one version of the digits at once, both train, and merge what they did on the page."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from dagster import RunsFilter
from playwright.sync_api import Browser, Page, expect

from resources.data.manifest import SAMPLES_FILE, samples_from_csv, samples_to_csv
from resources.data.merges.model import MergeState
from resources.data.merges.service import MergeService
from resources.data.model import Split
from resources.data.partitions import versions_partitions
from resources.data.results.model import Follow, ResultSnapshot
from resources.data.results.service import ResultService
from resources.data.service import DataService
from resources.data.spaces.model import Space
from resources.data.spaces.service import SpaceService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.data.versions.model import BranchState, Version
from resources.data.versions.service import VersionService
from resources.database.audit import recent
from resources.home import Home
from resources.runs.instance import open_instance
from resources.terms import FIRST_VERSION, Actor, Label, SampleId, VersionKey
from tests.end_to_end.test_arbiter_on_dashboard import take
from tests.servers.dagster_servers import CHECKOUT, dagster_servers, wait_until
from tests.streamlit_app.test_in_browser import Look, is_drawn, looks, served
from trainplat_assets.datasets import DIGITS

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(1000),
]

SENSOR = Actor("sensor:digits_annotations")
SECOND, MERGED = VersionKey("v1.1"), VersionKey("v1.2")
SIX, SEVEN, EIGHT, NINE = (Label(one) for one in "6789")


@dataclass(frozen=True)
class Digits:
    """The digits of one home, and what people do with them."""

    home: Home

    @property
    def versions(self) -> VersionService:
        return VersionService(self.home, self.home.database())

    @property
    def spaces(self) -> SpaceService:
        return SpaceService(self.home, self.home.database())

    @property
    def merges(self) -> MergeService:
        return MergeService(self.home, self.home.database())

    @property
    def data(self) -> DataService:
        return DataService(self.home, self.home.database())

    def space(self, user: str, ref: str) -> Space:
        """A space of a version, or of a branch."""
        return self.spaces.create(user, "relabel", DIGITS.name, ref, Actor(f"user:{user}"), progress=quiet)

    def commit(self, space: Space, message: str) -> Version:
        wanted = Wanted(DIGITS.name, space.path, message, Actor(f"user:{space.user}"), space.user)
        return self.versions.commit(wanted).version

    def labels(self, key: str) -> dict[SampleId, Label | None]:
        """What each sample is called in a version."""
        tree = self.versions.tree(self.versions.show(DIGITS.name, key))
        rows = samples_from_csv(self.versions.objects.read(tree.files[SAMPLES_FILE]))
        return {row.id: row.label for row in rows}

    def train_on(self, branch: str) -> ResultSnapshot:
        """Train on a branch, as its user does, and wait for what the sensor makes of it."""
        # In a process of its own: a browser that a test drives leaves no room here for Dagster's event loop.
        command = [sys.executable, "-m", "trainplat_cli.main", "data", "train", DIGITS.name, branch, "--json"]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["branch"] == branch
        followed = wait_until(lambda: self._followed(branch), f"digits_merges to follow {branch}", 120)
        [row] = [
            row
            for row in recent(self.home.database(), limit=50)
            if (row.action, row.subject) == ("data.follow_training", f"{DIGITS.name} {followed.version}")
        ]
        assert row.actor == "sensor:digits_merges"
        return followed

    def _followed(self, branch: str) -> ResultSnapshot | None:
        found = ResultService(self.home, self.home.database()).results(DIGITS.name)
        return next((one for one in found if one.branch == branch and one.follow is not None), None)


@pytest.fixture
def digits(tmp_path: Path, trainplat_home: Path, dagster_template: Path) -> Iterator[Digits]:
    """The first version, and a daemon that lets the sensor look for trainings on branches."""
    with dagster_servers(tmp_path, "tests.servers.merge_location", dagster_template, {}) as servers:
        made = Digits(servers.home)
        assert made.home.path == trainplat_home
        made.data.plan_first(DIGITS, SENSOR)
        made.data.make(DIGITS, FIRST_VERSION, SENSOR)
        yield made
    for space in made.spaces.spaces():
        made.spaces.remove(space.user, space.name, SENSOR)


def relabel(space: Space, labels: dict[SampleId, Label]) -> None:
    """Write other labels into a space, as an editor does."""
    table = space.path / SAMPLES_FILE
    rows = samples_from_csv(table.read_bytes())
    changed = [replace(row, label=labels.get(row.id, row.label)) for row in rows]
    table.unlink()
    table.write_bytes(samples_to_csv(changed))


def test_two_people_change_merge_and_train_the_digits(digits: Digits, browser: Browser) -> None:
    before = digits.labels(FIRST_VERSION)
    train = [one.id for one in digits.data.samples(DIGITS.name, FIRST_VERSION) if one.split is Split.TRAIN]
    sixes = [one for one in train if before[one] == SIX]
    both, of_ann, of_ben = sixes[0], sixes[1], sixes[2]
    begun = digits.versions.branch(DIGITS.name, FIRST_VERSION, "ann", Actor("user:ann"))
    ann, ben = digits.space("ann", begun.name), digits.space("ben", FIRST_VERSION)
    relabel(ann, {both: EIGHT, of_ann: EIGHT})
    relabel(ben, {both: NINE, of_ben: SEVEN})
    assert digits.labels(FIRST_VERSION) == before, "no write in a space changes a version"

    by_ann = digits.commit(ann, "Two sixes that are eights")
    assert by_ann.branch == begun.name
    result = digits.train_on(begun.name)
    assert (result.version, result.follow) == (by_ann.key, Follow.MERGED), "nobody else changed anything"
    assert digits.versions.show(DIGITS.name, "latest").parents == (FIRST_VERSION, by_ann.key)

    by_ben = digits.commit(ben, "A six that is a nine, and one that is a seven")
    branch = by_ben.branch
    assert branch is not None, "somebody else was faster"
    assert by_ben.parents == (FIRST_VERSION,)
    result = digits.train_on(branch)
    assert (result.version, result.follow) == (by_ben.key, Follow.CONFLICTS)
    assert digits.merges.merges(DIGITS.name)[0].conflicts == 1

    # So that pages name the home as they do for most people.
    with served(digits.home.path, HOME=str(digits.home.path.parent)) as address:
        look = looks(browser, address)
        with look("data", "Data") as screen_of_ann, look("data?part=merge", "Data") as screen_of_ben:
            expect(screen_of_ann.get_by_text("Two sixes that are eights")).to_be_visible()
            expect(screen_of_ann.get_by_text("to be merged")).to_be_visible()
            merge(screen_of_ben, branch, both)
            screen_of_ann.reload()
            expect(screen_of_ann.get_by_text("merge ben", exact=True)).to_be_visible()
            expect(screen_of_ann.get_by_text("to be merged")).to_have_count(0)
            take(screen_of_ann, "data-versions")
        see_what_changed(look, both)

    merged = digits.versions.show(DIGITS.name, "latest")
    assert (merged.key, merged.parents) == (MERGED, (SECOND, by_ben.key))
    after = digits.labels(MERGED)
    changed = {one: after[one] for one in after if after[one] != before[one]}
    assert changed == {both: NINE, of_ann: EIGHT, of_ben: SEVEN}
    ends = [(one.state, one.merged_as) for one in digits.versions.branches(DIGITS.name)]
    assert ends == [(BranchState.MERGED, SECOND), (BranchState.MERGED, MERGED)]
    assert [one.state for one in digits.merges.merges(DIGITS.name)] == [MergeState.MERGED] * 2

    # As the sensor does when the round before is decided: now they are partitions of the main line.
    adopted = [one.version for one in digits.data.adopt(DIGITS, SENSOR)]
    assert adopted == [SECOND, MERGED]
    snapshot = digits.data.make(DIGITS, MERGED, SENSOR)
    assert snapshot.tree_md5 == merged.tree_md5
    partitions = versions_partitions(DIGITS.name)
    with open_instance(digits.home.dagster) as instance:
        for version in digits.data.versions(DIGITS.name):
            partitions.register(instance, version.version)
        assert instance.get_dynamic_partitions(str(partitions.name)) == [FIRST_VERSION, SECOND, MERGED]
        assert instance.get_runs_count(RunsFilter(job_name="digits_branch_training")) == 2


def merge(page: Page, branch: str, both: SampleId) -> None:
    """See the one conflict, answer it, and make it the next version."""
    expect(page.get_by_text("1 conflict is left to answer.")).to_be_visible()
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_disabled()
    expect(page.get_by_text(f"record {both}")).to_be_visible()
    for text in ("6", "8", "9"):
        expect(page.locator("pre.tp-text").get_by_text(text, exact=True)).to_be_visible()
    expect(page.locator(".tp-about img")).to_be_visible()
    take(page, "data-conflict")
    page.get_by_role("button", name="Take theirs", exact=True).click()
    expect(page.get_by_text("1 conflict is left to answer.")).to_have_count(0)
    is_drawn(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text(f"{branch} is merged as {MERGED}.")).to_be_visible()
    expect(page.get_by_text(re.compile("^No branch is open"))).to_be_visible()


def see_what_changed(look: Look, both: SampleId) -> None:
    """The difference between what Ann had and what came of the merge."""
    with look(f"data?part=diff&before={SECOND}&after={MERGED}", "Data") as page:
        lines = page.locator("code").filter(has_text=re.compile(rf"\+{both},train,{NINE}"))
        expect(lines).to_be_visible()
        take(page, "data-changes")
