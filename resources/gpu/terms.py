"""What a run says besides its devices: read from its tags, and kept as JSON."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache

from resources.errors import BadInput
from resources.gpu import tags
from resources.gpu.model import NO_TERMS, Overuse, Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.quantity import UNITS_MIB

MOST_PRIORITY = 1_000_000
MOST_CPUS = 100_000
TERMS_KEPT = 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0", "")


class BadTerm(BadInput):
    """A tag that says nothing we can use."""

    def __init__(self, tag: str, value: str, expected: str) -> None:
        super().__init__(
            f"the tag {tag} is {value!r}; expected {expected}", f"Correct the tag {tag}, or leave it out."
        )
        self.tag = tag
        self.value = value
        self.expected = expected


def terms_of(run_tags: Mapping[str, str]) -> Terms:
    """The terms that tags state. Raises :class:`BadTerm`, which names tag, value and what was expected."""
    return Terms(
        priority=_priority(run_tags.get(tags.PRIORITY, "0")),
        preemptible=_flag(tags.PREEMPTIBLE, run_tags.get(tags.PREEMPTIBLE, "")),
        max_runtime_s=_seconds(run_tags.get(tags.MAX_RUNTIME_S)),
        cpu_milli=_cpus(run_tags.get(tags.CPUS, "0")),
        host_memory_mib=_memory(run_tags.get(tags.MEMORY, "0")),
        span=_span(run_tags.get(tags.SPAN, Span.NODE)),
        group=_name(tags.GROUP, run_tags.get(tags.GROUP, "")),
        near=_name(tags.NEAR, run_tags.get(tags.NEAR, "")),
        apart=_name(tags.APART, run_tags.get(tags.APART, "")),
        nodes=_labels(run_tags.get(tags.NODES, "")),
        overuse=_overuse(run_tags.get(tags.OVERUSE)),
    )


@lru_cache(TERMS_KEPT)
def terms_to_json(terms: Terms) -> str:
    """Only what differs from the default, so that most rows hold ``{}``."""
    usual = asdict(NO_TERMS)
    return json.dumps(
        {key: value for key, value in asdict(terms).items() if value != usual[key]}, sort_keys=True
    )


@lru_cache(TERMS_KEPT)
def terms_from_json(text: str) -> Terms:
    """What :func:`terms_to_json` wrote; a key that is not known, as of a later release, is passed over."""
    stored = json.loads(text)
    known = {key: value for key, value in stored.items() if key in Terms.__dataclass_fields__}
    if "span" in known:
        known["span"] = Span(known["span"])
    if "nodes" in known:
        known["nodes"] = tuple((name, value) for name, value in known["nodes"])
    if known.get("overuse") is not None:
        known["overuse"] = Overuse(known["overuse"])
    return Terms(**known)


def _priority(text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,7}", text) is None or abs(int(text)) > MOST_PRIORITY:
        raise BadTerm(tags.PRIORITY, text, f"a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}")
    return int(text)


def _flag(tag: str, text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadTerm(tag, text, "true or false")


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text) if text.isascii() else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        raise BadTerm(tags.MAX_RUNTIME_S, text, "a number of seconds above 0, such as 3600")
    return value


def _cpus(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) is None or float(text) > MOST_CPUS:
        raise BadTerm(tags.CPUS, text, "a number of cores, such as 4 or 0.5")
    return round(float(text) * 1000)


def _memory(text: str) -> int:
    if text == "0":
        return 0
    found = re.fullmatch(r"([0-9]{1,9})([A-Za-z]{1,3})", text)
    if found is None or found[2].lower() not in UNITS_MIB:
        raise BadTerm(tags.MEMORY, text, "a whole amount of memory with its unit, such as 16G or 512M")
    return int(found[1]) * UNITS_MIB[found[2].lower()]


def _span(text: str) -> Span:
    if text not in set(Span):
        raise BadTerm(tags.SPAN, text, f"one of {', '.join(Span)}")
    return Span(text)


def _overuse(text: str | None) -> Overuse | None:
    if text is None:
        return None
    if text not in set(Overuse):
        raise BadTerm(tags.OVERUSE, text, f"one of {', '.join(Overuse)}")
    return Overuse(text)


def _name(tag: str, text: str) -> str:
    if text and _NAME.fullmatch(text) is None:
        raise BadTerm(tag, text, "a name of letters, digits, '.', '_', '/' and '-'")
    return text


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, separator, value = part.partition("=")
        if not separator or _NAME.fullmatch(name) is None or _NAME.fullmatch(value) is None:
            raise BadTerm(tags.NODES, text, "labels such as zone=a, separated by commas")
        found.append((name, value))
    return tuple(sorted(found))
