"""The laws of turns: which project is looked at next, and which of its runs."""

from tests.checker.eyes import Eyes
from tests.checker.history import Asked, Event
from tests.checker.quotas import is_owed

LEVEL = 1.25
"""What is declared to take less than this much more is taken to be as long."""


def in_turn(eyes: Eyes, event: Event) -> None:
    """Look at a decision before it is noted: nobody else should have been looked at before."""
    if event.run in eyes.kept or event.rule in ("P4", "W4", "A4"):
        return  # for whom others make room, the decision was made before
    asked = eyes.world.asked[event.run]
    left = [
        eyes.world.asked[run]
        for run in sorted(eyes.waiting - set(eyes.decided) - set(eyes.kept) - {event.run})
    ]
    for other in left:
        if other.project == asked.project:
            _in_order(eyes, event, asked, other)
    if eyes.stops or eyes.unlucky & eyes.waiting:
        return  # shares as they will be; those of the next pass
    if not eyes.world.quotas:
        _lowest_standing(eyes, event, asked, left)
    elif event.rule == "A3":
        _owed_first(eyes, event, asked, left)


def _in_order(eyes: Eyes, event: Event, asked: Asked, other: Asked) -> None:
    if other.priority != asked.priority:
        if other.priority > asked.priority:
            eyes.say(event, f"{event.run} is looked at before {other.run}, which has the higher priority")
        return
    if eyes.attained_s[asked.run] or eyes.attained_s[other.run]:
        return
    if asked.max_runtime_s and other.max_runtime_s:
        mine, theirs = (one.max_runtime_s * max(one.units, 1) for one in (asked, other) if one.max_runtime_s)
        if mine > theirs * LEVEL:
            eyes.say(event, f"{event.run} is looked at before {other.run}, which declares less")
    nobody_says = asked.max_runtime_s is None and other.max_runtime_s is None
    if nobody_says and _came(eyes, other) < _came(eyes, asked):
        eyes.say(event, f"{event.run} is looked at before {other.run}, which came first")


def _came(eyes: Eyes, asked: Asked) -> tuple[float, str]:
    return eyes.submitted_at_s[asked.run], asked.run


def _lowest_standing(eyes: Eyes, event: Event, asked: Asked, left: list[Asked]) -> None:
    """S2 and S3, where nobody borrows: half the past, half the present, then the name."""
    used = eyes.used_as_planned()

    def standing(project: str) -> float:
        now = used[project] / (eyes.world.cards * 1000)
        return 0.5 * eyes.past_share(project, event.at_s) + 0.5 * now

    mine = standing(asked.project)
    for project in sorted({one.project for one in left} - {asked.project}):
        theirs = standing(project)
        if theirs < mine - 1e-9 or (theirs == mine == 0.0 and project < asked.project):
            eyes.say(event, f"{event.run} of {asked.project} is looked at, and it is the turn of {project}")


def _owed_first(eyes: Eyes, event: Event, asked: Asked, left: list[Asked]) -> None:
    """S1, for a grant of what is borrowed: nobody waits to be looked at who is owed all that he asks."""
    used = eyes.used_as_planned()
    for project in sorted({one.project for one in left} - {asked.project} - eyes.spent):
        if all(is_owed(eyes, one, used) for one in left if one.project == project):
            eyes.say(
                event, f"{event.run} borrows before it is the turn of {project}, which is owed its cards"
            )
