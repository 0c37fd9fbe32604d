"""What a replica that tells all says is what the learner says, whichever kind its model is of."""

import json
from pathlib import Path

import numpy as np
import pytest

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.others import Others
from resources.learning.model import Images, LookSettings
from resources.serving.replicas.model import Format, Loading, Variant
from resources.serving.replicas.outlook import OutlookPredictor
from resources.serving.replicas.predictors import load
from resources.serving.tensors import checked
from resources.terms import Label
from tests.resources.learning.kinds.examples import OTHERS, SHORT, examples
from tests.resources.serving.homes import CLASSES, SAMPLES, weights

Model = tuple[Kind, bytes, Images, tuple[Label, ...]]


def model_of(kind: Kind) -> Model:
    """Weights of a kind, with samples and classes."""
    if kind is Kind.IMAGE_CLASSES:
        return kind, weights(0), SAMPLES, CLASSES
    given = examples(kind, 5)
    trained = Others(kind).train(given.samples, given.answers, given.classes, SHORT, seed=1)
    return kind, trained.weights, given.samples, given.classes


@pytest.mark.parametrize("kind", [Kind.IMAGE_CLASSES, *OTHERS])
def test_it_says_what_the_learner_says(kind: Kind, tmp_path: Path) -> None:
    kind, content, samples, classes = model_of(kind)
    (tmp_path / "weights").write_bytes(content)
    model = load(Loading(Format.WEIGHTS, str(tmp_path / "weights"), variant=Variant.OUTLOOK))
    assert isinstance(model, OutlookPredictor)
    rows = len(samples)
    given = {"samples": samples, "members": np.full(rows, 3), "seed": np.full(rows, 1 << 47)}

    said = model.predict(checked(given, model.inputs))

    seen = learner_of(kind).look(content, samples, classes, LookSettings(3, 1 << 47))
    assert model.classes == classes
    assert seen.outlook.members is not None
    assert np.allclose(said["probabilities"], seen.outlook.probabilities, atol=1e-9)
    assert np.allclose(said["embeddings"], seen.outlook.embeddings, atol=1e-6)
    assert np.allclose(said["members"].transpose(1, 0, 2), seen.outlook.members, atol=1e-9)
    assert np.allclose(said["sureness"], seen.sureness, atol=1e-9)
    assert tuple(said["answer"]) == seen.guesses
    assert len(said["marks"]) == rows
    found = [tuple((answer, sure) for answer, sure in json.loads(one)) for one in said["marks"]]
    assert [one for one in found if one] == [one for one in seen.marks if one]


def test_samples_alone_are_enough_and_a_committee_is_one_for_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(weights(0))
    model = load(Loading(Format.WEIGHTS, str(tmp_path / "weights"), variant=Variant.OUTLOOK))

    assert model.predict(checked({"samples": SAMPLES}, model.inputs))["members"].shape == (3, 0, 10)
    for members in ([1, 2, 2], [-1, -1, -1]):
        mixed = checked({"samples": SAMPLES, "members": np.array(members)}, model.inputs)
        with pytest.raises(BadInput, match="expected one value of 0 or more"):
            model.predict(mixed)
