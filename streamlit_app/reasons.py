"""Why a run waits and why a lease ended, in the reader's language.

The ledger keeps both as English sentences, which also stand in Dagster's log and tags.
"""

from resources.texts import Translate, mark

_RULES = {
    "A1": mark("It asks for no device."),
    "A2": mark("Its devices are free, and nobody before it waits for them."),
    "A3": mark("Its devices are in use."),
    "A4": mark("Free devices are kept for a request that came earlier."),
    "A5": mark("This machine no longer has as many matching devices."),
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
        mark("it is queued again"),
        mark("its process died"),
        mark("its process died; no attempt is left"),
        mark("its process is gone"),
        mark("its process is gone, and so is its Dagster instance"),
    }
)


def of_rule(rule: str | None, _: Translate) -> str | None:
    """What a rule of the arbiter means for the run that it was applied to; None for one without words."""
    known = None if rule is None else _RULES.get(rule)
    return None if known is None else _(known)


def of_release(reason: str, _: Translate) -> str:
    """Why a lease ended; as it is kept where it has no words, as one that another version has written."""
    return _(reason) if reason in _RELEASES else reason
