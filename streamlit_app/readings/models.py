"""What is live and why, what is on its way, and the versions and the history behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from resources import spreadsheet
from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.errors import Unavailable
from resources.home import Home
from resources.registry.gates.model import Judging, Override
from resources.registry.gates.service import GateService
from resources.serving.deployments.gating import failed_gates
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind
from resources.serving.deployments.service import DeploymentService
from resources.serving.listing import ListedModel, ListedOther, listed, listed_others, names_of_others
from resources.terms import DatasetName
from resources.texts import mark
from streamlit_app.readings.model_server import ModelServer, Routed, read_model_server
from streamlit_app.readings.source import EmptyHome

NO_MODEL = mark("the home {path} has no model yet")

Events = Callable[[str, int], Sequence[DeploymentEvent]]
"""The history of an endpoint up to the event with this id, the oldest first."""


@dataclass(frozen=True)
class Because:
    """Why something is live."""

    since: DeploymentEvent
    """What made it live."""
    begun: DeploymentEvent
    """What somebody did that led there; the same where that was enough."""


@dataclass(frozen=True)
class Endpoint:
    """What an endpoint answers with now."""

    state: EndpointState
    newest: DeploymentEvent | None = None
    """What happened last; None before the first promotion."""
    because: Because | None = None
    """None where nothing is live."""
    routed: Routed | None = None
    """What the server counted; None where none runs, or it serves something else."""

    @property
    def name(self) -> str:
        """As clients call it."""
        return self.state.endpoint


@dataclass(frozen=True)
class Live:
    """All endpoints, as they were at ``read_at``; a model that was never live has one too."""

    endpoints: tuple[Endpoint, ...]
    server: ModelServer | Unavailable
    read_at: datetime

    @cached_property
    def newest_id(self) -> int:
        """Of all that happened, the last; 0 before the first."""
        return max((one.newest.id for one in self.endpoints if one.newest), default=0)


@dataclass(frozen=True)
class Versions:
    """The versions of one model, the newest first, and what their gates said."""

    listed: tuple[ListedModel, ...]
    judgings: dict[int, Judging]
    overrides: tuple[Override, ...]
    read_at: datetime
    others: tuple[ListedOther, ...] = ()
    """Where no round of the platform made any: those that others registered in MLflow."""
    problem: str = ""
    """Why those cannot be told."""


def read_live(
    home: Home, database: Database, events: Events, clock: Clock = utc_now, others: Sequence[str] = ()
) -> Live:
    """From our own tables, and from the server where one runs; ``others`` are names of models that others
    registered. Raises :class:`EmptyHome` without a model.
    """
    service = DeploymentService(home, database, clock)
    newest = {event.endpoint: event for event in service.newest()}
    names = sorted({*newest, *(one.dataset for one in service.registry.models()), *others})
    if not names:
        raise EmptyHome(NO_MODEL, home.path)
    server = read_model_server(home)
    routed = server.routed if isinstance(server, ModelServer) else {}
    endpoints = []
    for name in names:
        event = newest.get(name)
        if event is None:
            endpoints.append(Endpoint(EndpointState(name)))
        else:
            why = because(events(name, event.id))
            endpoints.append(Endpoint(event.after, event, why, routed.get(name)))
    return Live(tuple(endpoints), server, clock())


def because(events: Sequence[DeploymentEvent]) -> Because | None:
    """Since when what is live is so, and what led there; of a history, the oldest first."""
    if not events or events[-1].after.live is None:
        return None
    at = len(events) - 1
    while at > 0 and events[at - 1].after.live == events[-1].after.live:
        at -= 1
    since = events[at]
    rollout = events[at - 1].after.rollout if at > 0 and since.kind is EventKind.COMPLETED else None
    begun = next((one for one in events if rollout and one.id == rollout.id), since)
    return Because(since, begun)


def read_others(home: Home, database: Database) -> list[str]:
    """Names of models that others registered in MLflow; none while it is down."""
    try:
        return names_of_others(home, database)
    except Unavailable:
        return []


def read_versions(home: Home, database: Database, name: str, clock: Clock = utc_now) -> Versions:
    """From our own tables; MLflow is asked only about a name that they do not know."""
    gates, dataset = GateService(home, database, clock), DatasetName(name)
    told = Versions(
        tuple(listed(home, database, dataset, clock)),
        gates.judgings(dataset),
        tuple(gates.overrides(dataset)),
        clock(),
    )
    if told.listed:
        return told
    try:
        return replace(told, others=tuple(listed_others(home, database, name)))
    except Unavailable as problem:
        return replace(told, problem=problem.problem)


def read_history(home: Home, database: Database, endpoint: str) -> tuple[DeploymentEvent, ...]:
    """All that happened to an endpoint, the oldest first."""
    return tuple(DeploymentService(home, database).history(endpoint))


def against(home: Home, database: Database, one: ListedModel) -> list[str]:
    """What speaks against promoting a model, a sentence each."""
    return failed_gates(DeploymentService(home, database).registry, one.model)


def as_csv(events: Sequence[DeploymentEvent]) -> str:
    """A history as a file for a spreadsheet; column names stay English, for programs."""
    return spreadsheet.as_csv(
        ["endpoint", "number", "at", "what", "model", "sha256", "actor", "why", "override", "live", "hash"],
        [
            [
                one.endpoint,
                one.number,
                one.at.isoformat(),
                one.kind.value,
                one.subject,
                one.weights_sha256,
                one.actor,
                one.why,
                one.override,
                one.after.live,
                one.hash,
            ]
            for one in events
        ],
    )
