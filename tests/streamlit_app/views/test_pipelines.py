"""The page Pipelines: what is listed, forms from schemas, previews, and what is said where it cannot be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from streamlit.testing.v1 import AppTest

from resources.home import Home
from resources.pipelines.folder import PIPELINES_VARIABLE, Folder
from resources.pipelines.service import PipelineService
from resources.terms import Actor
from tests.resources.pipelines.texts import PRETRAIN, with_lines
from tests.servers.graphql import answering
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
WORKSPACE = {"__typename": "WorkspaceLocationEntry"}


@pytest.fixture
def folder(filled_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv(PIPELINES_VARIABLE, str(tmp_path / "pipelines"))
    return Folder(tmp_path / "pipelines")


def make(folder: Folder, home: Home, name: str = "wine", text: str = PRETRAIN) -> None:
    PipelineService(folder, home.database()).make(name, text, Actor("user:ann"), force=True)


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def widget(app: AppTest, key: str) -> Any:
    kinds = (app.text_input, app.number_input, app.selectbox, app.checkbox, app.text_area)
    return next(one for kind in kinds for one in kind if one.key == key)


def test_without_a_pipeline_the_page_says_how_to_make_one(open_page: OpenPage, folder: Folder) -> None:
    shown = words(open_page("pipelines"))
    assert "There is no pipeline yet" in shown
    assert "trainplat pipeline new pretrain" in shown


def test_each_pipeline_is_listed_and_a_broken_one_is_no_harm(
    open_page: OpenPage, folder: Folder, filled_home: Home
) -> None:
    make(folder, filled_home, text=with_lines("owner: team:vision", "title: Red or white"))
    make(folder, filled_home, text=with_lines("owner: team:vision", "title: Red, white"))
    folder.file("beer").parent.mkdir()
    folder.file("beer").write_text("type: none\n")
    app = open_page("pipelines")
    shown = words(app)
    assert all(word in shown for word in ("wine", "Red, white", "team:vision", "pretrain", "not known"))
    assert "broken" in shown
    assert "The file of this pipeline cannot be read." in shown  # beer, which comes first
    assert "type is 'none'" in shown


def test_a_pipeline_is_made_from_the_form_of_its_template(open_page: OpenPage, folder: Folder) -> None:
    app = open_page("pipelines")
    widget(app, "new-name").set_value("wine")
    widget(app, "new-pretrain-task").set_value("table")
    widget(app, "new-pretrain-steps").set_value(20)
    widget(app, "new-pretrain-settings").set_value("{layers: 1}")
    press(app, "new-make")
    assert any("wine is made" in one.value for one in app.success)
    document = yaml.safe_load(folder.file("wine").read_text())
    assert document["attributes"] == {"task": "table", "settings": {"layers": 1}, "steps": 20}


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(open_page: OpenPage, folder: Folder) -> None:
    app = open_page("pipelines")
    widget(app, "new-name").set_value("Wine")
    widget(app, "new-pretrain-steps").set_value(0)
    widget(app, "new-pretrain-gpu").set_value("2(V10")
    press(app, "new-make")
    errors = [one.value for one in app.error]
    assert any("pipeline name 'Wine'" in one for one in errors)
    assert "steps is 0; expected a number greater than or equal to 1" in errors
    assert any("GPU request '2(V10'" in one for one in errors)
    assert folder.names() == ()


@pytest.mark.slow
def test_a_name_that_is_taken_is_refused(open_page: OpenPage, folder: Folder, filled_home: Home) -> None:
    make(folder, filled_home)
    app = open_page("pipelines")
    widget(app, "new-name").set_value("wine")
    press(app, "new-make")
    assert "There is a pipeline of this name already." in [one.value for one in app.error]
    assert folder.read("wine").text == PRETRAIN


@pytest.mark.slow
def test_other_templates_ask_for_what_they_must_have(open_page: OpenPage, folder: Folder) -> None:
    app = open_page("pipelines")
    widget(app, "new-template").set_value("inference").run()
    widget(app, "new-name").set_value("answers")
    press(app, "new-make")
    errors = [one.value for one in app.error]
    assert "of is missing; a pipeline of template inference must have it" in errors
    assert "inputs is missing; a pipeline of template inference must have it" in errors


@pytest.mark.parametrize("task", ["table", "trainplat_assets.examples.waves.task:Waves"])
def test_a_form_begins_with_the_task_of_the_file_also_where_it_is_ones_own(
    task: str, open_page: OpenPage, folder: Folder, filled_home: Home
) -> None:
    make(folder, filled_home, text=PRETRAIN.replace("task: table", f"task: {task}"))
    app = open_page("pipelines").run()
    assert widget(app, f"run-wine-{folder.read('wine').content_hash}-pretrain-task").value == task
    assert "Otherwise than the file" not in words(app)


def test_a_preview_shows_the_devices_that_a_run_would_get(
    open_page: OpenPage, folder: Folder, filled_home: Home
) -> None:
    make(folder, filled_home, text=with_lines("gpu: 3"))
    app = open_page("pipelines")
    shown = words(press(app, "run-preview"))
    assert "It would be refused:" in shown, "the machine has two"
    pipeline = folder.read("wine")
    widget(app, f"run-wine-{pipeline.content_hash}-pretrain-gpu").set_value("1").run()
    assert "Otherwise than the file: gpu = 1" in words(app)
    shown = words(press(app, "run-preview"))
    assert "Because" in shown
    widget(app, f"run-wine-{pipeline.content_hash}-project").set_value("vision").run()
    assert "Otherwise than the file: gpu = 1, project = vision" in words(app)
    assert app.button(key="run-start").disabled, "Dagster does not run"
    assert "Dagster is not running here" in shown


@pytest.mark.slow
def test_a_parameter_of_a_run_is_checked_while_it_is_typed(
    open_page: OpenPage, folder: Folder, filled_home: Home
) -> None:
    make(folder, filled_home)
    app = open_page("pipelines")
    key = f"run-wine-{folder.read('wine').content_hash}-pretrain-steps"
    widget(app, key).set_value(0).run()
    assert "steps is 0; expected a number greater than or equal to 1" in [one.value for one in app.error]
    assert app.button(key="run-preview").disabled


@pytest.mark.slow
def test_the_page_speaks_chinese(open_page: OpenPage, folder: Folder, filled_home: Home) -> None:
    make(folder, filled_home)
    app = open_page("pipelines", locale="zh-CN")
    assert app.title[0].value == "流水线"
    assert "从零训练一个模型" in str([one.options for one in app.selectbox])


def test_a_pipeline_is_removed_once_somebody_says_that_it_is_meant(
    open_page: OpenPage, folder: Folder, filled_home: Home
) -> None:
    make(folder, filled_home)
    make(folder, filled_home, "tuned", PRETRAIN.replace("Pretrain", "Finetune") + "  start_from: wine\n")
    app = open_page("pipelines", pipeline="wine")
    assert app.button(key="remove").disabled
    widget(app, "remove-sure-wine").check().run()
    press(app, "remove")
    assert any("the pipeline wine is used by tuned" in one.value for one in app.error)
    assert folder.names() == ("tuned", "wine")
    widget(app, "pipeline").select("tuned").run()
    widget(app, "remove-sure-tuned").check().run()
    press(app, "remove")
    assert any(one.value == "tuned is removed." for one in app.success)
    assert folder.names() == ("wine",)
    assert widget(app, "pipeline").value == "wine"


def test_one_that_is_removed_where_dagster_cannot_load_anew_is_told_so(
    open_page: OpenPage, folder: Folder, filled_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(query: str, variables: dict[str, Any]) -> object:
        if "reload" in query:
            entry = {"__typename": "PythonError", "message": "no such module"}
            return {"data": {"reloadRepositoryLocation": {**WORKSPACE, "locationOrLoadError": entry}}}
        empty = {"__typename": "Runs", "results": []}
        places = [name.replace("f", "r") for name in variables if name != "filter"]
        return {"data": {"runsOrError": empty, **dict.fromkeys(places, empty)}}

    make(folder, filled_home)
    with answering(answer) as dagster:
        monkeypatch.setenv("TRAINPLAT_DAGSTER_URL", dagster)
        app = open_page("pipelines", pipeline="wine")
        widget(app, "remove-sure-wine").check().run()
        press(app, "remove")
    assert any(one.value == "wine is removed." for one in app.success)
    assert any("Dagster shows it until its code location is loaded anew" in one.value for one in app.warning)
    assert not app.error
    assert folder.names() == ()
