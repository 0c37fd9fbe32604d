"""Mount points are given, cleaned up after the living and the dead, and refused with the reason."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.data.mounts import looking
from resources.data.mounts.declaring import providers
from resources.data.mounts.model import Feature, Mode, Mount, MountRefused
from resources.data.mounts.service import MountService, given_path
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, NotFound, Unavailable
from resources.home import Home
from resources.terms import Actor
from tests.children import fork, leave
from tests.needs import needs
from tests.servers.s3 import KEY, SECRET, Bucket

ANN = Actor("user:ann")
RUN = "run-1"


@pytest.fixture
def mounts(any_database: Database, trainplat_home: Path, tmp_path: Path) -> MountService:
    """Two providers, ``disk`` of 100 MiB and the dearer ``other``."""
    service = MountService(Home(trainplat_home), any_database)
    declare(service, f"disk folder {tmp_path / 'disk'} 1 100", f"other folder {tmp_path / 'other'} 2")
    return service


def declare(mounts: MountService, *lines: str) -> None:
    """Write the providers down."""
    keys = ("name", "kind", "at", "price_per_gib_month", "size_mib")
    entries = [dict(zip(keys, line.split(), strict=False)) for line in lines]
    text = "".join(
        "- {"
        + ", ".join(
            f"{key}: '{value}'" if key != "size_mib" else f"{key}: {value}" for key, value in one.items()
        )
        + "}\n"
        for one in entries
    )
    mounts.home.path.mkdir(parents=True, exist_ok=True)
    (mounts.home.path / "storage.yaml").write_text(f"providers:\n{text}")


def test_scratch_is_an_empty_folder_that_goes_with_the_block(mounts: MountService, tmp_path: Path) -> None:
    mounts.declare("room", 10, Mode.SCRATCH, ANN)
    with mounts.given(["room"], RUN) as given:
        path = given["room"]
        assert os.environ["TRAINPLAT_MOUNT_ROOM"] == str(path)
        assert given_path("room") == path
        assert (path.parent, list(path.iterdir())) == (tmp_path / "disk", [])
        (path / "big").write_bytes(b"x")
        assert [one.run_id for one in mounts.grants()] == [RUN]
    assert not path.exists()
    assert (mounts.grants(), given_path("room")) == ([], None)


def test_what_is_kept_stays_on_the_provider_that_it_was_first_put_on(mounts: MountService) -> None:
    mount, choice = mounts.declare("models", 10, Mode.KEEP, ANN)
    assert (mount.provider, choice.reason) == ("disk", "disk is the cheapest of 2: 0.0098 a month")
    for number in range(2):
        with mounts.given(["models"], RUN) as given:
            (given["models"] / str(number)).write_text("x")
            assert len(list(given["models"].iterdir())) == number + 1


def test_what_is_read_has_to_be_there(mounts: MountService, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no provider is named"):
        mounts.declare("pets", 10, Mode.READ, ANN)
    with pytest.raises(MountRefused, match="there is no folder"):
        mounts.declare("pets", 10, Mode.READ, ANN, provider="disk")
    (tmp_path / "disk/raw/pets").mkdir(parents=True)
    (tmp_path / "disk/raw/pets/1").write_text("cat")
    mounts.declare("pets", 10, Mode.READ, ANN, provider="disk", at="raw/pets")
    with mounts.given(["pets"], RUN) as given:
        assert (given["pets"] / "1").read_text() == "cat"
    assert (tmp_path / "disk/raw/pets/1").exists()


def test_what_runs_have_is_promised_and_a_run_goes_elsewhere_or_is_refused(mounts: MountService) -> None:
    mounts.declare("room", 60, Mode.SCRATCH, ANN)
    mounts.declare("here", 60, Mode.SCRATCH, ANN, provider="disk")
    with mounts.given(["room"], RUN):
        choice = mounts.check("room")
        assert choice.provider is not None
        assert choice.provider.name == "other"
        assert [one.reason for one in choice.passed] == ["40 MiB are free there, 60 are needed"]
        with pytest.raises(MountRefused, match="40 MiB are free"):
            mounts.refuse_unusable(["here"])
        with pytest.raises(MountRefused, match="runs have room now: run-1"):
            mounts.remove("room", ANN)
    mounts.refuse_unusable(["here", "room"])
    mounts.remove("room", ANN)
    with pytest.raises(MountRefused, match=r"(?s)no mount point 'room'.*no mount point 'x'"):
        mounts.refuse_unusable(["room", "x"])
    assert recent(mounts.database, 1)[0].action == "data.remove_mount"


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every disk has 100 MiB, less what is written to the files ``big`` below ``one``."""
    real = os.statvfs(tmp_path)

    def of_a_small_disk(folder: Path) -> os.statvfs_result:
        written = sum(path.stat().st_size for path in tmp_path.glob("one/**/big"))
        fields = list(real)
        fields[1:5] = [1, 100 * looking.MIB, 100 * looking.MIB - written, 100 * looking.MIB - written]
        return os.statvfs_result(fields)

    monkeypatch.setattr(os, "statvfs", of_a_small_disk)


