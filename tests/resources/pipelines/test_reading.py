"""A file says one pipeline, or each thing that is wrong with it at its place."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from resources.pipelines.catalogue import TEMPLATES
from resources.pipelines.problems import BadPipeline
from resources.pipelines.reading import read_pipeline
from resources.pipelines.specs.pretrain import PretrainSpec
from tests.resources.pipelines.texts import PRETRAIN, with_lines

WAYS = "'single', 'data_parallel', 'ddp', 'fsdp2', 'zero1', 'zero2' or 'zero3'"


def refused(text: str, path: Path | None = None) -> BadPipeline:
    with pytest.raises(BadPipeline) as found:
        read_pipeline("wine", text, path)
    return found.value


def said(text: str) -> list[str]:
    return [one.message for one in refused(text).problems]


def test_a_file_says_its_parameters_and_leaves_the_others_as_they_usually_are() -> None:
    spec = read_pipeline("wine", PRETRAIN).spec
    assert isinstance(spec, PretrainSpec)
    assert (spec.task, spec.steps, spec.learning_rate, spec.gpu) == ("table", 20, 1e-3, 1)


def test_json_says_the_same_as_yaml() -> None:
    in_json = json.dumps(yaml.safe_load(PRETRAIN))
    assert read_pipeline("wine", in_json).content_hash == read_pipeline("wine", PRETRAIN).content_hash


def test_a_change_of_a_value_is_another_version_and_a_comment_is_not() -> None:
    first = read_pipeline("wine", PRETRAIN).content_hash
    assert read_pipeline("wine", "# ours\n" + PRETRAIN).content_hash == first
    assert read_pipeline("wine", with_lines("seeds: [0]")).content_hash == first
    assert read_pipeline("wine", with_lines("seeds: [1]")).content_hash != first


def test_an_error_shows_file_line_column_and_a_caret_below_the_value() -> None:
    problem = refused(with_lines("seeds: [1, -2]"), Path("pipelines/wine/defs.yaml"))
    assert problem.problem == (
        "pipelines/wine/defs.yaml:6:14: seeds.1 is -2; expected a number greater than or equal to 0\n"
        "    6 |   seeds: [1, -2]\n"
        "      |              ^^"
    )
    assert "trainplat pipeline schema pretrain" in problem.next_step


def test_all_mistakes_are_told_at_once_from_top_to_bottom() -> None:
    found = refused(with_lines("learning_rate: fast", "batchsize: 3", "gpu: 2(V10")).problems
    assert [(one.span.line, one.field) for one in found] == [
        (6, "learning_rate"),
        (7, "batchsize"),
        (8, "gpu"),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("steps: 21", "steps is said twice; expected once"),
        ("accumulation: some", 'accumulation is "some"; expected a whole number'),
        ("compile: 3", "compile is 3; expected a valid boolean"),
        ("retries: true", "retries is true; expected a whole number"),
        ("batchsize: 3", "batchsize is no parameter of template pretrain; is batch_size meant?"),
        ("owner: me", 'owner is "me"; expected team:NAME, or an address of e-mail'),
        ("parallel: ddpp", f'parallel is "ddpp"; expected {WAYS}'),
        ("gpu: [1]", "gpu is [1]; expected a number or a text"),
        ("gpu: true", "gpu: True says neither how many devices nor which"),
        ("seeds: [1, 1]", "seeds are [1, 1]; expected each once"),
    ],
)
def test_a_value_is_named_with_what_was_expected(line: str, sentence: str) -> None:
    assert said(with_lines(line)) == [sentence]


@pytest.mark.parametrize(
    ("line", "named"),
    [("gpu: 2(V10", "2(V10"), ("memory: lots", "lots"), ("gpu: 8X", "8X")],
)
def test_requests_are_read_as_the_arbiter_reads_them(line: str, named: str) -> None:
    assert named in said(with_lines(line))[0]


def test_what_does_not_fit_together_is_shown_at_the_field_that_can_be_changed() -> None:
    (problem,) = refused(with_lines("parallel: ddp", "gpu: 3")).problems
    assert problem.field == "batch_size"
    assert problem.span.line == 5
    assert "cannot be divided among 3 processes" in problem.message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty; expected type and attributes"),
        ("# nothing\n", "the file is empty; expected type and attributes"),
        ("[1]", "the file is a list; expected type and attributes"),
        ("a: [", "this is no YAML: while parsing a flow node"),
        ("a: \x07", "this is no YAML"),
        (PRETRAIN + "---\n" + PRETRAIN, "a second document begins here; expected one pipeline in each file"),
        (PRETRAIN + "more: 1\n", "more is nothing that a pipeline has"),
        (PRETRAIN.replace("Pretrain", "Pretain"), "expected trainplat_assets.templates.Pretrain, perhaps"),
        ("attributes: {}", "type is missing; expected one of trainplat_assets.templates.Pretrain,"),
        ("type: trainplat_assets.templates.Pretrain", "task is missing"),
        ("type: trainplat_assets.templates.Pretrain\nattributes: [1]", "pretrain is [1]; expected an object"),
    ],
)
def test_what_is_no_pipeline_says_why(text: str, sentence: str) -> None:
    assert sentence in refused(text).problem


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted({name for one in TEMPLATES.values() for name in one.spec.model_fields})


@given(
    st.sampled_from(sorted(TEMPLATES)),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    st.booleans(),
)
def test_whatever_a_file_says_is_a_pipeline_or_is_refused_inside_the_file(
    template: str, attributes: dict[str, object], as_json: bool
) -> None:
    document = {"type": TEMPLATES[template].type, "attributes": attributes}
    text = json.dumps(document) if as_json else yaml.safe_dump(document, allow_unicode=True)
    try:
        read_pipeline("any", text)
    except BadPipeline as problem:
        lines = text.splitlines()
        for one in problem.problems:
            assert 1 <= one.span.line <= len(lines)
            assert 1 <= one.span.column <= len(lines[one.span.line - 1]) + 1
            assert one.message


def test_each_setting_that_its_task_does_not_have_or_take_is_shown_at_its_place() -> None:
    found = refused(with_lines("settings: {hops: 3, layers: many}")).problems
    assert [(one.field, one.span.line, one.span.column) for one in found] == [
        ("settings.hops", 6, 20),
        ("settings.layers", 6, 31),
    ]
    assert "the task table has no hops; it has" in found[0].message
    below = refused(with_lines("settings: {layers: -1, width: -3}")).problems
    assert [(one.field, one.span.column) for one in below] == [
        ("settings.layers", 22),
        ("settings.width", 33),
    ]
