"""Moments, ages and counts as a person says them, in the reader's language."""

from datetime import datetime, timedelta

from resources.texts import Plural, Translate

_HOUR_S = 3600


def ago(moment: datetime, now: datetime, _: Translate) -> str:
    """How long ago ``moment`` was, such as ``5 min ago``."""
    if now - moment < timedelta(seconds=5):
        return _("just now")
    seconds = (now - moment).total_seconds()
    whole_units = seconds if seconds < _HOUR_S else seconds // _HOUR_S * _HOUR_S
    return _("{duration} ago").format(duration=duration(whole_units, _))


def duration(seconds: float, _: Translate) -> str:
    """A length of time in the one or two units that matter: ``8.4 s``, ``3 min``, ``2 h 10 min``, ``4 d``."""
    if seconds < 9.95:
        return _("{count} s").format(count=f"{seconds:.1f}".removesuffix(".0"))
    if round(seconds) < 60:
        return _("{count} s").format(count=round(seconds))
    minutes = round(seconds) // 60
    if minutes < 60:
        return _("{count} min").format(count=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        text = _("{count} h").format(count=hours)
        return text if minutes == 0 else text + " " + _("{count} min").format(count=minutes)
    return _("{count} d").format(count=hours // 24)


def labels(count: int, ngettext: Plural) -> str:
    """A number of labels, counted."""
    return ngettext("{count} label", "{count} labels", count).format(count=f"{count:,}")


def points(difference: float, _: Translate) -> str:
    """A difference of two shares, such as 0.042, in percentage points."""
    return _("{change} points").format(change=f"{difference * 100:+.1f}")