@pytest.mark.usefixtures("small_disk")
@pytest.mark.parametrize("mode", [Mode.SCRATCH, Mode.KEEP])
def test_mount_points_of_one_run_are_checked_together_as_they_would_be_given(
    mounts: MountService, tmp_path: Path, mode: Mode
) -> None:
    declare(mounts, f"one folder {tmp_path / 'one'} 1", f"two folder {tmp_path / 'two'} 2 50")
    mounts.declare("room", 60, mode, ANN)
    mounts.declare("rest", 50, mode, ANN)
    mounts.declare("little", 30, mode, ANN)
    for name in ("room", "rest", "little"):
        mounts.refuse_unusable([name])
    mounts.refuse_unusable(["room", "little"])
    with pytest.raises(MountRefused, match=r"rest.*40 MiB are free there, 50 are needed.*, beside room"):
        mounts.refuse_unusable(["room", "rest"])
    with mounts.given(["little"], RUN), pytest.raises(MountRefused) as refusal:
        mounts.refuse_unusable(["little", "rest"])
    assert "40 MiB are free there, 50 are needed" in refusal.value.problem
    assert [one.mount for one in mounts.grants()] == [], "a check gives nothing"


def test_a_run_whose_mount_points_find_room_on_two_providers_is_not_refused(
    mounts: MountService,
) -> None:
    mounts.declare("first", 60, Mode.SCRATCH, ANN)
    mounts.declare("second", 60, Mode.SCRATCH, ANN)
    mounts.refuse_unusable(["first", "second"])  # one on disk, which is of 100 MiB, and one on other
    with mounts.given(["first", "second"], RUN):
        assert sorted(one.provider for one in mounts.grants()) == ["disk", "other"]


@pytest.mark.usefixtures("small_disk")
def test_no_more_of_a_disk_is_promised_than_it_has_free(mounts: MountService, tmp_path: Path) -> None:
    declare(mounts, f"one folder {tmp_path / 'one'} 1", f"two folder {tmp_path / 'two'} 2")
    mounts.declare("room", 60, Mode.SCRATCH, ANN)
    mounts.declare("rest", 38, Mode.SCRATCH, ANN)
    with mounts.given(["room"], RUN) as given:
        with pytest.raises(MountRefused, match="one: 40 MiB are free there, 60 are needed; two: 40 MiB"):
            mounts.check("room")
        (given["room"] / "big").write_bytes(b"x" * 50 * looking.MIB)
        mounts.refuse_unusable(["rest"])  # 50 MiB are free, of which 10 are promised
    (tmp_path / "one/models").mkdir()
    (tmp_path / "one/models/big").write_bytes(b"x" * 70 * looking.MIB)
    mounts.declare("models", 90, Mode.KEEP, ANN, provider="one")  # of which it has 70, and 30 are free
    with pytest.raises(MountRefused, match="one: 100 MiB are free there, 110 are needed"):
        mounts.declare("models", 110, Mode.KEEP, ANN, provider="one")
    (tmp_path / "one/models/big").unlink()
    mounts.refuse_unusable(["room"])


