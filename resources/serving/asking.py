"""Files and texts as the samples of a model, and what it says of each as people read it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from resources.data.making.imaging import UnreadableSample
from resources.data.making.kinds import View, view_of
from resources.data.spec import DatasetSpec
from resources.errors import BadInput
from resources.serving.client import ModelClient
from resources.serving.protocols.scoring import read_request
from resources.serving.tensors import Array, TensorSpec

MOST_AT_ONCE = 64
"""So many samples are asked about in one request."""


@dataclass(frozen=True)
class Given:
    """Something to ask about."""

    name: str
    """What people call it, such as its path."""
    content: bytes | None = None
    """None for what could not be read."""
    problem: str = ""


@dataclass(frozen=True)
class Said:
    """What came of it."""

    name: str
    answer: str = ""
    sureness: float | None = None
    """How sure the model is, 0 to 1; None for one that does not say."""
    model: str = ""
    """Which version said it; empty where none was asked, for the sample cannot be read."""
    problem: str = ""
    """Why it cannot be read."""


def given_file(path: Path) -> Given:
    """A file, read or with the reason why not."""
    try:
        return Given(str(path), path.read_bytes())
    except OSError as problem:
        return Given(str(path), problem=f"it cannot be read: {problem.strerror}")


def seen_by(spec: DatasetSpec, inputs: Sequence[TensorSpec]) -> View:
    """How the samples of a data set are seen by a model of it: of the size that it was trained with."""
    shape = inputs[0].shape[1:] if len(inputs) == 1 else ()
    is_size = len(shape) == 2 and all(length > 0 for length in shape)
    return view_of(replace(spec, image_size_px=(shape[0], shape[1])) if is_size else spec)


def ask_about(client: ModelClient, reference: str, view: View, given: Sequence[Given]) -> list[Said]:
    """What the model says about each; what cannot be read is told so, and the others are answered.

    Raises as :meth:`ModelClient.ask` does.
    """
    said: dict[int, Said] = {}
    samples: dict[int, Array] = {}
    for at, one in enumerate(given):
        seen = _seen(view, one)
        if isinstance(seen, Said):
            said[at] = seen
        else:
            samples[at] = seen
    whole = list(samples)
    for begin in range(0, len(whole), MOST_AT_ONCE):
        places = whole[begin : begin + MOST_AT_ONCE]
        answer = client.ask(reference, np.stack([samples[at] for at in places]))
        for at, words, sure in zip(places, answer.words, answer.sureness, strict=True):
            said[at] = Said(given[at].name, words, sure, answer.model)
    return [said[at] for at in range(len(given))]


def ask_with_bodies(client: ModelClient, reference: str, given: Sequence[Given]) -> list[Said]:
    """The same of a model that no data set declares: each holds rows as MLflow's scoring protocol has them.

    Raises as :meth:`ModelClient.ask` does.
    """
    said: list[Said] = []
    for one in given:
        try:
            tensors = read_request(one.content or b"")
        except BadInput as problem:
            said.append(Said(one.name, problem=one.problem or problem.problem))
            continue
        answer = client.ask(reference, tensors)
        rows = zip(answer.words, answer.sureness, strict=True)
        said += [
            Said(f"{one.name}:{row}", words, sure, answer.model)
            for row, (words, sure) in enumerate(rows, start=1)
        ]
    return said


def _seen(view: View, one: Given) -> "Array | Said":
    if one.content is None:
        return Said(one.name, problem=one.problem)
    try:
        return view.apply(one.content)
    except UnreadableSample as problem:
        return Said(one.name, problem=str(problem))
