"""Removing a model version: refused for what somebody relies on."""

from sqlalchemy import Connection

from resources.errors import Conflict
from resources.registry import crownings
from resources.registry.model import ModelVersion
from resources.serving import tag_store
from resources.serving.deployments import store
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.terms import Actor


def uses(deployments: DeploymentService, model: ModelVersion) -> list[str]:
    """Why a model cannot be removed: who relies on it now. Empty where nobody does."""
    with deployments.database.read() as connection:
        return _uses(connection, model)


def refuse_if_used(deployments: DeploymentService, model: ModelVersion) -> None:
    """Raise :class:`Conflict` for a model that is live, on its way, or champion."""
    with deployments.database.read() as connection:
        _refuse_if_used(connection, model)


def remove(deployments: DeploymentService, model: ModelVersion, actor: Actor) -> None:
    """Delete a version and the tags that stand for it. Can be run again after a kill.

    Raises :class:`Conflict` for one that is live, on its way, or champion; also for one that somebody
    promotes meanwhile, whose files stay.
    """
    refuse_if_used(deployments, model)

    def settle(connection: Connection) -> None:
        _refuse_if_used(connection, model)
        tag_store.drop_tags_of(connection, model.dataset, model.number)

    deployments.registry.remove(model, actor, settle)


def _refuse_if_used(connection: Connection, model: ModelVersion) -> None:
    used = _uses(connection, model)
    if used:
        raise Conflict(
            f"model {model.dataset}:{model.number} cannot be removed: {'; '.join(used)}",
            f"Promote another one first: trainplat model promote {model.dataset}:TAG",
        )


def _uses(connection: Connection, model: ModelVersion) -> list[str]:
    newest, found = store.newest_of(connection, model.dataset), []
    state = EndpointState(model.dataset) if newest is None else newest.after
    if state.live is not None and state.live.number == model.number:
        found.append(f"it is live as {model.dataset}")
    if state.rollout is not None and state.rollout.new.number == model.number:
        found.append(f"it is on its way to be live as {model.dataset}")
    champion = crownings.champion(connection, model.dataset)
    if champion is not None and champion.number == model.number:
        found.append("it is the champion, which the next training goes on from")
    return found
