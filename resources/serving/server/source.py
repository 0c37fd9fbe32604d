"""What the server reads and writes outside itself: deployments, references and the files of models.

Everything here blocks: the server calls it in a thread.
"""

import os
from dataclasses import dataclass

from resources.clock import Clock, utc_now
from resources.errors import BadInput
from resources.home import Home
from resources.registry.others import OtherModels
from resources.registry.service import RegistryService
from resources.serving.deployments.analysis import Action, Verdict
from resources.serving.deployments.model import EndpointState, Rollout, Served
from resources.serving.deployments.service import DeploymentService
from resources.serving.finding import find
from resources.serving.layers.model import Layer, Role
from resources.serving.layers.store import LayerStore
from resources.serving.references import ModelReference, ReferenceService
from resources.serving.replicas.model import Format, Loading, Variant
from resources.serving.scaling.model import Arrivals
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Taken
from resources.serving.server.target import Target
from resources.terms import Actor, DatasetName

SERVER = Actor("server:serving")


@dataclass(frozen=True)
class Source:
    """The home of a server, as the server sees it."""

    home: Home
    clock: Clock = utc_now

    def states(self) -> list[EndpointState]:
        """What each endpoint is to answer with."""
        return self._deployments().states()

    def resolve_here(self, reference: ModelReference) -> Target | None:
        """The version of ours that is meant; None where only MLflow may know it."""
        model = ReferenceService(self.home, self.home.database(), self.clock).resolve_here(reference)
        return None if model is None else Target(reference.name, model.number, Variant(reference.variant))

    def resolve(self, reference: ModelReference) -> Target:
        """The version that is meant: one of ours, else one that somebody registered in MLflow.

        Raises :class:`NotFound`, which names what is near, and :class:`Unavailable` for a name that only
        MLflow may know while it is down.
        """
        found = find(ReferenceService(self.home, self.home.database(), self.clock), reference)
        return Target(reference.name, found.number, Variant(reference.variant))

    def loading_here(self, target: Target) -> Loading | None:
        """What a replica of ``target`` loads, where all of it lies here; else None."""
        registry = RegistryService(self.home, self.home.database(), self.clock)
        model = registry.model(DatasetName(target.name), target.number)
        if model is None:
            folder = OtherModels(self.home).kept(target.name, target.number)
            return None if folder is None else Loading(Format.MLFLOW, os.fspath(folder))
        layers = LayerStore(self.home.models)
        if not layers.has(model.weights_sha256):
            return None
        copy = layers.path(model.weights_sha256)
        return Loading(Format.WEIGHTS, os.fspath(copy), model.weights_sha256, target.variant)

    def loading(self, target: Target) -> Loading:
        """What a replica of ``target`` loads: a copy of the weights by their digest, which is made once.

        So a version that was served before is served without MLflow. Raises :class:`BadInput` for damaged
        weights, and :class:`Unavailable` when they are gone, or lie on a server that is down.
        """
        if (here := self.loading_here(target)) is not None:
            return here
        registry = RegistryService(self.home, self.home.database(), self.clock)
        model = registry.model(DatasetName(target.name), target.number)
        if model is None:
            folder = OtherModels(self.home).fetched(target.name, target.number)
            return Loading(Format.MLFLOW, os.fspath(folder))
        layers = LayerStore(self.home.models)
        layers.keep(Role.WEIGHTS, registry.weights(model))
        copy = layers.path(model.weights_sha256)
        return Loading(Format.WEIGHTS, os.fspath(copy), model.weights_sha256, target.variant)

    def drop_damaged(self, loading: Loading) -> bool:
        """Whether our copy of the weights was another content than it is called by; it is gone then."""
        if loading.format is not Format.WEIGHTS:
            return False
        try:
            LayerStore(self.home.models).verified(Layer(Role.WEIGHTS, loading.sha256, 0))
        except BadInput:
            return True
        return False

    def arrivals(self, endpoint: str) -> Arrivals | None:
        """Requests to an endpoint by the minute, as far as they are known."""
        return self._scaling().arrivals(endpoint)

    def keep_scaling(self, taken: Taken) -> None:
        """Write how many replicas were wanted when and why, and the requests of each minute."""
        self._scaling().keep(taken)

    def act(self, rollout: Rollout, verdict: Verdict) -> None:
        """Let a rollout go on, end or be taken back."""
        deployments = self._deployments()
        acts = {
            Action.ADVANCE: deployments.advance,
            Action.COMPLETE: deployments.complete,
            Action.ABORT: deployments.abort,
        }
        if verdict.action in acts:
            acts[verdict.action](rollout, SERVER, verdict.sentence)

    def _scaling(self) -> ScalingRecords:
        return ScalingRecords(self.home, self.home.database(), self.clock)

    def _deployments(self) -> DeploymentService:
        return DeploymentService(self.home, self.home.database(), self.clock)


def target_of(endpoint: str, served: Served) -> Target:
    """A version of an endpoint as something that can be loaded."""
    return Target(endpoint, served.number, Variant(served.variant))
