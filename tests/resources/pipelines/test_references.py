"""What a pipeline names and is not there is found before it runs, and shown at its place."""

from pathlib import Path

import pytest

from resources.learning.distributed.tasks.catalogue import SCORES, TASKS
from resources.pipelines.folder import Folder
from resources.pipelines.references import shown, unmet

TEMPLATES = "type: trainplat_assets.templates."
FILES = {
    "wine": "Pretrain\nattributes: {task: table}\n",
    "beer": "Pretrain\nattributes: {task: text, seeds: [3, 4]}\n",
    "tastes": "Evaluation\nattributes: {of: [wine]}\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name, text in FILES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "defs.yaml").write_text(TEMPLATES + text)
    return Folder(tmp_path)


def told(folder: Folder, text: str) -> str:
    made = folder.write("mine", f"{TEMPLATES}{text}\n", force=True)
    found = unmet(made, folder)
    return shown(made, found).problem if found else ""


@pytest.mark.parametrize(
    ("text", "sentence", "pointed_at"),
    [
        (
            "Finetune\nattributes: {task: table, start_from: vine}",
            "start_from is 'vine', and there is no such pipeline; there are: beer, tastes, wine",
            "vine",
        ),
        (
            "Finetune\nattributes: {task: table, start_from: tastes}",
            "of template evaluation, which makes no model",
            "tastes",
        ),
        (
            "Finetune\nattributes: {task: text, start_from: beer}",
            "beer makes no such model; it makes beer/3, beer/4",
            "beer",
        ),
        ("Finetune\nattributes: {task: table, start_from: mine}", "the pipeline itself", "mine"),
        (
            "Evaluation\nattributes: {of: [wine, wine/7]}",
            "of.1 is 'wine/7', and wine makes no such",
            "wine/7",
        ),
        (
            "Evaluation\nattributes:\n  of: [wine]\n  at_least: {acuracy: 0.9}",
            "at_least names the score 'acuracy'; the task table has accuracy",
            "acuracy",
        ),
        ("Evaluation\nattributes: {of: [wine], settings: {hops: 1}}", "the task table has no hops", "1"),
        ("Inference\nattributes: {of: cider, inputs: lines}", "of is 'cider', and there is no such", "cider"),
        ("Inference\nattributes: {of: wine, inputs: /no/such.txt}", "there is no such file", "/no/such.txt"),
        ("Custom\nattributes: {call: 'nosuch.module:fn'}", "no module nosuch.module", "'nosuch.module:fn'"),
        ("Custom\nattributes: {call: 'json:dumbs'}", "and json has no dumbs", "'json:dumbs'"),
        (
            "Custom\nattributes: {call: 'json:dumps', after: [wine/modell]}",
            "after.0 is 'wine/modell', and wine makes no such asset; it makes wine/model",
            "wine/modell",
        ),
    ],
)
def test_what_is_named_and_is_not_there_is_shown_at_its_place(
    text: str, sentence: str, pointed_at: str, folder: Folder
) -> None:
    said = told(folder, text)
    assert sentence in said
    first = said.splitlines()[:3]
    begin = first[2].index("^")
    assert first[1][begin:].startswith(pointed_at)


@pytest.mark.parametrize(
    "text",
    [
        "Finetune\nattributes: {task: text, start_from: beer/4}",
        "Evaluation\nattributes: {of: [wine, beer/3], at_most: {}}",
        "Evaluation\nattributes: {of: [beer/3], at_most: {held_out_loss: 2}}",
        "Inference\nattributes: {of: wine, inputs: lines-of-another-place}",
        "Custom\nattributes: {call: 'json:dumps', after: [wine/model, digits/model]}",
        "Custom\nattributes: {call: 'math:sqrt'}",
    ],
)
def test_what_is_there_or_cannot_be_known_is_not_complained_of(text: str, folder: Folder) -> None:
    assert told(folder, text) == ""


def test_all_that_is_missing_is_shown_at_once(folder: Folder) -> None:
    said = told(folder, "Evaluation\nattributes: {of: [ale, wine/7, wine], at_most: {los: 1}}")
    assert all(one in said for one in ("'ale'", "'wine/7'", "'los'"))


def test_a_model_of_a_broken_file_is_told_of_with_that_file_only(folder: Folder) -> None:
    (folder.path / "wine/defs.yaml").write_text("nonsense")
    assert told(folder, "Evaluation\nattributes: {of: [wine]}") == ""


def test_every_task_says_what_it_measures() -> None:
    assert set(SCORES) == set(TASKS)
