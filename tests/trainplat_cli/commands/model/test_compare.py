"""``trainplat model compare``: many models beside one, for people, spreadsheets, texts and machines."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.many_models import ManyModels, fill
from resources.home import Home
from resources.registry import store
from resources.terms import DatasetName
from tests.trainplat_cli.commands.model.test_model import run, told

FEW = ManyModels(count=24, test_count=60)


@pytest.fixture(autouse=True)
def home(trainplat_home: Path, sqlite_at_head: Path) -> Home:
    """Twenty-four measured models."""
    home = Home(trainplat_home)
    fill(home, FEW)
    return home


def test_the_newest_stand_beside_the_champion_and_the_rest_is_counted() -> None:
    shown = run("compare", "digits").stdout
    champion = told("compare", "digits")["baseline"]
    assert f"digits: 24 models against {champion}, on 60 test samples" in shown
    assert "4 more; narrow them with --where, or take all with --csv." in shown
    assert shown.splitlines()[2].startswith("24 ")


def test_words_and_numbers_narrow_and_a_metric_orders(home: Home) -> None:
    found = told("compare", "digits", "3", "9", "12", "--against", "digits:3", "--metric", "size_bytes")
    assert found["baseline"] == 3
    sizes = [one["size_bytes"] for one in found["models"]]
    assert sizes == sorted(sizes)
    assert {one["number"] for one in found["models"]} == {3, 9, 12}
    assert all(one["difference"]["count"] == 60 for one in found["models"])
    ewc = told("compare", "digits", "--where", "method=ewc")["models"]
    assert {one["params"]["method"] for one in ewc} == {"ewc"}


def test_files_have_all_of_them() -> None:
    rows = list(csv.DictReader(io.StringIO(run("compare", "digits", "--csv").stdout)))
    assert len(rows) == 24
    assert all(row["difference_low"] for row in rows)
    lines = run("compare", "digits", "--markdown").stdout.splitlines()
    assert len(lines) == 26


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("digits", "77"), 4, "digits 77 was never measured"),
        (("digitz",), 4, "digitz"),
        (("digits", "--against", "digits:77"), 4, "77"),
        (("digits", "--csv", "--json"), 2, "exclude each other"),
        (("digits", "seven"), 2, "seven"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments: tuple[str, ...], code: int, said: str) -> None:
    refused = run("compare", *arguments)
    assert refused.exit_code == code
    assert said in refused.stderr


def test_a_model_of_another_data_set_is_no_baseline(home: Home) -> None:
    with home.database().write() as connection:
        other = store.models_of(connection, DatasetName("digits"))[0]
        store.put_model(connection, replace(other, dataset=DatasetName("pets"), weights_sha256="ab" * 32))
    refused = run("compare", "digits", "--against", f"pets:{other.number}")
    assert (refused.exit_code, "is no model of digits" in refused.stderr) == (2, True)
