"""The grammar of scaling: a text to a :class:`ScalingSpec`, or the place where it stops being one.

As users of cube-studio write it, and more::

    spec    = part { ("," | ";" | "|") part }
    part    = metric set value | window set bounds | setting set value
    set     = ":" | "=" | "|"
    metric  = cpu | gpu | mem | memory (50%) | queue (8) | latency (200ms) | rate (50)
    window  = [days] hour "~" hour                mon-fri 9~21, 22:30~6:00; bounds: 2 or 2-6
    setting = replicas (1-8) | idle | down (300s, 5m) | forecast | dry_run (on, off) | priority | zone

docs/models-scaling.md has all of it. Total: every text is read, or refused with a position.
"""

from dataclasses import replace

from resources.serving.scaling.grammar.scanner import KEY, WINDOW, Scanner
from resources.serving.scaling.grammar.values import read_bounds, read_setting, read_target, read_window
from resources.serving.scaling.model import Metric, ScalingSpec
from resources.texts import filled, mark

MOST_CHARACTERS = 500
METRICS = {"mem": Metric.MEMORY, **{metric.value: metric for metric in Metric}}
SETTINGS = ("replicas", "idle", "down", "forecast", "priority", "zone", "dry_run")
_PART = mark("a metric (cpu, gpu, memory, queue, latency, rate), a window such as 9~21, or a setting")


def parse_scaling(
    text: str,
    *,
    least: int = 1,
    most: int = 1,
    idle_s: float = 300.0,
    sleeps: bool = False,
    priority: int = 0,
) -> ScalingSpec:
    """What ``text`` declares. The other arguments hold where it says nothing of them.

    Blanks, the case of letters, and full-width punctuation make no difference; an empty text declares a
    service that keeps ``least`` replicas. Raises BadScaling, with a position, for a text that is no spec, and
    ValueError for bounds that contradict each other.
    """
    spec = ScalingSpec(least=least, most=most, idle_s=idle_s, sleeps=sleeps, priority=priority)
    scanner = Scanner(text)
    if len(text) > MOST_CHARACTERS:
        expected = filled(mark("at most {count} characters"), count=MOST_CHARACTERS)
        raise scanner.refuse(expected, at=MOST_CHARACTERS, reason=mark("too long"))
    seen: set[str] = set()
    while not scanner.ended():
        window = scanner.match(WINDOW)
        if window is not None:
            spec = replace(spec, windows=(*spec.windows, read_window(scanner, window)))
        else:
            spec = _named(scanner, spec, seen)
        if scanner.ended():
            break
        if not scanner.take(",;|"):
            raise scanner.refuse(mark("',' and the next part, or the end"))
        if scanner.ended():
            raise scanner.refuse(_PART, reason=mark("nothing after the comma"))
    return spec


def _named(scanner: Scanner, spec: ScalingSpec, seen: set[str]) -> ScalingSpec:
    """``spec`` with the metric or the setting that is named next."""
    key = scanner.match(KEY)
    if key is None:
        raise scanner.refuse(_PART)
    name = key[0].lower().replace("-", "_")
    metric = METRICS.get(name)
    if metric is None and name not in SETTINGS:
        raise scanner.refuse(_PART, at=key.start(), reason=mark("an unknown name"))
    name = name if metric is None else metric.value
    if name in seen:
        once = filled(mark("{name} once"), name=name)
        raise scanner.refuse(once, at=key.start(), reason=mark("said a second time"))
    seen.add(name)
    if not scanner.take(":=|"):
        raise scanner.refuse(filled(mark("':' and the value of {name}"), name=name))
    if metric is not None:
        return replace(spec, targets=(*spec.targets, read_target(scanner, metric)))
    if name == "replicas":
        least, most = read_bounds(scanner)
        return replace(spec, least=least, most=least if most is None else most, sleeps=False)
    return read_setting(scanner, name, spec)
