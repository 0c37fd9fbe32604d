import logging

import pytest

from resources.data.making.sources import prefix
from resources.data.making.sources.model import LabelsFrom
from resources.data.making.sources.prefix import PrefixSource
from resources.errors import BadInput, Unavailable
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.shapes import image
from tests.servers.s3 import KEY, SECRET, Bucket


def test_only_new_and_changed_objects_of_a_bucket_are_fetched(
    taker: Taker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefix, "_PrefixReader", taker.counted(prefix._PrefixReader))
    for one in range(4):
        bucket.put(f"cameras/{'dark' if one % 2 == 0 else 'light'}/{one}.png", image(one))
    bucket.put("cameras/notes.txt", b"hello")
    bucket.put("elsewhere/9.png", image(9))
    source = PrefixSource("cameras", f"{bucket.url}/cameras", LabelsFrom.FOLDER)
    first = taker.take(source)
    assert [(file.name, file.labels) for file in first.files] == [
        ("cameras/dark/0.png", ("dark",)),
        ("cameras/dark/2.png", ("dark",)),
        ("cameras/light/1.png", ("light",)),
        ("cameras/light/3.png", ("light",)),
    ]
    assert list(told(first)) == ["cameras/notes.txt"]
    assert len(taker.read) == 4
    taker.read.clear()
    bucket.put("cameras/dark/0.png", image(10))
    bucket.put("cameras/dark/new.png", image(12))
    bucket.remove("cameras/light/3.png")
    second = taker.take(source)
    assert sorted(taker.read) == ["dark/0.png", "dark/new.png"]
    assert len(second.files) == 4
    assert taker.take(source) == second
    assert len(taker.read) == 2


def test_what_was_fetched_before_a_stop_is_not_fetched_again(
    taker: Taker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.data.making.sources.taking.AT_ONCE", 2)
    for one in range(6):
        bucket.put(f"{one}.png", image(one))
    counted = taker.counted(prefix._PrefixReader)

    class Breaking(counted):  # type: ignore[misc, valid-type]
        def read(self, entry: object) -> bytes:
            if len(taker.read) >= 4:
                raise Unavailable("the network is gone", "Wait for it.")
            content: bytes = super().read(entry)
            return content

    source = PrefixSource("bucket", bucket.url)
    monkeypatch.setattr(prefix, "_PrefixReader", Breaking)
    with pytest.raises(Unavailable):
        taker.take(source)
    monkeypatch.setattr(prefix, "_PrefixReader", counted)
    assert len(taker.take(source).files) == 6
    assert sorted(taker.read) == [f"{one}.png" for one in range(6)]


def test_a_server_that_is_gone_is_told_without_a_key(
    taker: Taker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(Unavailable, match=f"source bucket cannot reach s3://{bucket.name}") as told_of:
        taker.take(PrefixSource("bucket", bucket.url))
    assert SECRET not in str(told_of.value)
    assert SECRET not in caplog.text
    assert KEY not in str(told_of.value)


def test_missing_credentials_are_told(taker: Taker, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(Unavailable, match=r"NoCredentialsError|credentials"):
        taker.take(PrefixSource("bucket", bucket.url))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3://key:hush@bucket/prefix", "holds a password"),
        ("https://host/list?X-Amz-Signature=hush", "holds a password"),
        ("/srv/pictures", "expected one such as s3://"),
    ],
)
def test_an_address_that_holds_a_secret_is_refused_without_repeating_it(url: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        PrefixSource("bucket", url)
    assert "hush" not in str(refused.value)


def test_an_unknown_kind_of_place_is_refused(taker: Taker) -> None:
    with pytest.raises(BadInput, match="places of the kind 'floppy'"):
        taker.take(PrefixSource("disk", "floppy://a"))
