"""Where pictures are shown from."""

import pytest

from resources.errors import BadInput
from resources.showing import ShownFrom
from resources.terms import DatasetName, SampleId

CATS, ONE = DatasetName("cats"), SampleId("a" * 64)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", f"/data/local-files/?d=cats/{ONE}.png"),
        ("s3://pictures", f"s3://pictures/cats/{ONE}.png"),
        ("s3://pictures/of/all/", f"s3://pictures/of/all/cats/{ONE}.png"),
        ("https://pictures.example/of all", f"https://pictures.example/of all/cats/{ONE}.png"),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:8000/cats/{ONE}.png"),
    ],
)
def test_a_picture_has_its_address_below_the_place(url: str, address: str) -> None:
    assert ShownFrom(url).address(CATS, ONE) == address


@pytest.mark.parametrize(
    "url",
    ["pictures", "ftp://host/x", "s3://", "s3://Big_Name", "https://", "https://host/?q=1", "file:///x"],
)
def test_what_is_no_place_is_refused_with_what_is_one(url: str) -> None:
    with pytest.raises(BadInput, match="s3://bucket/prefix"):
        ShownFrom(url)


def test_an_address_is_signed_for_some_time() -> None:
    with pytest.raises(BadInput, match="expected 1 or more"):
        ShownFrom("s3://pictures", signed_for_min=0)
