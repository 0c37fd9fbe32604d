"""How triggers are shown, to people and to machines."""

from typing import Any

from resources.home import Home
from resources.learning.triggering.model import Evaluation, Pause, Paused, Wish
from resources.learning.triggering.service import TriggerService
from resources.learning.triggering.telling import document
from resources.terms import Actor
from resources.texts import mark
from resources.users import current_user

BOTH = "both"
WHAT = (*(one.value for one in Paused), BOTH)
KINDS = {Paused.TRAINING: mark("training"), Paused.ASKING: mark("asking")}


def trigger_service() -> TriggerService:
    """The service of the home of the environment."""
    return TriggerService(Home.from_environment().database())


def current_actor() -> Actor:
    """Who types the command."""
    return Actor(f"user:{current_user()}")


def chosen(what: str) -> tuple[Paused, ...]:
    """What an option names."""
    return tuple(Paused) if what == BOTH else (Paused(what),)


def wish_document(wish: Wish) -> dict[str, Any]:
    """A wish for machines."""
    return {
        "id": wish.id,
        "dataset": wish.dataset,
        "asked_at": wish.asked_at,
        "actor": wish.actor,
        "reason": wish.reason,
        "after": wish.after,
        "taken_at": wish.taken_at,
        "version": wish.version,
        "withdrawn": wish.withdrawn,
    }


def pause_document(pause: Pause) -> dict[str, Any]:
    """A pause for machines."""
    return {
        "dataset": pause.dataset,
        "what": pause.what,
        "since": pause.since,
        "actor": pause.actor,
        "reason": pause.reason,
    }


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation for machines."""
    return {
        "began_at": evaluation.began_at,
        "seen_at": evaluation.seen_at,
        "version": evaluation.version,
        **document(evaluation.verdict),
    }
