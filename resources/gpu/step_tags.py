"""What a run asks for by the tags of its steps: asset jobs have no tags of their own.

The run holds one lease for all of its steps, so the lease covers the step that asks for the most.
"""

from collections.abc import Iterable, Mapping, Sequence

from resources.gpu import tags
from resources.gpu.requests.fitting import largest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.terms import terms_of

StepTags = Mapping[str, str]


def over_steps(steps: Iterable[StepTags]) -> dict[str, str]:
    """The tags of a run whose steps have these. Raises BadGpuRequest and BadTerm for what does not parse.

    The request is that of the step that asks for the most, and so are its project and where its devices
    have to be. Priority, CPUs and memory are the highest of all steps. It can be stopped only where each step
    that asks for devices says so. Its longest time is the sum of theirs, since they follow each other; it has
    none where one of them has none.
    """
    stating = [
        {key: step[key] for key in (tags.GPU, tags.PROJECT, *tags.TERMS) if key in step} for step in steps
    ]
    stating = [step for step in stating if step]
    asking = [step for step in stating if tags.GPU in step]
    found = _of_largest(asking)
    for key in (tags.PRIORITY, tags.CPUS, tags.MEMORY):
        _set(found, key, _highest(key, stating))
    bound = asking or stating
    _set(found, tags.PREEMPTIBLE, _of_each(bound))
    _set(found, tags.MAX_RUNTIME_S, _in_sum(bound))
    return found


def _of_largest(asking: Sequence[StepTags]) -> dict[str, str]:
    by_request = {parse_request(step[tags.GPU]): step for step in reversed(asking)}
    most = largest(list(by_request))
    return {} if most is None else dict(by_request[most])


def _highest(key: str, steps: Sequence[StepTags]) -> str | None:
    values = {step[key]: terms_of({key: step[key]}) for step in steps if key in step}
    sizes = {text: (terms.priority, terms.cpu_milli, terms.host_memory_mib) for text, terms in values.items()}
    return max(sizes, key=lambda text: sizes[text], default=None)


def _of_each(steps: Sequence[StepTags]) -> str | None:
    if not any(tags.PREEMPTIBLE in step for step in steps):
        return None
    return "true" if all(terms_of(step).preemptible for step in steps) else "false"


def _in_sum(steps: Sequence[StepTags]) -> str | None:
    runtimes = [terms_of(step).max_runtime_s for step in steps]
    declared = [one for one in runtimes if one is not None]
    return f"{sum(declared):g}" if declared and len(declared) == len(runtimes) else None


def _set(found: dict[str, str], key: str, value: str | None) -> None:
    if value is None:
        found.pop(key, None)
    else:
        found[key] = value
