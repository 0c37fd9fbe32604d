"""What a model makes of a pool, and the snapshot that the strategy chooses from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from resources.asking import QueryPlan, Strategy, Why
from resources.data.model import Split
from resources.errors import NotFound
from resources.labeling.predictions import PoolPredictions
from resources.learning.network import ImageNet, Shape, to_bytes
from resources.learning.querying.choosing import choose
from resources.terms import FIRST_VERSION, VersionKey
from tests.trainplat_assets.rounds import SPEC, data_service, make_first
from trainplat_assets.pool_outlook import COMMITTEE_MEMBERS, look_at_pool, query_seed, snapshot_of
from trainplat_assets.who_looks import here


@pytest.fixture
def looked(trainplat_home: Path) -> dict[Strategy, PoolPredictions]:
    """The pool of the first version, as each strategy has it looked at by one model."""
    data = make_first(trainplat_home)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = to_bytes(ImageNet(Shape(SPEC.classes, 4, 4, 2)))
    return {
        strategy: look_at_pool(
            replace(SPEC, query=QueryPlan(strategy)),
            FIRST_VERSION,
            data,
            "shapes-1",
            here(SPEC.kind, weights),
        )
        for strategy in Strategy
    }


def test_every_strategy_gets_what_it_needs_and_no_more(looked: dict[Strategy, PoolPredictions]) -> None:
    for strategy, predictions in looked.items():
        spec = replace(SPEC, query=QueryPlan(strategy))
        pool = snapshot_of(spec, FIRST_VERSION, predictions, frozenset())
        assert len(choose(pool, 3, strategy)) == 3
    bare, compared, committee = (
        looked[one] for one in (Strategy.MARGIN, Strategy.MARGIN_COVER, Strategy.BALD)
    )
    assert bare.embeddings is bare.members is None
    assert compared.embeddings is not None
    assert compared.labelled_embeddings is not None
    assert len(compared.labelled_embeddings) == SPEC.first_labelled
    assert committee.members is not None
    assert committee.members.shape == (COMMITTEE_MEMBERS, len(bare.ids), 2)
    assert committee.embeddings is None
    assert bare.labelled_counts is not None
    assert bare.labelled_counts.sum() == SPEC.first_labelled


def test_what_was_asked_before_is_left_out_and_counts_as_labelled(
    looked: dict[Strategy, PoolPredictions],
) -> None:
    predictions = looked[Strategy.MARGIN_COVER]
    asked = frozenset(predictions.ids[:5])
    pool = snapshot_of(SPEC, FIRST_VERSION, predictions, asked)
    assert pool.ids == predictions.ids[5:]
    assert predictions.embeddings is not None
    assert pool.embeddings is not None
    assert pool.labelled_embeddings is not None
    assert np.array_equal(pool.embeddings, predictions.embeddings[5:])
    assert np.array_equal(pool.labelled_embeddings[-5:], predictions.embeddings[:5])
    assert len(pool.labelled_embeddings) == SPEC.first_labelled + 5
    assert pool.labelled_counts is not None
    assert pool.labelled_counts.sum() == pytest.approx(SPEC.first_labelled + 5)


def test_older_predictions_that_lack_something_are_to_be_made_again(
    looked: dict[Strategy, PoolPredictions],
) -> None:
    older = replace(looked[Strategy.MARGIN], labelled_counts=None)
    for strategy, lacking in (
        (Strategy.BADGE, "embeddings"),
        (Strategy.BALD, "members"),
        (Strategy.CLASS_BALANCED, "labelled counts"),
    ):
        spec = replace(SPEC, query=QueryPlan(strategy))
        with pytest.raises(NotFound, match=f"have no {lacking}, which the strategy {strategy} needs") as told:
            snapshot_of(spec, FIRST_VERSION, older, frozenset())
        assert told.value.next_step == "Materialize shapes/pool_predictions for partition v1.0 again."
    assert snapshot_of(
        replace(SPEC, query=QueryPlan(Strategy.ENTROPY)), FIRST_VERSION, looked[Strategy.MARGIN], set()
    ).ids


def test_an_empty_pool_lacks_nothing(trainplat_home: Path) -> None:
    empty = PoolPredictions("shapes-1", SPEC.classes, (), np.zeros((0, 2)))
    pool = snapshot_of(replace(SPEC, query=QueryPlan(Strategy.BALD)), FIRST_VERSION, empty, frozenset())
    assert choose(pool, 3, Strategy.BALD, random_share=0.1) == []


def test_each_version_draws_its_own_random_picks(looked: dict[Strategy, PoolPredictions]) -> None:
    seeds = [query_seed(SPEC, VersionKey(f"v1.{minor}")) for minor in range(20)]
    assert len(set(seeds)) == 20
    assert seeds[0] == query_seed(SPEC, FIRST_VERSION)
    pool = snapshot_of(SPEC, FIRST_VERSION, looked[Strategy.MARGIN_COVER], frozenset())
    drawn = [choose(pool, 3, Strategy.MARGIN, random_share=0.1, seed=seed) for seed in seeds]
    assert {sum(pick.why is Why.RANDOM for pick in batch) for batch in drawn} == {0, 1}


def test_the_pool_is_the_part_without_labels(
    trainplat_home: Path, looked: dict[Strategy, PoolPredictions]
) -> None:
    data = data_service(trainplat_home)
    pool = {one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL}
    assert set(looked[Strategy.MARGIN].ids) == pool