_HOLDS = """
import sys
from pathlib import Path
from resources.data.mounts.service import MountService
from resources.home import Home
from resources.database.engine import Database
home = Home(Path(sys.argv[1]))
with MountService(home, Database(sys.argv[2])).given(["room"], "run-1") as given:
    (given["room"] / "big").write_bytes(b"x" * 1000)
    print(given["room"], flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_had_is_swept_and_what_the_living_have_is_not(mounts: MountService) -> None:
    mounts.declare("room", 60, Mode.SCRATCH, ANN)
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(mounts.home.path), mounts.database.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    path = Path(process.stdout.readline().strip())
    assert (path / "big").exists()
    assert mounts.sweep(ANN) == []
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdin.close()
    process.stdout.close()
    assert path.exists(), "nobody cleaned up"
    assert mounts.check("room").provider == mounts.providers()[0], "the dead are promised nothing"
    assert [one.path for one in mounts.sweep(ANN)] == [path]
    assert (path.exists(), mounts.grants()) == (False, [])
    assert recent(mounts.database, 1)[0].action == "data.sweep_mount"
    assert mounts.sweep(ANN) == []


def test_a_kept_mount_point_of_a_killed_process_is_not_removed(
    mounts: MountService, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts.declare("models", 10, Mode.KEEP, ANN)
    child = fork()
    if child == 0:
        try:
            with mounts.given(["models"], RUN) as given:
                (given["models"] / "best").write_text("x")
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            leave(1)
    os.waitpid(child, 0)
    (dead,) = mounts.sweep(ANN)
    assert (dead.path / "best").read_text() == "x"


@pytest.fixture
def on_s3(mounts: MountService, bucket: Bucket) -> MountService:
    """A provider in a bucket."""
    (mounts.home.path / "storage.yaml").write_text(
        f"providers: [{{name: far, kind: s3, at: '{bucket.url}/runs', price_per_gib_month: 0.02}}]"
    )
    bucket.put("runs/models/old/1", b"one")
    bucket.put("runs/models/2", b"two")
    return mounts


def keys(mounts: MountService) -> dict[str, bytes]:
    with mounts.given(["reader"], "run-2") as given:
        folder = given["reader"]
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


@pytest.mark.slow_on_postgresql
def test_a_prefix_of_s3_is_brought_into_a_folder_and_what_changed_is_sent_back(on_s3: MountService) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    on_s3.declare("reader", 10, Mode.READ, ANN, provider="far", at="models")
    assert keys(on_s3) == {"old/1": b"one", "2": b"two"}
    with on_s3.given(["models"], RUN) as given:
        folder = given["models"]
        (folder / "2").write_bytes(b"TWO")
        (folder / "new").mkdir()
        (folder / "new/3").write_bytes(b"three")
    assert not folder.exists()
    assert keys(on_s3) == {"old/1": b"one", "2": b"TWO", "new/3": b"three"}


@pytest.mark.slow_on_postgresql
def test_what_has_its_old_size_and_time_and_another_content_is_sent_back(on_s3: MountService) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    on_s3.declare("reader", 10, Mode.READ, ANN, provider="far", at="models")
    with on_s3.given(["models"], RUN) as given:
        rewritten, replaced = given["models"] / "2", given["models"] / "old/1"
        before = {path: path.stat() for path in (rewritten, replaced)}
        rewritten.write_bytes(b"TWO")
        (given["models"] / "draft").write_bytes(b"ONE")
        (given["models"] / "draft").rename(replaced)
        for path, status in before.items():
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert keys(on_s3) == {"old/1": b"ONE", "2": b"TWO"}


@pytest.mark.slow_on_postgresql
def test_of_a_block_that_failed_and_of_a_reader_nothing_is_sent(on_s3: MountService) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    on_s3.declare("reader", 10, Mode.READ, ANN, provider="far", at="models")
    with pytest.raises(ZeroDivisionError), on_s3.given(["models"], RUN) as given:
        _write_and_fail(given["models"])
    with on_s3.given(["reader"], RUN) as given:
        (given["reader"] / "2").write_bytes(b"TWO")
    assert keys(on_s3) == {"old/1": b"one", "2": b"two"}
    assert on_s3.grants() == []


@pytest.mark.slow_on_postgresql
def test_what_cannot_be_sent_back_is_kept_and_told(on_s3: MountService, bucket: Bucket) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    with pytest.raises(Unavailable, match="was not all sent to") as told:
        _write_and_lose_the_bucket(on_s3, bucket)
    (kept,) = (on_s3.home.path / "scratch").glob("unsent-models-*")
    assert str(kept) in str(told.value)
    assert (kept / "best").read_bytes() == b"hours of work"
    assert (on_s3.grants(), on_s3.sweep(ANN)) == ([], [])


def test_the_next_step_names_the_endpoint_and_the_profile_and_quotes(
    on_s3: MountService, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spaced = MountService(Home(tmp_path / "my home"), on_s3.database)
    spaced.home.path.mkdir()
    (tmp_path / "config").write_text(
        f"[profile lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    (spaced.home.path / "storage.yaml").write_text(
        f"providers: [{{name: far, kind: s3, at: '{bucket.url}/runs', price_per_gib_month: 0.02, "
        f"endpoint: '{endpoint}', profile: lab}}]"
    )
    spaced.declare("models", 10, Mode.KEEP, ANN, provider="far")
    with pytest.raises(Unavailable) as told:
        _write_and_lose_the_bucket(spaced, bucket)
    (kept,) = (spaced.home.path / "scratch").glob("unsent-models-*")
    command = shlex.split(told.value.next_step.removeprefix("Copy it there: ").partition(";")[0])
    assert command == [
        *("aws", "--endpoint-url", endpoint, "--profile", "lab"),
        *("s3", "cp", "--recursive", str(kept), f"{bucket.url}/runs/models"),
    ]


@pytest.mark.slow_on_postgresql
def test_a_bucket_that_fails_keeps_no_other_from_what_was_written_for_it(
    on_s3: MountService, bucket: Bucket
) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    on_s3.declare("reader", 10, Mode.READ, ANN, provider="far", at="models")
    lost = Bucket(f"{bucket.name}-lost", bucket.endpoint)
    lost.make()
    file = on_s3.home.path / "storage.yaml"
    entry = f"{{name: lost, kind: s3, at: '{lost.url}', price_per_gib_month: 0.02}}"
    file.write_text(f"{file.read_text().rstrip().removesuffix(']')}, {entry}]")
    on_s3.declare("others", 10, Mode.KEEP, ANN, provider="lost")
    for names in (["models", "others"], ["others", "models"]):
        lost.make()
        with pytest.raises(Unavailable, match="mount point others was not all sent to lost") as told:
            _write_and_lose(on_s3, names, lost)
        assert "models" not in told.value.problem
        assert keys(on_s3)["best"] == " ".join(names).encode()
    assert len(list((on_s3.home.path / "scratch").glob("unsent-others-*"))) == 2


def _write_and_lose(on_s3: MountService, names: list[str], lost: Bucket) -> None:
    with on_s3.given(names, RUN) as given:
        (given["models"] / "best").write_bytes(" ".join(names).encode())
        (given["others"] / "x").write_bytes(b"x")
        lost.drop()


_SENDS = """
import os, signal, sys
from pathlib import Path
from resources.data.mounts.bucket import Bucket
from resources.data.mounts.service import MountService
from resources.home import Home
from resources.database.engine import Database
real = Bucket.take_back
def dies(self, folder, before):
    (folder / "best").rename(folder / "first")
    if sys.argv[3] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise KeyboardInterrupt
