"""Pictures from a bucket and from a web server, shown by a real Label Studio."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from resources.errors import BadInput, Unavailable
from resources.labeling.bucket import put_pictures
from resources.labeling.model import AskReport
from resources.showing import ShownFrom
from tests.resources.labeling.people import (
    ANNA,
    CATS,
    CLASSES,
    V1,
    Desk,
    desk,
    picture,
    questions,
    sample_id,
)
from tests.servers.label_studio import LabelStudioServer
from tests.servers.published import published
from tests.servers.s3 import Bucket


def ask(anna: Desk, shown_from: ShownFrom) -> AskReport:
    asked = questions(anna.pictures, range(2))
    return anna.service.ask(
        CATS, "Cats", CLASSES, V1, asked, model_version="cats-1", actor=ANNA, shown_from=shown_from
    )


def shown(server: LabelStudioServer, anna: Desk, number: int = 0) -> httpx.Response:
    """The picture of a task, fetched as a browser does that is signed in."""
    address = server.client().connection.get(f"/api/tasks/{anna.task(number)}/").json()["data"]["image"]
    address = f"{server.address}{address}" if address.startswith("/") else address
    is_theirs = address.startswith(server.address)  # it leads on from there to a signed address
    return httpx.get(
        address,
        headers={"Authorization": f"Token {server.token}"} if is_theirs else {},
        follow_redirects=True,
        timeout=30,
        trust_env=False,
    )


@pytest.mark.real
@pytest.mark.slow
def test_label_studio_signs_the_addresses_of_pictures_in_a_bucket(
    label_studio: LabelStudioServer, bucket: Bucket, tmp_path: Path
) -> None:
    anna, place = desk(tmp_path), ShownFrom(f"{bucket.url}/shown", bucket.endpoint, signed_for_min=5)

    ask(anna, place)
    ask(anna, place)

    assert sorted(bucket.contents()) == sorted(f"shown/cats/{sample_id(n)}.png" for n in range(2))
    found = shown(label_studio, anna)
    assert found.content == bucket.contents()[f"shown/cats/{sample_id(0)}.png"]
    assert str(found.url).startswith(bucket.endpoint)
    assert "Signature" in str(found.url)
    storages = label_studio.client().connection.get(
        "/api/storages/s3/",
        {"project": label_studio.client().connection.get("/api/projects/").json()["results"][0]["id"]},
    )
    assert len(storages.json()) == 1


@pytest.mark.real
@pytest.mark.slow
def test_a_bucket_that_is_not_there_is_told_with_what_to_do(
    label_studio: LabelStudioServer, bucket: Bucket, tmp_path: Path
) -> None:
    with pytest.raises((Unavailable, BadInput), match="pictures") as told:
        ask(desk(tmp_path), ShownFrom("s3://no-such-bucket-here", bucket.endpoint))

    assert "AWS_ACCESS_KEY_ID" in told.value.next_step


@pytest.mark.real
@pytest.mark.slow
def test_a_web_server_may_publish_the_pictures(label_studio: LabelStudioServer, tmp_path: Path) -> None:
    anna = desk(tmp_path)
    with published(label_studio.document_root) as address:
        ask(anna, ShownFrom(address))
        found = shown(label_studio, anna)

    assert str(found.url) == f"{address}/cats/{sample_id(0)}.png"
    assert found.headers["content-type"] == "image/png"
    assert found.content == (label_studio.document_root / "cats" / f"{sample_id(0)}.png").read_bytes()


@pytest.mark.real
@pytest.mark.slow
def test_originals_are_shown_from_where_they_lie_and_nothing_is_copied(
    label_studio: LabelStudioServer, bucket: Bucket, tmp_path: Path
) -> None:
    anna, place = desk(tmp_path), ShownFrom(endpoint=bucket.endpoint, originals=True)
    asked = questions(anna.pictures, range(3))
    contents = [question.file.read_bytes() for question in asked]
    bucket.put("theirs/0.png", contents[0])
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "1.png").write_bytes(contents[1])
    with published(tmp_path / "web") as address:
        lie_at = [f"{bucket.url}/theirs/0.png", f"{address}/1.png", None]
        put = [replace(question, original=at) for question, at in zip(asked, lie_at, strict=True)]
        for _ in range(2):
            anna.service.ask(
                CATS, "Cats", CLASSES, V1, put, model_version="cats-1", actor=ANNA, shown_from=place
            )
        found = [shown(label_studio, anna, number) for number in range(3)]

    assert [one.content for one in found[:2]] == contents[:2]
    assert str(found[0].url).startswith(bucket.endpoint)
    assert "Signature" in str(found[0].url)
    assert str(found[1].url) == f"{address}/1.png"
    copies = sorted((label_studio.document_root / "cats").iterdir())
    assert [one.name for one in copies] == [f"{sample_id(2)}.png"]
    assert found[2].content == copies[0].read_bytes()
    assert list(bucket.contents()) == ["theirs/0.png"]
    assert [one.original for one in anna.service.questions(CATS) if one.original] != []


def test_pictures_are_put_into_a_bucket_once(bucket: Bucket, tmp_path: Path) -> None:
    place = ShownFrom(f"{bucket.url}/shown", bucket.endpoint)
    made = [(sample_id(number), picture(tmp_path, number)) for number in range(3)]

    assert put_pictures(place, CATS, made[:2]) == 2
    assert put_pictures(place, CATS, made) == 1
    assert bucket.contents()[f"shown/cats/{sample_id(2)}.png"] == made[2][1].read_bytes()
