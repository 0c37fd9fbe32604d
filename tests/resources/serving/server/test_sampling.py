"""What is asked of endpoints comes to the data set's inbox: rarely, once, and without harm to any request."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.arrivals.service import ArrivalService
from resources.data.making.imaging import grey_image
from resources.data.making.texts import TextBytes
from resources.deploy_plan import DeployPlan
from resources.home import Home
from resources.serving.client import ModelClient
from resources.serving.references import parse_reference
from resources.serving.running import begin, end
from resources.serving.server.sampling import Sampler, Wish, content_of
from resources.serving.server.target import Target
from resources.serving.tensors import Array, TensorSpec
from resources.terms import DatasetName
from tests.resources.data.shapes import SHAPES
from tests.resources.serving.examples import ACTOR, NAME
from tests.resources.serving.homes import SAMPLES, saying, served, weights

TARGET = Target("digits", 1)
INPUTS = (TensorSpec("samples", "UINT8", (-1, 8, 8)),)
UNSURE = DeployPlan(sample_uncertain=0.5)
LIMIT_S = 60


def sampler(home: Path, plan: DeployPlan, per_minute: int = 60, clock: list[float] | None = None) -> Sampler:
    now = clock if clock is not None else [0.0]
    wish = Wish(plan, INPUTS)
    return Sampler(Home(home), lambda _: wish, per_minute=per_minute, seed=1, monotonic=lambda: now[0])


def sure(*shares: float) -> dict[str, Array]:
    return {"probabilities": np.array([[share, 1 - share] for share in shares], dtype=np.float32)}


def inbox(home: Path, name: str = "digits") -> list[Path]:
    place = Home(home)
    folder = ArrivalService(place, place.database()).inbox(DatasetName(name))
    return sorted(folder.glob("*.*")) if folder.exists() else []


def many(count: int) -> Array:
    return np.random.default_rng(5).integers(0, 256, (count, 8, 8), dtype=np.uint8)


def test_what_a_model_is_unsure_of_is_kept_once_as_the_model_saw_it(trainplat_home: Path) -> None:
    keeps = sampler(trainplat_home, UNSURE)
    for _ in range(3):
        keeps(TARGET, {"samples": SAMPLES}, sure(1.0, 0.5, 0.6))
    keeps(TARGET, {"inputs": SAMPLES.reshape(3, 64).astype(float)}, sure(0.51, 0.52, 0.53))
    keeps.close()
    assert inbox(trainplat_home) == []
    keeps = sampler(trainplat_home, DeployPlan(sample_uncertain=0.9))
    for _ in range(3):
        keeps(TARGET, {"inputs": SAMPLES.reshape(3, 64).astype(float)}, sure(1.0, 0.8, 0.95))
    keeps.close()
    (file,) = inbox(trainplat_home)
    assert (grey_image(file.read_bytes(), (8, 8)) == SAMPLES[1]).all()
    assert (keeps.kept, keeps.left_out) == (1, 0)


def test_a_share_of_all_is_kept_whatever_the_model_says(trainplat_home: Path) -> None:
    keeps = sampler(trainplat_home, DeployPlan(sample_share=0.25), per_minute=1000)
    keeps(TARGET, {"samples": many(200)}, {"answer": np.array(["x"] * 200, dtype=object)})
    keeps.close()
    assert 30 < keeps.kept < 70
    assert len(inbox(trainplat_home)) == keeps.kept


def test_no_more_than_may_come_in_a_minute_is_kept(trainplat_home: Path) -> None:
    clock = [0.0]
    keeps = sampler(trainplat_home, DeployPlan(sample_share=1.0), per_minute=5, clock=clock)
    samples = many(20)
    keeps(TARGET, {"samples": samples[:8]}, sure(*[1.0] * 8))
    clock[0] = 59.0
    keeps(TARGET, {"samples": samples[8:10]}, sure(1.0, 1.0))
    clock[0] = 60.0
    keeps(TARGET, {"samples": samples[10:]}, sure(*[1.0] * 10))
    keeps.close()
    assert (keeps.kept, keeps.left_out) == (10, 3 + 2 + 5)


def test_an_inbox_that_cannot_be_written_harms_nobody_who_asks(trainplat_home: Path) -> None:
    (Home(trainplat_home).path).mkdir(parents=True, exist_ok=True)
    keeps = sampler(trainplat_home, DeployPlan(sample_share=1.0))
    folder = ArrivalService(Home(trainplat_home), Home(trainplat_home).database()).inbox(NAME)
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder")
    keeps(TARGET, {"samples": SAMPLES}, sure(1.0, 1.0, 1.0))
    keeps(TARGET, {"samples": "nonsense"}, sure(1.0))  # type: ignore[dict-item]
    folder_gone_at = time.monotonic() + LIMIT_S
    while keeps.left_out < 4 and time.monotonic() < folder_gone_at:
        time.sleep(0.01)
    folder.unlink()
    keeps(TARGET, {"samples": many(2)}, sure(1.0, 1.0))
    keeps.close()
    assert (keeps.kept, keeps.left_out) == (2, 4)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=24).map("a".__add__))
def test_a_text_comes_back_as_it_was_as_far_as_the_model_saw_it(text: str) -> None:
    content, suffix = content_of(TextBytes((1, 16)).apply(text.encode()))
    assert suffix == ".txt"
    assert text.encode().startswith(content)
    assert len(content) > min(16, len(text.encode())) - 4


@pytest.mark.slow
def test_what_an_endpoint_is_unsure_of_becomes_a_new_sample_and_what_is_asked_by_tag_does_not(
    trainplat_home: Path,
) -> None:
    service = served(trainplat_home, {1: weights(3), 2: weights(4)}, SHAPES.name)
    plan = DeployPlan(sample_uncertain=0.99)
    service.promote(parse_reference("shapes:1"), ACTOR, "a test", declared=plan)
    served(trainplat_home, {1: saying(1)}).promote(parse_reference("digits"), ACTOR, "a test", declared=plan)
    begin(service.home, leave_after_s=LIMIT_S)
    with ModelClient(home=service.home) as client:
        for _ in range(2):
            client.ask("shapes", SAMPLES[:2])
        client.ask("shapes:2", SAMPLES[2:])
        client.ask("digits", SAMPLES)
    end(service.home)  # what was picked is kept first
    arrivals = ArrivalService(service.home, service.database)
    (place,) = arrivals.places(SHAPES, still_for_s=0.0)
    taken = arrivals.take(SHAPES, place, ACTOR)
    assert [one.problem for one in taken.new] == [None, None]
    assert arrivals.waiting(SHAPES.name) == 2
    assert inbox(trainplat_home) == []
