"""``trainplat pipeline``: made, listed, shown, checked, looked at before they run."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from resources.database.audit import recent
from resources.home import Home
from resources.pipelines.catalogue import TEMPLATES
from resources.pipelines.folder import PIPELINES_VARIABLE
from resources.users import current_user
from tests.servers.graphql import answering
from trainplat_cli.main import main


@pytest.fixture(autouse=True)
def pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PIPELINES_VARIABLE, str(tmp_path / "pipelines"))
    return tmp_path / "pipelines"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["pipeline", *arguments])


def new(name: str, *given: str) -> Result:
    settings = [part for one in given for part in ("--set", one)]
    return run("new", "pretrain", name, "--set", "task=table", *settings)


def test_a_new_pipeline_is_a_file_that_says_what_was_set(pipelines: Path) -> None:
    made = new("wine", "steps=20", "settings={layers: 1}", "title=12")
    assert made.exit_code == 0, made.output
    document = yaml.safe_load((pipelines / "wine/defs.yaml").read_text())
    assert document == {
        "type": "trainplat_assets.templates.Pretrain",
        "attributes": {"title": "12", "task": "table", "settings": {"layers": 1}, "steps": 20},
    }
    row = recent(Home.from_environment().database(), 1)[0]
    assert (row.actor, row.action, row.subject) == (
        f"user:{current_user()}",
        "pipelines.version",
        "wine:1",
    )


def test_a_value_that_cannot_be_is_shown_at_its_place_and_nothing_is_written(pipelines: Path) -> None:
    told = new("wine", "steps=many")
    assert told.exit_code == 2
    assert 'as its file would be:4:10: steps is "many"; expected a whole number' in told.output
    assert "          ^^^^" in told.output
    assert not pipelines.exists()


def test_a_pipeline_is_written_over_by_force_only_and_is_a_new_version_then() -> None:
    assert new("wine").exit_code == 0
    assert new("wine", "steps=5").exit_code == 5
    forced = run("new", "pretrain", "wine", "--set", "task=text", "--force", "--json")
    assert json.loads(forced.stdout)["version"] == 2
    shown = json.loads(run("show", "wine", "--json").stdout)
    assert [one["number"] for one in shown["versions"]] == [1, 2]
    assert (shown["version"], shown["parameters"]["task"]) == (2, "text")


def test_a_file_in_json_can_be_begun_with(tmp_path: Path) -> None:
    source = tmp_path / "wine.json"
    source.write_text(
        json.dumps({"type": "trainplat_assets.templates.Pretrain", "attributes": {"task": "table"}})
    )
    assert run("new", "pretrain", "wine", "--from", str(source)).exit_code == 0
    assert run("new", "pretrain", "more", "--from", str(source), "--set", "steps=7").exit_code == 0
    shown = json.loads(run("show", "more", "--json").stdout)
    assert (shown["parameters"]["steps"], shown["parameters"]["task"]) == (7, "table")


def test_what_is_wrong_in_a_file_that_is_begun_with_is_shown_in_that_file(
    tmp_path: Path, pipelines: Path
) -> None:
    source = tmp_path / "wine.yaml"
    source.write_text("type: trainplat_assets.templates.Pretrain\nattributes: {task: table, steps: 0}\n")
    told = run("new", "pretrain", "wine", "--from", str(source))
    assert told.exit_code == 2
    assert f"{source}:2:34: steps is 0" in told.output
    assert str(pipelines) not in told.output


def test_files_that_are_none_of_text_or_not_there_are_named(tmp_path: Path, pipelines: Path) -> None:
    source = tmp_path / "wine.yaml"
    source.write_bytes(b"type: \xff\xfe")
    for arguments in (["new", "pretrain", "wine", "--from", str(source)], ["check", str(source)]):
        told = run(*arguments)
        assert (told.exit_code, f"{source}:1:1: byte 6 is no text in UTF-8" in told.output) == (2, True)
    missing = run("check", str(tmp_path / "nosuch.yaml"))
    assert missing.exit_code == 4
    assert f"there is no file {tmp_path}/nosuch.yaml" in missing.output
    assert "TRAINPLAT_HOME" not in missing.output
    assert not pipelines.exists()


def test_a_broken_file_is_listed_beside_the_others(pipelines: Path) -> None:
    assert "There is no pipeline yet" in run("list").stdout
    new("wine", "owner=team:vision", "title=Red or white")
    (pipelines / "beer").mkdir()
    (pipelines / "beer/defs.yaml").write_text("type: none\n")
    told = run("list").stdout
    assert all(word in told for word in ("wine", "team:vision", "Red or white", "beer", "broken"))
    beer, wine = json.loads(run("list", "--json").stdout)["pipelines"]
    assert (beer["state"], wine["state"], wine["version"]) == ("broken", None, 1)
    assert run("show", "beer").exit_code == 2
    assert run("show", "cider").exit_code == 4


def test_a_change_by_an_editor_is_the_next_version(pipelines: Path) -> None:
    new("wine")
    path = pipelines / "wine/defs.yaml"
    path.write_text(path.read_text() + "  steps: 3\n")
    (wine,) = json.loads(run("list", "--json").stdout)["pipelines"]
    assert (wine["version"], wine["is_numbered"]) == (2, False)


def test_each_template_tells_its_parameters() -> None:
    assert all(name in run("schema").stdout for name in TEMPLATES)
    for name in TEMPLATES:
        told = json.loads(run("schema", name, "--json").stdout)
        assert all(one.get("description") for one in told["properties"].values()), name
    assert "The pipeline whose model it starts from" in run("schema", "finetune").stdout
    assert run("schema", "nonsense").exit_code == 4


@pytest.mark.slow
def test_a_check_reads_the_settings_of_a_task_too(pipelines: Path) -> None:
    new("wine")
    assert "1 pipeline is as it should be." in run("check").stdout
    refused = new("beer", "settings={hops: 3}")
    assert (refused.exit_code, "has no hops" in refused.output) == (2, True)
    assert not (pipelines / "beer").exists()
    new("beer", "settings={layers: 1}")
    file = pipelines / "beer/defs.yaml"
    file.write_text(file.read_text().replace("layers: 1", "hops: 3"))
    told = run("check", "wine", "beer")
    assert (told.exit_code, "hops" in told.output) == (2, True)
    assert json.loads(run("check", "--json").stdout)["broken"][0]["name"] == "beer"
    assert run("check", str(pipelines / "wine/defs.yaml")).exit_code == 0


def test_a_preview_tells_which_devices_a_run_would_get() -> None:
    new("wine")
    told = json.loads(run("run", "wine", "--preview", "--json").stdout)
    assert (told["outcome"], told["devices"]) == ("granted", ["cpu:0"])
    two = json.loads(run("run", "wine", "--preview", "--json", "--set", "gpu=2").stdout)
    assert two["devices"] == ["cpu:0", "cpu:1"]
    assert "It would start at once." in run("run", "wine", "--preview").stdout


def test_a_preview_is_for_the_project_that_pays() -> None:
    new("wine", "project=vision")

    def project(*more: str) -> str:
        return str(json.loads(run("run", "wine", "--preview", "--json", *more).stdout)["project"])

    assert (project(), project("--project", "speech")) == ("vision", "speech")
    assert run("run", "wine", "--preview", "--project", "*").exit_code == 2


def test_a_preview_of_a_loop_is_of_its_trainings() -> None:
    loop = ["title=Shapes", "classes=[a, b]", "image_size_px=[8, 8]", "first_labelled=5"]
    loop += ["test_count=6", "labels_per_round=7", "project=vision"]
    made = run("new", "loop", "shapes", *(part for one in loop for part in ("--set", one)))
    assert made.exit_code == 0, made.output
    told = json.loads(run("run", "shapes", "--preview", "--json").stdout)
    assert (told["request"], told["project"], told["devices"]) == ("1", "vision", ["cpu:0"])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("seeds=[1]", "seeds of wine cannot be changed for one run"),
        ("steps=0", "steps is 0; expected a number greater than or equal to 1"),
        ("gpu=5X", "GPU request '5X'"),
        ("steps", "--set is 'steps'; expected NAME=VALUE"),
    ],
)
def test_parameters_that_a_run_cannot_have_are_refused(given: str, sentence: str) -> None:
    new("wine")
    told = run("run", "wine", "--set", given)
    assert (told.exit_code, sentence in told.output) == (2, True)


def test_a_pipeline_is_removed_once_a_person_says_so_and_its_text_stays(pipelines: Path) -> None:
    new("wine", "steps=7")
    declined = CliRunner().invoke(main, ["pipeline", "remove", "wine"], input="n\n")
    assert declined.exit_code != 0
    assert (pipelines / "wine/defs.yaml").exists()
    told = json.loads(run("remove", "wine", "--yes", "--json").stdout)
    assert told == {"name": "wine", "version": 1, "file": str(pipelines / "wine/defs.yaml"), "left": []}
    assert not (pipelines / "wine").exists()
    assert run("show", "wine").exit_code == run("remove", "wine", "--yes").exit_code == 4
    row = recent(Home.from_environment().database(), 1)[0]
    assert (row.action, row.subject, row.detail) == ("pipelines.remove", "wine", "version 1")
    assert new("wine", "steps=8").exit_code == 0
    assert len(json.loads(run("show", "wine", "--json").stdout)["versions"]) == 2


@pytest.mark.parametrize(
    ("template_name", "given"),
    [
        ("finetune", ("start_from=wine/1", "task=table")),
        ("evaluation", ("of=[wine]",)),
        ("inference", ("of=wine", "inputs=lines.jsonl")),
        ("custom", ("call=json:dumps", "after=[wine/model]")),
    ],
)
def test_a_pipeline_that_another_one_names_is_not_removed(
    template_name: str, given: tuple[str, ...], pipelines: Path
) -> None:
    new("wine")
    settings = [part for one in given for part in ("--set", one)]
    made = run("new", template_name, "user", *settings)
    assert made.exit_code == 0, made.output
    refused = run("remove", "wine", "--yes")
    assert refused.exit_code == 5
    assert "the pipeline wine is used by user" in refused.output
    assert (pipelines / "wine/defs.yaml").exists()


def test_a_broken_file_is_removed_too_and_what_lies_beside_it_stays(pipelines: Path) -> None:
    (pipelines / "odd").mkdir(parents=True)
    (pipelines / "odd/defs.yaml").write_text("type: nothing")
    (pipelines / "odd/notes.txt").write_text("mine")
    told = run("remove", "odd", "--yes")
    assert told.exit_code == 0
    assert "these stay: notes.txt" in told.stdout
    assert (pipelines / "odd/notes.txt").read_text() == "mine"


def test_a_pipeline_whose_run_is_not_done_is_not_removed(
    pipelines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new("wine")
    run_ = {"runId": "abcdef123456", "status": "QUEUED", "creationTime": 1.0, "endTime": None}
    rows = [{**run_, "tags": [], "stepStats": []}]

    def answer(_query: str, variables: dict[str, Any]) -> object:
        found = rows if "tags" in variables["filter"] else []
        return {"data": {"runsOrError": {"__typename": "Runs", "results": found}}}

    with answering(answer) as dagster:
        monkeypatch.setenv("TRAINPLAT_DAGSTER_URL", dagster)
        refused = run("remove", "wine", "--yes")
    assert refused.exit_code == 5
    assert "runs that are not done: abcdef12" in refused.output
    assert (pipelines / "wine/defs.yaml").exists()


def test_who_made_a_loop_is_not_told_to_run_it() -> None:
    given = ("title=Shapes", "classes=[a, b]", "image_size_px=[8, 8]", "first_labelled=5", "test_count=6")
    settings = [part for one in (*given, "labels_per_round=7") for part in ("--set", one)]
    made = run("new", "loop", "shapes", *settings)
    assert made.exit_code == 0, made.output
    assert "trainplat trigger shapes" in made.stdout
    assert "pipeline run" not in made.stdout
    assert run("run", "shapes").exit_code == 2


def test_what_a_pipeline_names_and_is_not_there_fails_its_check_and_its_run(pipelines: Path) -> None:
    made = run("new", "evaluation", "scores", "--set", "of=[wine]")
    assert made.exit_code == 0, made.output
    told = run("check", "scores")
    assert (told.exit_code, "defs.yaml:4:5: of.0 is 'wine', and there is no such" in told.output) == (2, True)
    assert json.loads(run("check", "--json").stdout)["broken"][0]["name"] == "scores"
    refused = run("run", "scores", "--here")
    assert refused.exit_code == 2
    assert "scores cannot be run: of.0 is 'wine'" in refused.output
    assert not Home.from_environment().dagster.exists()
    new("wine")
    assert run("check", "scores").exit_code == 0


def test_a_folder_that_is_not_there_and_files_of_other_names_are_told_of(pipelines: Path) -> None:
    for command in ("list", "check"):
        told = run(command)
        assert f"there is no folder {pipelines}, which TRAINPLAT_PIPELINES names" in told.stderr
    new("wine")
    (pipelines / "beer").mkdir()
    (pipelines / "beer/defs.json").write_text("{}")
    told = run("list", "--json")
    assert "beer/defs.json is not read: the file of a pipeline is named defs.yaml" in told.stderr
    assert [one["name"] for one in json.loads(told.stdout)["pipelines"]] == ["wine"]