Bucket.take_back = dies
with MountService(Home(Path(sys.argv[1])), Database(sys.argv[2])).given(["models"], "run-1") as given:
    (given["models"] / "best").write_bytes(b"hours of work")
"""


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_what_a_process_wrote_that_ends_amid_sending_it_is_kept_and_told(
    on_s3: MountService, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    on_s3.declare("models", 10, Mode.KEEP, ANN, provider="far")
    script = [sys.executable, "-c", _SENDS, str(on_s3.home.path), on_s3.database.url, how]
    ended = subprocess.run(script, check=False, capture_output=True, text=True)
    assert ended.returncode != 0
    swept = on_s3.sweep(ANN)
    (kept,) = (on_s3.home.path / "scratch").iterdir()
    assert (kept / "first").read_bytes() == b"hours of work"
    assert on_s3.grants() == []
    if how == "cancelled":
        assert (len(swept), f"it lies in {kept}. Next: Copy it there" in ended.stderr) == (0, True)
    else:
        assert (len(swept), f"it lies in {kept}" in caplog.text) == (1, True)
        assert f"it lies in {kept}" in recent(on_s3.database, 1)[0].detail


def _write_and_lose_the_bucket(on_s3: MountService, bucket: Bucket) -> None:
    with on_s3.given(["models"], RUN) as given:
        (given["models"] / "best").write_bytes(b"hours of work")
        bucket.drop()


def _write_and_fail(folder: Path) -> None:
    (folder / "2").write_bytes(b"TWO")
    raise ZeroDivisionError


@pytest.mark.slow_on_postgresql
def test_a_prefix_that_holds_more_than_was_declared_is_refused(on_s3: MountService, bucket: Bucket) -> None:
    on_s3.declare("models", 1, Mode.KEEP, ANN, provider="far")
    bucket.put("runs/models/big", b"x" * (2 * 1024 * 1024))
    with (
        pytest.raises(MountRefused, match="holds 3 MiB, and mount point models is 1"),
        on_s3.given(["models"], RUN),
    ):
        pytest.fail("it was given")
    assert on_s3.grants() == []


def test_a_bucket_that_is_not_there_is_said(mounts: MountService, bucket: Bucket) -> None:
    (mounts.home.path / "storage.yaml").write_text(
        "providers: [{name: far, kind: s3, at: 's3://nobody-has-this/x', price_per_gib_month: 0.02}]"
    )
    with pytest.raises(MountRefused, match="far: remote far is gone"):
        mounts.declare("models", 10, Mode.KEEP, ANN, provider="far")


def test_a_share_that_is_not_mounted_is_refused(mounts: MountService, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    declare(mounts, f"share nfs {tmp_path / 'share'} 1", f"gone nfs {tmp_path / 'gone'} 1")
    with pytest.raises(MountRefused, match=r"share: nothing is mounted at .*gone: there is no folder"):
        mounts.declare("room", 10, Mode.SCRATCH, ANN)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Another file system of 16 MiB."""
    share = tmp_path / "share"
    share.mkdir()
    needs("mounts")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", share], check=True)
    yield share
    subprocess.run(["umount", share], check=True)


