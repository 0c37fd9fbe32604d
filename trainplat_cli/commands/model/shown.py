"""What the commands on models have in common."""

from datetime import datetime, timedelta
from typing import Any

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.gate_plan import DeclaredGates
from resources.home import Home
from resources.pipelines.declared import declared_deploy
from resources.pipelines.declared import declared_gates as gates_declared
from resources.pipelines.folder import Folder
from resources.serving.deployments.model import DeploymentEvent, EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.deployments.words import in_words
from resources.serving.listing import ListedModel, ListedOther
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from trainplat_cli.output import age
from trainplat_cli.texts import _

KIB = 1024


def deployments() -> DeploymentService:
    """The deployments of the home of the environment."""
    home = Home.from_environment()
    return DeploymentService(home, home.database())


def name_alone(text: str) -> DatasetName:
    """The name that ``text`` is. Raises :class:`BadInput` where it has a tag, which would be passed over."""
    reference = parse_reference(text)
    if str(reference.name) != text.strip():
        raise BadInput(
            _("{reference} names a version; expected a name alone, such as {name}").format(
                reference=repr(text), name=reference.name
            ),
            _(
                "Write {name}. To go back: trainplat model rollback {name} --to ROW, a row of its history; "
                "to a version: trainplat model promote {reference}"
            ).format(name=reference.name, reference=reference),
        )
    return reference.name


def declared_plan(name: str) -> DeployPlan | None:
    """How a data set declares that its models go live; None for one that no file declares any more."""
    return declared_deploy(Folder.from_environment(), name)


def declared_gates(name: str) -> DeclaredGates | None:
    """The gates that a data set declares; None for one that no file declares any more."""
    return gates_declared(Folder.from_environment(), name)


def size(count: int | None) -> str:
    """A number of bytes as people say it."""
    if count is None:
        return "-"
    for unit in ("B", "KiB", "MiB"):
        if count < KIB:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= KIB  # type: ignore[assignment]
    return f"{count:.1f} GiB"


def when(at: datetime) -> str:
    """How long ago something was; its date where that is days."""
    if utc_now() - at > timedelta(days=2):
        return f"{at.astimezone():%Y-%m-%d}"
    return _("{time} ago").format(time=age(at))


def aliases(one: ListedModel | ListedOther) -> str:
    """All that a model is called, and whether it is live."""
    words = [*one.aliases]
    if one.is_live:
        words.append(_("live"))
    if one.weight_percent is not None:
        words.append(_("on its way, {percent} %").format(percent=one.weight_percent))
    return ", ".join(words)


def model_document(one: ListedModel) -> dict[str, Any]:
    """A model for machines."""
    model = one.model
    return {
        "name": model.dataset,
        "number": model.number,
        "digest": model.weights_sha256,
        "size_bytes": one.size_bytes,
        "dataset_version": model.dataset_version,
        "aliases": list(one.aliases),
        "live": one.is_live,
        "weight_percent": one.weight_percent,
        "registered_at": model.registered_at,
        "source": model.source,
        "mlflow_run": model.mlflow_run_id,
        "run": model.run_id,
        "of_others": False,
    }


def other_document(one: ListedOther) -> dict[str, Any]:
    """A model of others for machines, by the same keys."""
    version = one.version
    return {
        "name": version.name,
        "number": version.number,
        "digest": one.digest or None,
        "size_bytes": None,
        "dataset_version": None,
        "aliases": list(one.aliases),
        "live": one.is_live,
        "weight_percent": one.weight_percent,
        "registered_at": version.registered_at,
        "source": version.source,
        "mlflow_run": version.mlflow_run_id or None,
        "run": None,
        "of_others": True,
        "by": version.by,
        "description": version.description,
    }


def state_document(state: EndpointState) -> dict[str, Any]:
    """What is live, for machines."""
    rollout = state.rollout
    return {
        "endpoint": state.endpoint,
        "live": None if state.live is None else str(state.live),
        "rollout": None
        if rollout is None
        else {
            "id": rollout.id,
            "old": None if rollout.old is None else str(rollout.old),
            "new": str(rollout.new),
            "strategy": rollout.strategy.value,
            "step": rollout.step,
            "weight_percent": rollout.weight_percent,
            "begun_at": rollout.begun_at,
            "step_begun_at": rollout.step_begun_at,
            "rollback": rollout.is_rollback,
        },
        "sentence": in_words(state),
    }


def event_document(event: DeploymentEvent) -> dict[str, Any]:
    """A row of the history, for machines."""
    return {
        "endpoint": event.endpoint,
        "number": event.number,
        "at": event.at,
        "what": event.kind.value,
        "model": None if event.subject is None else str(event.subject),
        "digest": event.weights_sha256,
        "actor": event.actor,
        "why": event.why,
        "override": event.override,
        "after": state_document(event.after),
        "hash": event.hash,
    }
