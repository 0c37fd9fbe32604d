"""A bucket that goes away in the middle of a push, and one that refuses the keys."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from resources.data.places.model import RemoteProblem
from resources.data.places.place import Place
from resources.data.places.service import PlaceService
from resources.data.storage.drafts import mark_of
from resources.data.storage.worktree import Progress
from resources.data.versions import journal
from resources.data.versions.leftovers import clear
from resources.data.versions.model import Version
from resources.data.versions.service import VersionService
from resources.errors import Denied, ExitCode, TrainplatError
from resources.holder import Holder
from resources.home import Home
from tests.resources.data.interop.conftest import ACTOR, SHAPES, commit, write
from tests.resources.data.kills.bucket_pushes import audit_bucket
from tests.servers.relay import Relay
from tests.servers.s3 import KEY, SECRET, Bucket
from trainplat_cli.main import main

MANY = {f"{number}.txt": b"%d" % number for number in range(40)}
"""More than are on their way at one time."""
NAME = "far"


@pytest.fixture
def versions(trainplat_home: Path) -> VersionService:
    home = Home(trainplat_home)
    return VersionService(home, home.database())


@pytest.fixture
def version(versions: VersionService, tmp_path: Path) -> Version:
    return commit(versions, write(tmp_path / "work", MANY))


@pytest.fixture
def places(versions: VersionService) -> PlaceService:
    """Remotes that are tried again at once."""
    return PlaceService(
        versions.home, versions.database, place=lambda remote: Place(remote, sleep=lambda _: None)
    )


def after(count: int, act: Callable[[], None]) -> Progress:
    """Progress that does something once, when so many objects went."""
    seen = 0

    def progress(files: int, size_bytes: int, to_come: int = 0) -> None:
        nonlocal seen
        seen += files
        if files and seen == count:
            act()

    return progress


def test_a_remote_that_goes_away_amid_a_push_is_told_and_the_push_goes_on_later(
    versions: VersionService, version: Version, places: PlaceService, bucket: Bucket, relay: Relay
) -> None:
    places.add(NAME, bucket.url, ACTOR, endpoint=relay.endpoint)
    with pytest.raises(RemoteProblem, match=f"remote {NAME} does not answer at {relay.endpoint}") as told:
        places.push(SHAPES, None, NAME, ACTOR, after(7, relay.end))
    assert "run the same thing again" in told.value.next_step
    [standing] = places.status(SHAPES)
    assert (standing.there, standing.missing) == ((), (version,))
    there = audit_bucket(bucket)
    assert 7 <= len(there) < len(MANY)
    assert version.tree_md5 not in there, "dvc would take the version for whole"
    relay.begin()
    pushed = places.push(SHAPES, None, NAME, ACTOR)
    assert (pushed.versions, pushed.sent) == ((version,), len(MANY) - len(there))
    assert audit_bucket(bucket) == {version.tree_md5, *versions.tree(version).names}
    clear(versions.database, versions.objects, versions.clock())
    with versions.database.read_plainly() as rows:
        assert journal.intents(rows) == []
    assert mark_of(Holder.current()) not in str(list(versions.objects.cache.rglob("*")))


def test_a_remote_that_goes_away_before_the_tree_has_no_version(
    versions: VersionService, version: Version, places: PlaceService, bucket: Bucket, relay: Relay
) -> None:
    places.add(NAME, bucket.url, ACTOR, endpoint=relay.endpoint)
    with pytest.raises(RemoteProblem):
        places.push(SHAPES, None, NAME, ACTOR, after(len(MANY), relay.end))
    assert audit_bucket(bucket) == set(versions.tree(version).names)
    assert places.status(SHAPES)[0].missing == (version,)
    relay.begin()
    pushed = places.push(SHAPES, None, NAME, ACTOR)
    assert (pushed.versions, pushed.looked_for, pushed.sent) == ((version,), len(MANY), 0)
    assert places.status(SHAPES)[0].there == (version,)


def test_the_command_names_a_remote_that_is_gone_and_what_to_do(
    version: Version, places: PlaceService, bucket: Bucket, relay: Relay, capsys: pytest.CaptureFixture[str]
) -> None:
    places.add(NAME, bucket.url, ACTOR, endpoint=relay.endpoint)
    relay.end()
    with pytest.raises(SystemExit) as ended:
        main(["data", "push", SHAPES, "--remote", NAME])
    assert ended.value.code == ExitCode.FAILED
    said = capsys.readouterr().err
    assert f"remote {NAME} does not answer at {relay.endpoint}" in said
    assert "Next: See whether it runs" in said
    relay.begin()
    with pytest.raises(SystemExit) as ended:
        main(["data", "push", SHAPES, "--remote", NAME])
    assert ended.value.code == ExitCode.DONE


class Keys:
    """Users of the server, which asks each request for keys."""

    def __init__(self, endpoint: str) -> None:
        import boto3  # type: ignore[import-untyped]

        self._users = boto3.client(
            "iam",
            endpoint_url=endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def of(self, user: str, *allowed: str) -> tuple[str, str]:
        """Key and secret of a new user who may do this in every bucket."""
        self._users.create_user(UserName=user)
        policy = {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": allowed, "Resource": "*"},
        }
        self._users.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(policy))
        made: dict[str, Any] = self._users.create_access_key(UserName=user)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]


@pytest.fixture
def keys(s3_server: str, bucket: Bucket) -> Iterator[dict[str, tuple[str, str]]]:
    """From now on each request has to be signed by a user who may; by what is wrong with them."""
    users = Keys(s3_server)
    right = users.of(f"right-{bucket.name}", "s3:*")
    reader = users.of(f"reader-{bucket.name}", "s3:GetObject", "s3:ListBucket")
    ask_for_keys(s3_server, True)
    yield {"unknown": ("nobody", right[1]), "secret": (right[0], "other"), "reader": reader, "right": right}
    ask_for_keys(s3_server, False)


def ask_for_keys(server: str, asks: bool) -> None:
    """Let moto look at keys, signatures and policies, or not."""
    httpx.post(f"{server}/moto-api/reset-auth", content="0" if asks else "inf").raise_for_status()


@pytest.mark.parametrize("wrong", ["unknown", "secret", "reader"])
def test_keys_that_are_refused_are_told_and_right_ones_push(
    wrong: str,
    trainplat_home: Path,
    version: Version,
    places: PlaceService,
    bucket: Bucket,
    keys: dict[str, tuple[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places.add(NAME, f"{bucket.url}/shapes", ACTOR)
    use(keys[wrong], monkeypatch)
    for act in (lambda: places.push(SHAPES, None, NAME, ACTOR), lambda: places.check(NAME)):
        with pytest.raises(TrainplatError) as told:
            act()
        assert isinstance(told.value, Denied), told.value
        assert f"remote {NAME} refuses" in told.value.problem
        assert "AWS_ACCESS_KEY_ID" in told.value.next_step
        for secret in keys[wrong]:
            assert secret not in str(told.value)
    assert places.status(SHAPES)[0].there == ()
    use(keys["right"], monkeypatch)
    anew = PlaceService(Home(trainplat_home), places.database)
    assert anew.push(SHAPES, None, NAME, ACTOR).sent == len(MANY)


def use(given: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign with these."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", given[0])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given[1])
