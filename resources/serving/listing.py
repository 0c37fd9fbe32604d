"""The models of a home as people look through them: each with what it is called and whether it is live."""

from collections import defaultdict
from dataclasses import dataclass

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.home import Home
from resources.registry.client import WEIGHTS_FILE
from resources.registry.evaluations.service import EvaluationService
from resources.registry.model import ModelVersion
from resources.registry.others import OtherModels, OtherVersion
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import OURS, may_be_asked
from resources.terms import DatasetName

SHORT_DIGEST = 12


@dataclass(frozen=True)
class ListedOther:
    """One version that others registered in MLflow."""

    version: OtherVersion
    digest: str
    """The beginning of that of all its files; empty of one that was never fetched."""
    is_live: bool
    weight_percent: int | None
    """Which share of the requests it gets in a rollout; None where it is not on its way."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """As MLflow has them."""
        return self.version.aliases


@dataclass(frozen=True)
class ListedModel:
    """One model version with all that it is called."""

    model: ModelVersion
    size_bytes: int | None
    """Of its weights; None where they lie elsewhere and nobody measured it."""
    aliases: tuple[str, ...]
    """The platform's first, then people's."""
    is_live: bool
    weight_percent: int | None
    """Which share of the requests it gets in a rollout; None where it is not on its way."""

    @property
    def digest(self) -> str:
        """The beginning of its digest, enough to name it by."""
        return self.model.weights_sha256[:SHORT_DIGEST]


def listed(
    home: Home, database: Database, name: DatasetName | None = None, clock: Clock = utc_now
) -> list[ListedModel]:
    """All models, or those of one name; by name, and of each the newest first."""
    deployments = DeploymentService(home, database, clock)
    by_name: dict[DatasetName, list[ModelVersion]] = defaultdict(list)
    for model in deployments.registry.models(name):
        by_name[model.dataset].append(model)
    found = []
    for one, models in sorted(by_name.items()):
        state, sizes = deployments.state(one), _sizes(home, database, one)
        aliases = defaultdict(list)
        for tag, number in deployments.references.tags(one).items():
            aliases[number].append(tag)
        for model in reversed(models):
            called = tuple(sorted(aliases[model.number], key=_ours_first))
            size = sizes.get(model.number) or _size_here(deployments, model)
            found.append(_listed(model, size, called, state))
    return found


def listed_others(home: Home, database: Database, name: str | None = None) -> list[ListedOther]:
    """All models that others registered, or those of one name; by name, and of each the newest first.

    Raises :class:`Unavailable` while MLflow is down.
    """
    others, deployments = OtherModels(home), DeploymentService(home, database)
    return [
        _listed_other(others, version, deployments.state(one))
        for one in ([name] if name else names_of_others(home, database))
        for version in others.listed(one)
        if deployments.registry.model(DatasetName(one), version.number) is None
    ]


def names_of_others(home: Home, database: Database) -> list[str]:
    """Names in MLflow's registry that are no data set's. Raises :class:`Unavailable` while it is down."""
    ours = {one.dataset for one in DeploymentService(home, database).registry.models()}
    return [one for one in OtherModels(home).names() if one not in ours and may_be_asked(one)]


def _listed_other(others: OtherModels, version: OtherVersion, state: EndpointState) -> ListedOther:
    digest = others.digest(version.name, version.number)[:SHORT_DIGEST]
    return ListedOther(version, digest, *_standing(version.number, state))


def _listed(
    model: ModelVersion, size: int | None, aliases: tuple[str, ...], state: EndpointState
) -> ListedModel:
    return ListedModel(model, size, aliases, *_standing(model.number, state))


def _standing(number: int, state: EndpointState) -> tuple[bool, int | None]:
    """Whether a version is live, and which share of the requests it gets in a rollout."""
    is_live = state.live is not None and state.live.number == number
    rollout = state.rollout if state.rollout and state.rollout.new.number == number else None
    return is_live, rollout.weight_percent if rollout else None


def _ours_first(tag: str) -> tuple[int, str]:
    return (OURS.index(tag) if tag in OURS else len(OURS), tag)


def _sizes(home: Home, database: Database, name: DatasetName) -> dict[int, int]:
    measured = EvaluationService(home, database).measurements(name)
    return {one.number: one.size_bytes for one in measured}


def _size_here(deployments: DeploymentService, model: ModelVersion) -> int | None:
    folder = deployments.registry.files(model)
    try:
        return None if folder is None else (folder / WEIGHTS_FILE).stat().st_size
    except OSError:
        return None
