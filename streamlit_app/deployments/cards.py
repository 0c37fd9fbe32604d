"""What is live: a card for each endpoint, with why, by whom and since when."""

from datetime import datetime

from resources.serving.deployments.model import DeploymentEvent, EventKind
from resources.serving.deployments.words import event_in_words, kind_in_words
from streamlit_app import colours, pieces, wording
from streamlit_app.deployments.rollouts import named
from streamlit_app.reader import Reader
from streamlit_app.readings.models import Because, Endpoint

TONES = {
    EventKind.PROMOTED: colours.ACTIVE,
    EventKind.ADVANCED: colours.ACTIVE,
    EventKind.COMPLETED: colours.CHAMPION,
    EventKind.ABORTED: colours.TROUBLE,
    EventKind.ROLLED_BACK: colours.PEOPLE,
    EventKind.STOPPED: colours.IDLE,
}


def card(reader: Reader, one: Endpoint, now: datetime) -> str:
    """One endpoint."""
    _ = reader.translate
    live = one.state.live
    rows: list[tuple[str, str]] = []
    if live is None:
        nothing = pieces.small(_("Choose a version below and put it live."))
        rows.append((_("Live"), pieces.text(_("nothing: it answers no request")) + nothing))
    elif one.because is not None:
        rows.append((_("Live"), _live(named(one.name, live), one.because.since)))
        rows += _why(reader, one.because, now)
    if one.newest is not None and (one.because is None or one.newest.id != one.because.since.id):
        rows.append((_("Last"), _last(reader, one.newest, now)))
    if one.state.rollout is not None:
        pill = pieces.pill(_("changing"), colours.ACTIVE)
    elif live is None:
        pill = pieces.pill(_("not live"), colours.IDLE)
    else:
        pill = pieces.pill(_("live"), colours.CHAMPION)
    tone = colours.CHAMPION if live is not None else colours.IDLE
    return pieces.card(one.name, pill, tone, rows, busy=live is not None)


def kind_pill(kind: EventKind, reader: Reader) -> str:
    """What happened, on its colour."""
    return pieces.pill(kind_in_words(kind, reader.translate), TONES[kind])


def ago(reader: Reader, moment: datetime, now: datetime) -> str:
    """How long ago, with the moment when pointed at."""
    return pieces.moment(wording.ago(moment, now, reader.translate), reader.stamp(moment))


def _live(name: str, since: DeploymentEvent) -> str:
    return f"<b>{pieces.code(name)}</b> {pieces.code(since.weights_sha256[:12])}"


def _why(reader: Reader, because: Because, now: datetime) -> list[tuple[str, str]]:
    _ = reader.translate
    since, begun = because.since, because.begun
    rows = [
        (_("Since"), ago(reader, since.at, now)),
        (_("Why"), "".join(_told(event, reader) for event in dict.fromkeys((begun, since)))),
    ]
    if begun.override:
        rows.append((_("Past its gates"), pieces.kept(begun.override)))
    return rows


def _last(reader: Reader, event: DeploymentEvent, now: datetime) -> str:
    return f"{kind_pill(event.kind, reader)} {ago(reader, event.at, now)}{_told(event, reader)}"


def _told(event: DeploymentEvent, reader: Reader) -> str:
    """A row of the history in words, with the reason that was given."""
    _ = reader.translate
    said = pieces.kept(event.why) if event.why else pieces.small(_("No reason was given."))
    return f"<div>{pieces.text(event_in_words(event, _))}</div>{said}"
