"""Tiers in a bucket of S3, by the real client."""

import shutil
from pathlib import Path

import pytest

from resources.data.tiers import recalling
from resources.data.tiers.model import ALL, Rule, Tier
from resources.home import Home
from tests.resources.data.tiers.conftest import ANN, DIGITS, Tiered
from tests.servers.s3 import Bucket


@pytest.fixture
def in_s3(trainplat_home: Path, bucket: Bucket, tmp_path: Path) -> Tiered:
    home = Home(trainplat_home)
    made = Tiered(home, home.database(), tmp_path / "places")
    made.tiers.set_place(Tier.WARM, f"{bucket.url}/warm", ANN)
    made.tiers.set_place(Tier.COLD, f"{bucket.url}/cold", ANN)
    made.tiers.set_rule(Rule(ALL, Tier.WARM, 30 * 86_400, 0), ANN)
    return made


def test_versions_go_to_a_bucket_and_come_back_whole_or_in_parts(
    in_s3: Tiered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{number}": bytes([number]) * 900 + bytes(range(256)) for number in range(30)}
    in_s3.commit(files, tmp_path / "work")
    in_s3.commit({"x": b"x"}, tmp_path / "work")
    in_s3.pass_days(40)
    assert [one.held.key for one in in_s3.tiers.apply(ANN).moved] == ["v1.0"]
    assert not in_s3.is_hot(files["3"])
    assert in_s3.given("v1.0", tmp_path / "whole") == files
    in_s3.pass_days(40)
    in_s3.tiers.apply(ANN)
    in_s3.tiers.pin(DIGITS, "v1.0", Tier.COLD, ANN)
    in_s3.tiers.apply(ANN)
    monkeypatch.setattr(recalling, "WHOLE_FROM", 9.0)
    monkeypatch.setattr(recalling, "NEAR_BYTES", 0)
    assert in_s3.damaged() == ()
    assert in_s3.given("v1.0", tmp_path / "parts") == files
    in_s3.keeper.collect(ANN)
    shutil.rmtree(in_s3.versions.objects.cache / "trees")
    assert in_s3.given("v1.0", tmp_path / "again") == files
