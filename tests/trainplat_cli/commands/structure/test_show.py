"""``trainplat structure``: what was measured, and limits that cannot be."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from resources.home import Home
from resources.learning.structure.kept import Searches
from resources.learning.structure.search import Limits, Search
from tests.resources.data.shapes import ACTOR, SHAPES, service
from tests.resources.learning.structure.test_search import problem
from trainplat_assets.datasets import DIGITS
from trainplat_cli.main import main


def structure(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["structure", *arguments], env={"COLUMNS": "200"})


def test_the_newest_search_is_shown_with_its_front_and_what_it_chose(trainplat_home: Path) -> None:
    service(trainplat_home).plan_first(SHAPES, ACTOR)
    missing = structure("show", "shapes")
    assert missing.exit_code == 4
    assert "no structure search of shapes has measured anything yet" in missing.stderr
    assert json.loads(structure("show", "shapes", "--json").stdout) == {"searches": []}
    storage = Searches(Home(trainplat_home)).storage(SHAPES.name)
    outcome = Search(problem(), storage, "shapes-v1.0-1", Limits(1.0, most_trials=2)).run()
    [told] = json.loads(structure("show", "shapes", "--json").stdout)["searches"]
    assert (told["search"], told["pruned"]) == ("shapes-v1.0-1", outcome.pruned)
    assert [one["trial"] for one in told["measured"]] == [one.number for one in outcome.measured]
    assert told["measured"][0]["is_champions"]
    shown = structure("show", "shapes").stdout
    assert "2 channels, 0 blocks, from nothing, 2 epochs" in shown
    assert "champion's" in shown


def test_a_search_without_budget_is_refused_before_it_starts(trainplat_home: Path) -> None:
    refused = structure("search", "digits", "--budget-gpu-h", "0")
    assert refused.exit_code == 2
    assert "budget_gpu_h of a search is 0.0; expected more than 0" in refused.stderr


def test_a_data_set_that_is_not_there_is_told_of_and_nothing_is_started(trainplat_home: Path) -> None:
    for arguments in (["show", "cats"], ["show", "cats", "--json"]):
        told = structure(*arguments)
        assert (told.exit_code, "has no data set cats with a version" in told.stderr) == (4, True)
    told = structure("search", "cats")
    assert told.exit_code == 4
    assert "there is no declared data set 'cats'; expected one of" in told.stderr
    assert not Home(trainplat_home).dagster.exists()


def test_a_search_without_a_champion_is_refused_before_it_starts(trainplat_home: Path) -> None:
    service(trainplat_home).plan_first(DIGITS, ACTOR)
    refused = structure("search", "digits")
    assert refused.exit_code == 4
    assert "digits has no champion yet to search around" in refused.stderr
    assert "Run digits_round for partition v1.0 first" in refused.stderr
    assert not Home(trainplat_home).dagster.exists()