def test_a_share_that_is_mounted_is_taken_where_others_are_to_see_it(
    mounts: MountService, mounted: Path
) -> None:
    declare(mounts, f"disk folder {mounted.parent} 1", f"share nfs {mounted} 5")
    _, choice = mounts.declare("room", 10, Mode.SCRATCH, ANN, needs=frozenset({Feature.SHARED}))
    assert choice.reason == "share is the only one that meets the request: 0.0488 a month"
    with pytest.raises(MountRefused, match="16 MiB are free there, 17 are needed"):
        mounts.declare("big", 17, Mode.SCRATCH, ANN, needs=frozenset({Feature.SHARED}))


def test_a_share_that_cannot_be_written_is_refused_and_can_be_read(
    mounts: MountService, mounted: Path
) -> None:
    (mounted / "pets").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    declare(mounts, f"share nfs {mounted} 5")
    with pytest.raises(MountRefused, match="Read-only file system"):
        mounts.declare("room", 1, Mode.SCRATCH, ANN)
    mounts.declare("pets", 1, Mode.READ, ANN, provider="share")


def test_a_server_that_does_not_answer_holds_nobody_up(
    mounts: MountService, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = threading.Event()
    monkeypatch.setattr(looking, "_look", lambda *_: gone.wait())
    mounts_seen = looking.look(mounts.providers()[0], _scratch(), mounts.home.path, [], patience_s=0.01)
    assert mounts_seen.problem == "it does not answer within 0.01 s"
    gone.set()


def test_a_server_that_does_not_answer_keeps_nobody_from_other_providers(
    mounts: MountService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has something there is not waited for in each look."""
    mounts.declare("away", 60, Mode.SCRATCH, ANN, provider="other")
    mounts.declare("beside", 60, Mode.SCRATCH, ANN, provider="disk")
    mounts.declare("room", 10, Mode.SCRATCH, ANN, provider="disk")
    gone, real = threading.Event(), Path.exists

    def exists(path: Path) -> bool:
        if path.name.startswith("trainplat-away-"):
            gone.wait()
        return real(path)

    with mounts.given(["away", "beside"], RUN):
        monkeypatch.setattr(Path, "exists", exists)
        monkeypatch.setattr(looking, "DISKS_PATIENCE_S", 0.05)
        mounts.check("room")
        with pytest.raises(MountRefused, match="40 MiB are free there, 60 are needed"):
            mounts.check("beside")
        gone.set()


def _scratch() -> Mount:
    return Mount("room", 1, Mode.SCRATCH, None, "room", frozenset(), ANN, utc_now())


def test_without_a_file_there_are_the_disk_of_the_home_and_main_memory(trainplat_home: Path) -> None:
    assert [one.name for one in providers(Home(trainplat_home))] == ["disk", "memory"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no YAML"),
        ("providers: []", "no list 'providers'"),
        ("providers: [x]", "provider 1 is 'x'"),
        ("providers: [{name: a}]", "provider 1 lacks at, kind, price_per_gib_month"),
        ("providers: [{name: a, kind: x, at: /x, price_per_gib_month: 1}]", "'x' is not a valid Kind"),
        ("providers: [{name: a, kind: s3, at: /x, price_per_gib_month: 1}]", "expected s3://bucket/prefix"),
        ("providers: [{name: a, kind: nfs, at: x, price_per_gib_month: 1}]", "expected an absolute path"),
        ("providers: [{name: a, kind: nfs, at: /x, price_per_gib_month: -1}]", "at least 0"),
        ("providers: [{name: a, kind: nfs, at: /x, price_per_gib_month: 1, size_mib: 0}]", "size_mib"),
        ("providers: [{name: a, kind: nfs, at: /x, price_per_gib_month: 1, sise: 0}]", "has sise"),
        (
            f"providers: [{', '.join(['{name: a, kind: nfs, at: /x, price_per_gib_month: 1}'] * 2)}]",
            "names a twice",
        ),
    ],
)
def test_a_bad_file_of_providers_is_refused_by_what_is_wrong(
    trainplat_home: Path, text: str, words: str
) -> None:
    trainplat_home.mkdir()
    (trainplat_home / "storage.yaml").write_text(text)
    with pytest.raises(BadInput) as refusal:
        providers(Home(trainplat_home))
    assert words in str(refusal.value)


def test_a_mount_point_that_nobody_declared_is_told_with_the_known(mounts: MountService) -> None:
    with pytest.raises(NotFound, match="there are: none yet"):
        mounts.mount("room")
