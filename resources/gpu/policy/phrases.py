"""What the sentences of the policy say of runs, devices and places, in a reader's language.

A reason keeps such a value as one English text, so that it can be compared and searched. It is taken apart
again here, where somebody reads it: what is no phrase of ours stays as it is, and in English nothing changes.
"""

import re
from collections.abc import Callable

from resources.texts import Translate, mark

_RUN_OF = mark("run {run} of {project}")
_RUN = mark("run {run}")
_RESERVATION = mark("reservation {name}")
_DEVICES = mark("{count} device(s)")
_CPUS = mark("{count} CPU(s)")
_MEMORY = mark("{asked} with {mib} MiB each")
_MORE = mark("{names} and {count} more")

_HELD = re.compile(r"run (?P<run>\S+) of (?P<project>.+?)(?P<devices> \([^()]*\))?")
_ASKED = re.compile(r"(?P<what>.+?)(?: with (?P<mib>\d+) MiB each)?", re.DOTALL)
_COUNTED = re.compile(r"(?P<count>\S+(?: × \S+)?) (?P<what>device|CPU)\(s\)")
_TOGETHER = re.compile(r"(?P<names>.*) and (?P<count>\d+) more", re.DOTALL)


def said(name: str, value: str, _: Translate) -> str:
    """The value that a sentence has by ``name``, in the language of ``_``."""
    phrase = _PHRASES.get(name)
    return value if phrase is None else phrase(value, _)


def _asked(value: str, _: Translate) -> str:
    found = _ASKED.fullmatch(value)
    if found is None:
        return value
    counted = _COUNTED.fullmatch(found["what"])
    what = found["what"]
    if counted is not None:
        what = _({"device": _DEVICES, "CPU": _CPUS}[counted["what"]]).format(count=counted["count"])
    return what if found["mib"] is None else _(_MEMORY).format(asked=what, mib=found["mib"])


def _runs(value: str, _: Translate) -> str:
    return _(", ").join(_run(one, _) for one in value.split(", "))


def _holders(value: str, _: Translate) -> str:
    more = _TOGETHER.fullmatch(value)
    names = _("; ").join(_run(one, _) for one in (value if more is None else more["names"]).split("; "))
    return names if more is None else _(_MORE).format(names=names, count=more["count"])


def _run(value: str, _: Translate) -> str:
    found = _HELD.fullmatch(value)
    if found is None:
        return value
    return _(_RUN_OF).format(run=found["run"], project=found["project"]) + (found["devices"] or "")


def _whom(value: str, _: Translate) -> str:
    kind, blank, name = value.partition(" ")
    known = {"run": _RUN, "reservation": _RESERVATION}.get(kind)
    return value if known is None or not blank else _(known).format(run=name, name=name)


_PHRASES: dict[str, Callable[[str, Translate], str]] = {
    "asked": _asked,
    "runs": _runs,
    "holders": _holders,
    "whom": _whom,
}
"""By the name that a sentence gives the value."""
