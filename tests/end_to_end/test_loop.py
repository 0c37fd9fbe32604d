"""The loop, end to end: two rounds of questions and answers through every real part."""

import json

import httpx
import pytest

from resources.home import read_or_make_secrets
from resources.labeling.model import QuestionState
from resources.labeling.service import LabelingService
from resources.terms import VersionKey
from tests.end_to_end.stack import DIGITS, Stack
from tests.servers.dagster_servers import wait_until
from trainplat_cli.supervisor.model import PartName

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1000)]


def test_each_round_makes_one_version_with_fifty_labels_more(played: Stack) -> None:
    versions = played.data().versions(DIGITS)
    assert [one.version for one in versions] == ["v1.0", "v1.1", "v1.2"]
    assert [one.labelled for one in versions] == [100, 150, 200]
    assert {one.test for one in versions} == {360}
    assert [one.pool for one in versions] == [1337, 1287, 1237]


def test_each_version_is_trained_once_and_decided_once(played: Stack) -> None:
    decisions = played.registry().decisions(DIGITS)
    assert [made.version for made in decisions] == ["v1.0", "v1.1", "v1.2"]
    assert [made.labels for made in decisions] == [100, 150, 200]
    assert sorted(played.registered_versions()) == ["v1.0", "v1.1", "v1.2"]
    assert all(made.lease_s > 0 for made in decisions)


def test_the_better_model_is_champion_and_beats_chance_by_far(played: Stack) -> None:
    decisions = played.registry().decisions(DIGITS)
    champion = played.registry().champion(DIGITS)
    assert champion is not None
    best = max(decisions, key=lambda made: made.accuracy_new)
    assert champion.dataset_version == best.version
    assert decisions[0].promoted
    assert decisions[0].accuracy_old is None
    assert decisions[-1].accuracy_new > 0.85


def test_questions_carry_the_guess_of_the_champion_and_the_last_ones_wait_for_people(played: Stack) -> None:
    labeling = LabelingService(played.home, played.home.database())
    waiting = wait_until(
        lambda: [
            one
            for one in labeling.questions_open(DIGITS)
            if one.state is QuestionState.OPEN and one.task is not None
        ],
        "the questions of the last round",
        timeout_s=240,
    )
    assert {question.version for question in waiting} == {VersionKey("v1.2")}
    doubted = {one.state for one in labeling.questions_open(DIGITS) if one.version != "v1.2"}
    assert doubted <= {QuestionState.IN_REVIEW}, "what earlier rounds asked waits only for a second look"
    task = labeling.client.connection.get(f"/api/tasks/{waiting[0].task}/").json()
    assert len(task["predictions"]) == 1
    assert task["predictions"][0]["result"][0]["value"]["choices"][0] in [str(digit) for digit in range(10)]
    token = read_or_make_secrets(played.home).label_studio_token
    image = httpx.get(
        played.address(PartName.LABEL_STUDIO) + task["data"]["image"],
        headers={"Authorization": f"Token {token}"},
        timeout=30,
    )
    assert image.headers["content-type"] == "image/png"


def test_no_lease_is_left_and_each_run_tells_its_devices(played: Stack) -> None:
    # The last questions and the last report are made after the last decision.
    wait_until(lambda: not played.leases(), "the leases to be given back", timeout_s=240)
    shown = json.loads(played.command("status", "--json").stdout)
    assert {part["state"] for part in shown["parts"]} == {"ready"}
    assert shown["memory_bytes"] > 100_000_000
    assert played.status().part(PartName.DAEMON).restarts == 0


def test_doing_a_round_again_trains_nothing_and_makes_no_second_model(played: Stack) -> None:
    before = played.registered_versions()
    again = played.dagster(
        "asset",
        "materialize",
        "-m",
        "trainplat_assets.definitions",
        "--select",
        "key:digits/model",
        "--partition",
        "v1.1",
    )
    assert again.returncode == 0, again.stderr[-3000:]
    assert "was trained from this very snapshot: not again" in again.stderr + again.stdout
    assert played.registered_versions() == before
