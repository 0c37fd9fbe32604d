"""Models and evaluations for tests of the registry: the smallest that are real."""

from pathlib import Path

from resources.home import Home
from resources.learning.network import ImageNet, Shape, to_bytes
from resources.registry.model import Candidate, CurvePoint, RoundEvaluation, Scores
from resources.registry.service import RegistryService
from resources.terms import Actor, DatasetName, Label, VersionKey

ACTOR = Actor("user:tester")
CLASSES = (Label("cat"), Label("dog"))


def service(home: Path) -> RegistryService:
    """The registry of a home."""
    place = Home(home)
    return RegistryService(place, place.database())


def candidate(dataset: str, version: str = "v1.0", snapshot: str = "a" * 64) -> Candidate:
    """A network that was never trained."""
    network = ImageNet(Shape(CLASSES, 4, 4, 1))
    return Candidate(
        dataset=DatasetName(dataset),
        version=VersionKey(version),
        snapshot_id=snapshot,
        weights=to_bytes(network),
        network=network,
        image_size_px=(4, 4),
        classes=CLASSES,
        metrics=(CurvePoint("train_loss", 0.7, 1), CurvePoint("train_loss", 0.4, 2)),
        params={"seed": "3"},
        run_id="run-1",
    )


def scores(right: int, wrong: int) -> Scores:
    """Scores on as many cats as dogs, ``right`` of each found."""
    count = right + wrong
    return Scores(
        accuracy=right / count,
        recalls=dict.fromkeys(CLASSES, right / count),
        confusion=((right, wrong), (wrong, right)),
    )


def evaluation(
    dataset: str,
    version: str,
    challenger: int,
    new: Scores,
    champion: int | None = None,
    old: Scores | None = None,
    test_set: str = "t" * 64,
) -> RoundEvaluation:
    """Challenger and champion on one test set."""
    return RoundEvaluation(
        dataset=DatasetName(dataset),
        version=VersionKey(version),
        challenger=challenger,
        champion=champion,
        test_set=test_set,
        test_count=sum(map(sum, new.confusion)),
        classes=CLASSES,
        challenger_scores=new,
        champion_scores=old,
    )
