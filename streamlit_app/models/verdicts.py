"""Whether one model is better than another, and where it is not, in words."""

from resources.registry.comparing.verdict import Better, Part, Verdict
from resources.texts import Translate, mark
from streamlit_app.models.heat import part_words

MOST_PARTS = 4
_SAYS = {
    Better.CLEARLY: mark("Clearly better."),
    Better.NOT: mark("Clearly worse."),
    Better.OPEN: mark("Whether it is better is open: chance alone may make the difference."),
}


def lines(verdict: Verdict, _: Translate) -> list[str]:
    """What the numbers of both say, a line each."""
    old, new, difference = verdict.old, verdict.new, verdict.difference
    numbers = _("{measure}: {new} against {old}").format(
        measure=_(new.measure.words), new=f"{new.value:.1%}", old=f"{old.value:.1%}"
    )
    if difference is not None:
        numbers += " · " + _("{value} points ({low} to {high} with 95 % confidence)").format(
            value=_points(difference.value), low=_points(difference.low), high=_points(difference.high)
        )
    told = [_(_SAYS[verdict.says]), numbers]
    if old.test_set != new.test_set:
        return [*told, _("They were measured on two test sets, so that no part can be compared.")]
    worse = _("Worse: {parts}.").format(parts=_parts(verdict.worse, _))
    told.append(worse if verdict.worse else _("In no part of the test set it is worse."))
    if verdict.better:
        told.append(_("Better: {parts}.").format(parts=_parts(verdict.better, _)))
    return told


def _parts(parts: tuple[Part, ...], _: Translate) -> str:
    said = [
        _("{part} {points} points ({count} samples)").format(
            part=_("class {name}").format(name=part_words(one.name, _))
            if one.name.startswith("class:")
            else part_words(one.name, _),
            points=_points(one.gain),
            count=f"{one.count:,}",
        )
        for one in parts[:MOST_PARTS]
    ]
    if len(parts) > MOST_PARTS:
        said.append(_("{count} more").format(count=len(parts) - MOST_PARTS))
    return _(", ").join(said)


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}"
