"""Who lets a model look at samples: the model server where one runs, else this process."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from resources.errors import TrainplatError, Unavailable
from resources.home import Home
from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.model import Seen
from resources.learning.model import Images, LookSettings
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.serving.client import NO_SERVER, START_ONE, ModelClient
from resources.serving.looking import outlook_of, served_model
from resources.terms import Label

Look = Callable[[Images, Sequence[Label], LookSettings], Seen]
"""What one model version makes of samples."""

SERVER, HERE = "model server", "this process"
LOAD_S, LOAD_PATIENCE_S = 45.0, 5.0
"""How long the server may take until it holds the version, and how long one that does not answer is asked."""
PATIENCE_S = 30.0
"""How long a server that went away in the middle is waited for: it may only be restarting."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Looked(Generic[_Result]):
    """What came of it, and who did it."""

    result: _Result
    by: str
    """:data:`SERVER` or :data:`HERE`."""
    why: str
    """Which version answered where, or why the server did not."""


def looked(
    home: Home,
    registry: RegistryService,
    model: ModelVersion,
    kind: Kind,
    work: Callable[[Look], _Result],
    *,
    patience_s: float = PATIENCE_S,
) -> Looked[_Result]:
    """Do ``work`` with what the server says of ``model``; where it cannot, all of it with the model here.

    So the answers are never half of one and half of the other. Raises what the learner raises.
    """
    try:
        return _by_server(home, model, kind, work, patience_s)
    except TrainplatError as problem:
        why = problem.problem
    return Looked(work(here(kind, registry.weights(model))), HERE, why)


def here(kind: Kind, weights: bytes) -> Look:
    """What weights make of samples, in this process."""
    return partial(learner_of(kind).look, weights)


def _by_server(
    home: Home, model: ModelVersion, kind: Kind, work: Callable[[Look], _Result], patience_s: float
) -> Looked[_Result]:
    with (
        ModelClient(home=home, patience_s=LOAD_PATIENCE_S, timeout_s=LOAD_S) as loading,
        ModelClient(home=home, patience_s=patience_s) as client,
    ):
        address = client.address
        if address is None:
            raise Unavailable(NO_SERVER, START_ONE)
        reference = outlook_of(model.dataset, model.number)
        try:
            served = replace(served_model(loading, reference, kind), client=client)
            return Looked(work(served.look), SERVER, f"{reference} at {address}")
        finally:
            with suppress(TrainplatError), ModelClient(home=home, patience_s=0.0) as last:
                last.unload(reference)  # nobody but the loop asks so
