"""The versions of a model: what each is called, where it is from, and what its gates say."""

from collections.abc import Callable

import streamlit as st

from resources.registry.gates.model import GateResult, Judging
from resources.serving.listing import ListedModel, ListedOther
from resources.texts import Translate, in_language
from streamlit_app import colours, frame, pieces
from streamlit_app.data.wording import amount
from streamlit_app.deployments.cards import ago
from streamlit_app.reader import Reader
from streamlit_app.readings.models import Versions

PER_PAGE = 8


def draw(reader: Reader, name: str, told: Versions, against: Callable[[ListedModel], list[str]]) -> None:
    """A row for each, the newest first."""
    _ = reader.translate
    st.subheader(_("Versions"), anchor=False)
    if told.problem:
        st.warning(in_language(told.problem, _), icon=":material/cloud_off:")
        return
    if not (told.listed or told.others):
        st.info(
            _(
                "No version of it is registered any more: the next round of the loop, or "
                "`dagster asset materialize` on {name}/model, registers one."
            ).format(name=name)
        )
        return
    heads = [
        _("Version"),
        _("Called"),
        _("Trained from"),
        _("Weights"),
        _("Size"),
        _("Registered"),
        _("Gates"),
    ]
    part = frame.page_of(reader, len(told.listed) or len(told.others), PER_PAGE, f"versions-{name}")
    rows = [_row(reader, told, one, against) for one in told.listed[part]]
    rows += [_row_of_others(reader, told, one) for one in told.others[part]]
    st.html(pieces.table(heads, rows, numbers=frozenset({4})))


def gates_table(results: tuple[GateResult, ...], _: Translate) -> str:
    """What each gate says about one model."""
    rows = [
        [_sign(one, _), pieces.text(one.gate), f'<div lang="en">{pieces.text(one.sentence)}</div>']
        for one in results
    ]
    return pieces.table([_("Result"), _("Gate"), _("It says")], rows)


def called(one: ListedModel | ListedOther, _: Translate) -> list[str]:
    """All that a version is called, and whether it is live."""
    words = [*one.aliases]
    if one.is_live:
        words.append(_("live"))
    if one.weight_percent is not None:
        words.append(_("on its way, {percent} %").format(percent=one.weight_percent))
    return words


def _row(
    reader: Reader, told: Versions, one: ListedModel, against: Callable[[ListedModel], list[str]]
) -> list[str]:
    _, model = reader.translate, one.model
    return [
        pieces.code(f"{model.dataset}:{model.number}"),
        " ".join(pieces.pill(word, _tone(word, one, _)) for word in called(one, _)) or "–",
        pieces.text(model.dataset_version),
        pieces.code(one.digest),
        "–" if one.size_bytes is None else amount(one.size_bytes),
        ago(reader, model.registered_at, told.read_at),
        _gates(told.judgings.get(model.number), lambda: against(one), _),
    ]


def _row_of_others(reader: Reader, told: Versions, one: ListedOther) -> list[str]:
    _, version = reader.translate, one.version
    return [
        pieces.code(f"{version.name}:{version.number}"),
        " ".join(pieces.pill(word, _tone(word, one, _)) for word in called(one, _)) or "–",
        pieces.text(_("of others")),
        pieces.code(one.digest) if one.digest else "–",
        "–",
        "–" if version.registered_at is None else ago(reader, version.registered_at, told.read_at),
        pieces.pill(_("no gates"), colours.IDLE, _("There is no test set for it here.")),
    ]


def _gates(judging: Judging | None, against: Callable[[], list[str]], _: Translate) -> str:
    if judging is None:
        sentences = against()
        if not sentences:
            return pieces.pill(_("may be promoted"), colours.DONE, _("There were no gates in its round."))
        return pieces.pill(_("barred"), colours.TROUBLE) + "".join(map(pieces.kept, sentences))
    count, failed = len(judging.results), [one for one in judging.results if not one.passed]
    if not failed:
        return pieces.pill(_("{count} passed").format(count=count), colours.DONE)
    tone = colours.TROUBLE if judging.failed_sentences else colours.PEOPLE
    words = _("{failed} of {count} failed").format(failed=len(failed), count=count)
    return pieces.pill(words, tone) + "".join(pieces.kept(f"{one.gate}: {one.sentence}") for one in failed)


def _sign(one: GateResult, _: Translate) -> str:
    if one.passed:
        return pieces.pill(_("passed"), colours.DONE)
    if one.bars:
        return pieces.pill(_("failed"), colours.TROUBLE)
    return pieces.pill(_("warns"), colours.PEOPLE)


def _tone(word: str, one: ListedModel | ListedOther, _: Translate) -> str:
    if word in (_("live"), "champion"):
        return colours.CHAMPION
    return colours.IDLE if word in one.aliases else colours.ACTIVE
