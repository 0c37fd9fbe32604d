"""Looking at samples through the model server, as a learner does in its own process: by one model version,
whatever goes live meanwhile.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from resources.errors import BadInput, Conflict, Unavailable
from resources.kinds import Kind
from resources.learning.kinds.model import UNMARKED, Seen
from resources.learning.model import LOOKING, Images, LookSettings, Outlook
from resources.serving.client import ModelClient
from resources.serving.replicas.model import Variant
from resources.serving.replicas.outputs import (
    ANSWER,
    EMBEDDINGS,
    MARKS,
    MEMBERS,
    PROBABILITIES,
    SAMPLES,
    SEED,
    SURENESS,
)
from resources.serving.tensors import Array
from resources.terms import DatasetName, Label

MOST_AT_ONCE = 256
MOST_BYTES = 4 << 20
"""So many samples, or bytes of samples, are asked about in one request; as JSON they are up to four times as
long.
"""


@dataclass(frozen=True)
class ServedModel:
    """A model version that a server holds, with all that it can tell."""

    client: ModelClient
    reference: str
    """Of this very version, so that no tag and no rollout changes who answers."""
    classes: tuple[str, ...]
    """Those that it was trained for."""
    kind: Kind

    def look(self, samples: Images, classes: Sequence[Label], how: LookSettings = LOOKING) -> Seen:
        """What :meth:`resources.learning.kinds.model.Learner.look` says of them. ``how.device`` and
        ``how.threads`` are the server's own affair.

        Raises :class:`BadInput` for samples or classes that it was not trained for, :class:`Conflict` where
        another version answered, and :class:`Unavailable` where nobody answers for long.
        """
        if self.classes != tuple(classes)[: len(self.classes)]:
            raise BadInput(
                f"{self.reference} knows the classes {', '.join(self.classes)}; "
                f"the data set has {', '.join(classes)}",
                "Add new classes at the end, or train a base model for the classes of this data set.",
            )
        if len(samples) == 0:
            raise BadInput(f"{self.reference} is asked about no sample; expected one or more", "Give some.")
        size = max(1, min(MOST_AT_ONCE, MOST_BYTES // max(1, samples[:1].nbytes)))
        wanted = [PROBABILITIES, ANSWER, SURENESS]
        wanted += [EMBEDDINGS] if how.needs_embeddings else []
        wanted += [MEMBERS] if how.members else []
        wanted += [] if self.kind.has_one_class else [MARKS]
        parts = [
            self._asked(samples[begin : begin + size], how, wanted) for begin in range(0, len(samples), size)
        ]
        return self._joined(parts, tuple(classes))

    def _asked(self, samples: Images, how: LookSettings, wanted: Sequence[str]) -> dict[str, Array]:
        given: dict[str, Array] = {SAMPLES: samples}
        if how.members:
            given |= {
                MEMBERS: np.full(len(samples), how.members, np.int32),
                SEED: np.full(len(samples), how.seed, np.int64),
            }
        with _in_protocol(self.client):
            answer = self.client.ask(self.reference, given, wanted)
        if answer.model != self.reference:
            raise Conflict(
                f"{answer.model} answered; {self.reference} was asked",
                "See what answers at that address: trainplat model ps",
            )
        if any(len(answer.outputs.get(name, ())) != len(samples) for name in wanted):
            raise Unavailable(
                f"the answer of {answer.model} about {len(samples)} samples is not of all of them",
                "See the log of the server.",
            )
        return dict(answer.outputs)

    def _joined(self, parts: list[dict[str, Array]], classes: tuple[Label, ...]) -> Seen:
        said = {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}
        members = said.get(MEMBERS)
        known = len(self.classes)
        return Seen(
            Outlook(
                _widened(said[PROBABILITIES], known, len(classes)),
                said.get(EMBEDDINGS, np.zeros((len(said[ANSWER]), 0), np.float32)),
                None if members is None else _widened(members.transpose(1, 0, 2), known, len(classes)),
            ),
            classes if self.kind.has_one_class else (*classes, UNMARKED),
            tuple(Label(str(one)) for one in said[ANSWER]),
            said[SURENESS],
            tuple(map(_marks, said[MARKS])) if MARKS in said else (),
        )


def outlook_of(name: DatasetName, number: int) -> str:
    """What a version is asked by that is to tell all it can."""
    return f"{name}:{number}+{Variant.OUTLOOK}"


def served_model(client: ModelClient, reference: str, kind: Kind) -> ServedModel:
    """A version as the server has it, loaded. Raises what :meth:`ModelClient.ask` raises."""
    with _in_protocol(client):
        return ServedModel(client, reference, client.metadata(reference).classes, kind)


@contextmanager
def _in_protocol(client: ModelClient) -> Iterator[None]:
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise Unavailable(
            f"what answers at {client.address} is not in the protocol: {problem!r}",
            "See whether a model server of trainplat is there.",
        ) from problem


def _widened(said: Array, known: int, classes: int) -> Array:
    """[..., class, and nothing where answers are marks]: 0 for each class that the model does not know."""
    unknown = np.zeros((*said.shape[:-1], classes - known))
    return np.concatenate([said[..., :known], unknown, said[..., known:]], axis=-1)


def _marks(written: str) -> tuple[tuple[Label, float], ...]:
    return tuple((Label(answer), float(sure)) for answer, sure in json.loads(written))
