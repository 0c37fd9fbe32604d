from pathlib import Path

import pytest

from resources.errors import BadInput, Conflict, NotFound
from resources.registry import store
from resources.serving.references import ModelReference, ReferenceService, parse_reference
from resources.terms import DatasetName
from tests.resources.serving.examples import ACTOR, NAME, deployments, model

DIGEST = model(3).weights_sha256


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("digits", ModelReference(NAME, "champion")),
        (" digits:challenger ", ModelReference(NAME, "challenger")),
        ("digits:v1.3", ModelReference(NAME, "v1.3")),
        ("digits:7+int8", ModelReference(NAME, "7", "int8")),
        ("digits+bf16", ModelReference(NAME, "champion", "bf16")),
    ],
)
def test_a_reference_is_a_name_a_tag_and_a_variant(text: str, reference: ModelReference) -> None:
    assert parse_reference(text) == reference
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize("text", ["", ":7", "digits:", "digits:a b", "digits:7:8", "digits:-x"])
def test_what_is_no_reference_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(BadInput, match=r"name\[:tag\]"):
        parse_reference(text)


@pytest.mark.parametrize("text", ["../x", "digits/7", "c++:7", "a'b", 'a"b', ".x", "x" * 101, "a\nb", "a\\b"])
def test_a_name_that_cannot_be_asked_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(BadInput, match="a model cannot be asked by the name") as refused:
        parse_reference(text)
    assert "rename_registered_model" in refused.value.next_step


@pytest.mark.parametrize("text", ["Digits", "Fraud-Detector v2", "模型", "a.b", "x" * 100])
def test_names_of_mlflow_are_names(text: str) -> None:
    assert parse_reference(f"{text}:7") == ModelReference(DatasetName(text), "7")


@pytest.mark.parametrize("text", ["digits+", "digits:7+fp4", "digits:7+int8+bf16"])
def test_a_variant_that_is_unknown_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(BadInput, match="bf16 or int8"):
        parse_reference(text)


@pytest.fixture
def references(trainplat_home: Path, sqlite_at_head: Path) -> ReferenceService:
    return deployments(trainplat_home, at_head=sqlite_at_head).references


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("digits", 5),
        ("digits:challenger", 5),
        ("digits:2", 2),
        ("digits:v1.2", 3),
        (f"digits:{DIGEST[:6]}", 3),
        (f"digits:{DIGEST}", 3),
    ],
)
def test_a_model_is_found_by_tag_number_version_and_digest(
    references: ReferenceService, text: str, number: int
) -> None:
    assert references.resolve(parse_reference(text)).number == number


def test_a_tag_that_people_give_stands_for_a_model_until_it_is_moved_or_taken_away(
    references: ReferenceService,
) -> None:
    for number in (2, 2, 4):
        references.tag(model(number), "best-so-far", ACTOR)
        assert references.resolve(parse_reference("digits:best-so-far")).number == number
    references.untag(NAME, "best-so-far", ACTOR)
    with pytest.raises(NotFound, match="no version or tag 'best-so-far'"):
        references.resolve(parse_reference("digits:best-so-far"))
    with pytest.raises(NotFound, match="no tag best-so-far"):
        references.untag(NAME, "best-so-far", ACTOR)


@pytest.mark.parametrize("tag", ["7", "v1.2", "abc123", "champion", "candidate", "two words", ""])
def test_a_tag_that_would_read_as_something_else_is_refused(references: ReferenceService, tag: str) -> None:
    with pytest.raises(BadInput, match="tag"):
        references.tag(model(2), tag, ACTOR)


@pytest.mark.parametrize(
    ("text", "near"),
    [("digts", "digits"), ("digits:champoin", "champion"), ("digits:v1.77", "v1.4"), ("digits:17", "1")],
)
def test_what_is_not_found_names_what_is_near(references: ReferenceService, text: str, near: str) -> None:
    with pytest.raises(NotFound) as lost:
        references.resolve(parse_reference(text))
    assert near in lost.value.problem


def test_without_any_model_the_next_step_is_to_train_one(trainplat_home: Path) -> None:
    empty = deployments(trainplat_home, ()).references
    with pytest.raises(NotFound, match="trainplat demo"):
        empty.resolve(ModelReference(DatasetName("digits")))


def test_a_digest_that_two_models_begin_with_is_refused(references: ReferenceService) -> None:
    twins = [(model(8), "abcdef0" + "1" * 57), (model(9), "abcdef0" + "2" * 57)]
    with references.database.write() as connection:
        for one, digest in twins:
            store.put_model(connection, type(one)(**(one.__dict__ | {"weights_sha256": digest})))
    with pytest.raises(Conflict, match="2 models whose digest begins with abcdef0"):
        references.resolve(parse_reference("digits:abcdef0"))
    assert references.resolve(parse_reference("digits:abcdef02")).number == 9
