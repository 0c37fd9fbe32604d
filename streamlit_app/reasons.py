"""Why a run waits and why a lease ended, in the reader's language.

The ledger keeps both as English sentences, which also stand in Dagster's log and tags. Why a run waits, it
keeps as values too; a row that an earlier release wrote has the sentence only.
"""

from resources.gpu.model import WaitingRequest
from resources.texts import Translate, mark
from streamlit_app import pieces

_RULES = {
    "A1": mark("It asks for no device."),
    "A2": mark("Its devices are free, and within the quota."),
    "A3": mark("Its devices are free, and its project borrows quota that others do not use."),
    "A4": mark("It got the devices that were kept for it."),
    "A5": mark("Its devices are reserved for its project."),
    "P1": mark("Its project is owed devices: runs that use borrowed ones make room."),
    "P2": mark("Runs of lower priority make room."),
    "P3": mark("Runs that have had more device time make room."),
    "P4": mark("A reservation begins: what stands on its devices makes room."),
    "P5": mark("A device is drained: what can stop on it makes room."),
    "D1": mark("Smaller runs move elsewhere, so that it has a place in one piece."),
    "W1": mark("Its devices are in use."),
    "W3": mark("Free devices are kept for a request that came earlier."),
    "W4": mark("Other runs are making room for it."),
    "W5": mark("This machine no longer has as many matching devices."),
    "W6": mark("Enough devices are free, but nowhere in one piece."),
    "W7": mark("Devices are free, but not the CPUs or the memory beside them."),
    "W8": mark("No machine that is free fits where it has to stand."),
    "W9": mark("Another node has room, but runs are started on this machine only."),
    "Q4": mark("A limit of its quota is reached."),
    "Q5": mark("Its project is above what it is owed, and nothing is left to borrow."),
    "Q6": mark("Its project is owed devices that others have borrowed."),
    "B1": mark("The budget of GPU-hours is used up."),
}

_RELEASES = frozenset(
    {
        mark("the run ended"),
        mark("the run ended; what was left of its processes was killed"),
        mark("its run is over"),
        mark("cancelled"),
        mark("cancelled and killed"),
        mark("trainplat was stopped"),
        mark("stopped waiting"),
        mark("its next step asks"),
        mark("its step is done with it"),
        mark("its step waits no longer"),
        mark("its user waits no longer"),
        mark("its own run holds what it asks for"),
        mark("the notebook ended: nobody worked in it"),
        mark("the notebook ended: its time is over"),
        mark("the notebook ended: it was closed"),
        mark("the notebook ended: it could not be opened"),
        mark("the notebook ended: the arbiter stopped it"),
        mark("it is queued again"),
        mark("its process died"),
        mark("it made room for another run"),
        mark("it was stopped because it used more than its lease"),
        mark("a device of it was out of order"),
        mark("its process died; no attempt is left"),
        mark("its process is gone"),
        mark("its time is over"),
        mark("its owner gave it back"),
        mark("its process is gone, and so is its Dagster instance"),
    }
)


def of_rule(rule: str | None, _: Translate) -> str | None:
    """What a rule of the arbiter means for the run that it was applied to; None for one without words."""
    known = None if rule is None else _RULES.get(rule)
    return None if known is None else _(known)


def of_waiting(waiting: WaitingRequest, _: Translate) -> str:
    """Why a request waits, as HTML: the whole sentence, in English where its values were not kept."""
    if waiting.why is not None:
        return pieces.text(waiting.why.translated(_))
    meaning = of_rule(waiting.rule, _)
    if waiting.reason is None:
        return pieces.text(_("The arbiter has not looked at it yet."))
    kept = pieces.kept(waiting.reason)
    return kept if meaning is None else pieces.text(meaning) + kept


def of_release(reason: str, _: Translate) -> str:
    """Why a lease ended; as it is kept where it has no words, as one that another version has written."""
    return _(reason) if reason in _RELEASES else reason
