"""A run may have parameters of its own: what makes the graph may not change, the rest is checked."""

import json

import pytest

from resources.errors import BadInput
from resources.pipelines.parameters import run_config, run_fields, run_tags, with_parameters
from resources.pipelines.reading import read_pipeline
from resources.pipelines.specs.training import TrainingSpec
from resources.pipelines.steps import step_names
from resources.pipelines.writing import file_text, value_of
from tests.resources.pipelines.texts import PRETRAIN, with_lines

WINE = read_pipeline("wine", PRETRAIN)
TWO = read_pipeline("wines", with_lines("seeds: [3, 5]", "gpu: 2", "priority: 4"))


def test_a_run_has_what_it_was_given_and_else_what_the_file_says() -> None:
    spec = with_parameters(WINE, {"steps": 7})
    assert isinstance(spec, TrainingSpec)
    assert (spec.steps, spec.batch_size) == (7, 16)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"seeds": [1]}, "seeds of wine cannot be changed for one run"),
        ({"owner": "team:x"}, "owner of wine cannot be changed"),
        ({"steps": 0}, "steps is 0"),
        ({"hops": 1}, "hops is no parameter of template pretrain"),
        ({"parallel": "ddp", "gpu": 3}, "batch_size 16 cannot be divided among 3 processes"),
    ],
)
def test_what_cannot_be_is_refused_by_name(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        with_parameters(WINE, given)


def test_parameters_go_to_each_step_and_what_is_asked_of_the_arbiter_to_the_run() -> None:
    given = {"steps": 7, "gpu": 1, "priority": 0, "memory": "4G", "preemptible": False, "project": "speech"}
    said = json.dumps({"steps": 7})
    assert run_config(TWO, given) == {
        "ops": {
            "wines__seed_3": {"config": {"parameters": said}},
            "wines__seed_5": {"config": {"parameters": said}},
        }
    }
    tags = run_tags(TWO, given)
    assert (tags["trainplat/gpu"], tags["trainplat/memory"]) == ("1", "4G")
    assert tags["trainplat/project"] == "speech"
    assert (tags["trainplat/priority"], tags["trainplat/preemptible"]) == ("0", "false")


def test_a_run_as_the_file_says_tells_dagster_nothing() -> None:
    assert (run_config(WINE, {}), run_tags(WINE, {})) == ({}, {})


def test_steps_are_named_after_seeds_models_and_parts() -> None:
    def steps(template: str, attributes: str) -> tuple[str, ...]:
        text = f"type: trainplat_assets.templates.{template}\nattributes: {attributes}"
        return step_names(read_pipeline("any", text))

    assert (step_names(WINE), step_names(TWO)) == (("model",), ("seed_3", "seed_5"))
    assert steps("Evaluation", "{of: [wine, wines/3]}") == ("wine", "wines_seed_3")
    assert steps("Inference", "{of: wine, inputs: a.txt, parts: 2}") == ("part_0", "part_1")
    assert steps("Custom", "{call: 'math:gcd'}") == ("result",)


def test_a_loop_has_no_parameters_for_one_run() -> None:
    loop = read_pipeline(
        "shapes",
        "type: trainplat_assets.templates.Loop\nattributes: {title: Shapes, classes: [a, b], "
        "image_size_px: [8, 8], first_labelled: 5, test_count: 5, labels_per_round: 5}",
    )
    assert run_fields(loop) == ()
    assert loop.job == "shapes_round"


def test_typed_values_are_numbers_where_the_parameter_is_no_text() -> None:
    template = WINE.template
    assert value_of(template, "steps", "20") == 20
    assert value_of(template, "title", "20") == "20"
    assert value_of(template, "gpu", "2(V100)") == "2(V100)"
    assert value_of(template, "settings", "{layers: 1}") == {"layers": 1}
    assert value_of(template, "title", "a: [") == "a: ["
    text = file_text(template, {"steps": 20, "task": "table"})
    assert (
        read_pipeline("wine", text).spec
        == read_pipeline("wine", PRETRAIN.replace("  batch_size: 16\n", "")).spec
    )
