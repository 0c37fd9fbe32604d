"""A version goes live: which one, how, what its gates say, and then the button that does it."""

import streamlit as st

from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import TrainplatError
from resources.pipelines.declared import declared_deploy, declared_gates
from resources.pipelines.folder import Folder
from resources.registry.model import ModelVersion
from resources.registry.others import OtherVersion
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService, PromotionPlan
from resources.serving.deployments.words import in_words, steps_in_words
from resources.serving.references import VARIANTS, ModelReference
from resources.terms import Actor, DatasetName
from resources.texts import Translate
from streamlit_app.deployments import acts, beside, versions
from streamlit_app.models import kept
from streamlit_app.reader import Reader
from streamlit_app.readings.models import Endpoint, Versions

AS_TRAINED, AS_DECLARED = "as_trained", "declared"


def usual_plan(one: Endpoint) -> DeployPlan:
    """How its data set declares that it goes live; as it did last, where nothing does."""
    return declared_deploy(Folder.from_environment(), one.name) or one.state.plan


def draw(reader: Reader, one: Endpoint, found: Versions, usual: DeployPlan) -> None:
    """Choose, see what it would change, and confirm."""
    _, name = reader.translate, one.name
    st.subheader(_("Put a version live"), anchor=False)
    left, middle, right = st.columns(3)
    with left:
        number = kept.select(_("Version"), _choices(found), "version")
    with middle:
        variants = {AS_TRAINED: _("as it was trained")} if found.others else _variants(_)
        variant = kept.select(_("As"), variants, "as")
    with right:
        strategy = kept.select(_("How"), _strategies(usual, _), "how")
    reference = ModelReference(DatasetName(name), number, "" if variant == AS_TRAINED else variant)
    plan = usual if strategy == AS_DECLARED else usual.by(Strategy(strategy))
    try:
        planned = acts.service().plan(reference, plan, declared_gates(Folder.from_environment(), name))
    except TrainplatError as problem:
        st.error(acts.sentences(problem, _))
        return
    _show(planned, found, reader)
    if not planned.changes_nothing:
        _confirm(reader, reference, plan, planned)


def _show(planned: PromotionPlan, found: Versions, reader: Reader) -> None:
    _, live, model = reader.translate, planned.before.live, planned.model
    if live is not None and live.number != model.number and isinstance(model, ModelVersion):
        beside.draw(reader, model.dataset, live.number, model.number)
    st.markdown(f"**{_('What this would change')}**")
    st.markdown(in_words(planned.before, _))
    if planned.changes_nothing:
        st.caption(_("Nothing: it is what this version would be already."))
    else:
        st.markdown(_would_be(planned, _))
    judging = found.judgings.get(planned.model.number)
    results = planned.results or (() if judging is None else judging.results)
    if results:
        st.markdown(f"**{_('What its gates say')}**")
        st.html(versions.gates_table(results, _))
    if planned.failed_gates:
        bars = _("No gate judges it:") if planned.is_of_others else _("Its gates bar it:")
        st.warning(
            "\n".join([bars, "", *(f"- {sentence}" for sentence in planned.failed_gates)]),
            icon=":material/block:",
        )
    elif not planned.changes_nothing:
        st.caption(_("Its gates let it pass."))


def _would_be(planned: PromotionPlan, _: Translate) -> str:
    model, plan = planned.model, planned.plan
    how = (
        _("by {strategy}").format(strategy=steps_in_words(plan.strategy, plan.steps_percent, _))
        if planned.before.live
        else _("at once, since nothing is")
    )
    if isinstance(model, OtherVersion):
        said = _("{name}, which others registered in MLflow, would be live {how}, and champion.")
        return said.format(name=f"{model.name}:{planned.new}", how=how)
    return _("{name}, trained from {version}, would be live {how}, and champion.").format(
        name=f"{model.dataset}:{planned.new}", version=model.dataset_version, how=how
    )


def _confirm(reader: Reader, reference: ModelReference, plan: DeployPlan, planned: PromotionPlan) -> None:
    _, of = reader.translate, f"{reference}-{plan.strategy}"
    gates = declared_gates(Folder.from_environment(), reference.name)
    override: str | None = None
    why = st.text_input(_("Why, for the history"), key=f"promote-why-{of}", max_chars=300)
    if planned.failed_gates:
        override = st.text_input(
            _("Why it is trusted without a gate")
            if planned.is_of_others
            else _("Why although its gates bar it"),
            key=f"promote-override-{of}",
            max_chars=1000,
            help=_("Is recorded for good, with your name."),
        ).strip()
    sure = st.checkbox(_("I have read what this changes"), key=f"promote-sure-{of}")

    def promote(service: DeploymentService, actor: Actor) -> EndpointState:
        return service.promote(reference, actor, why.strip(), override or None, plan, gates)

    st.button(
        _("Put it live"),
        type="primary",
        icon=":material/rocket_launch:",
        key="promote",
        disabled=not sure or (override is not None and not override),
        on_click=acts.act,
        args=(promote,),
    )


def _choices(found: Versions) -> dict[str, str]:
    """The versions, the newest first, by what never changes: a list shows what is chosen as it was called."""
    if found.others:
        return {str(one.version.number): str(one.version.number) for one in found.others}
    return {
        str(one.model.number): f"{one.model.number} · {one.model.dataset_version} · {one.digest}"
        for one in found.listed
    }


def _variants(_: Translate) -> dict[str, str]:
    return {AS_TRAINED: _("as it was trained")} | {one: one for one in VARIANTS}


def _strategies(usual: DeployPlan, _: Translate) -> dict[str, str]:
    declared = steps_in_words(usual.strategy, usual.steps_percent, _)
    others = {
        one.value: steps_in_words(one, usual.steps_percent, _) for one in Strategy if one != usual.strategy
    }
    return {AS_DECLARED: _("{strategy}, as declared").format(strategy=declared)} | others
