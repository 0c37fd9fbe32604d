"""A new pipeline, from a template by its form."""

import streamlit as st

from resources.errors import TrainplatError
from resources.pipelines.catalogue import TEMPLATES, Template, template
from resources.pipelines.specs.common import LONGEST_NAME
from resources.pipelines.writing import file_text
from resources.terms import Actor
from resources.texts import in_language
from resources.users import current_user
from streamlit_app.pipelines import forms
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.pipelines import pipeline_service
from streamlit_app.readings.source import open_home

FORM, NAME, PROBLEMS, MADE = "new", "new-name", "new-problems", "new-made"
_NAME_FIELD = "name"


def draw(reader: Reader) -> None:
    """Template, name and parameters; below each what is wrong with it once it was tried."""
    _ = reader.translate
    left, right = st.columns(2)
    chosen = template(
        left.selectbox(
            _("Template"), list(TEMPLATES), key="new-template", format_func=lambda name: _title(name, reader)
        )
    )
    right.text_input(_("Name"), key=NAME, max_chars=LONGEST_NAME, placeholder="stories")
    problems: dict[str, str] = st.session_state.get(PROBLEMS, {})
    if _NAME_FIELD in problems:
        right.error(problems[_NAME_FIELD])
    required, usual = forms.required_fields(chosen), forms.usual_values(chosen)
    forms.draw(reader, FORM, chosen, required, {}, problems)
    others = [name for name in usual if name in problems]
    with st.expander(_("More parameters"), expanded=bool(others)):
        forms.draw(reader, FORM, chosen, list(usual), usual, problems)
    if "" in problems:
        st.error(problems[""])
    st.button(
        _("Make the pipeline"),
        type="primary",
        icon=":material/add:",
        key="new-make",
        on_click=_make,
        args=(chosen,),
    )
    made = st.session_state.pop(MADE, None)
    if made is not None:
        st.success(_("{name} is made: {path}").format(name=made[0], path=made[1]), icon=":material/check:")


def _title(name: str, reader: Reader) -> str:
    _ = reader.translate
    return f"{name} – {_(TEMPLATES[name].summary)}"


def _make(chosen: Template) -> None:
    """Before the page is drawn again, so that it shows what came of it."""
    reader = current_reader()
    _ = reader.translate
    name = str(st.session_state.get(NAME, "")).strip()
    usual = forms.usual_values(chosen)
    given = forms.typed(FORM, chosen, [*forms.required_fields(chosen), *usual], usual)
    problems = forms.problems_of(chosen, given)
    service = pipeline_service(open_home()[1])
    try:
        path = service.folder.file(name)
        if path.exists():
            problems[_NAME_FIELD] = _("There is a pipeline of this name already.")
        elif not problems:
            service.make(name, file_text(chosen, given), Actor(f"user:{current_user()}"))
            st.session_state[MADE] = (name, str(path))
            st.cache_data.clear()
    except TrainplatError as problem:
        problems[_NAME_FIELD] = in_language(problem.problem, _)
    st.session_state[PROBLEMS] = problems
