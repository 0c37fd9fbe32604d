"""``trainplat structure``: what was measured, and limits that cannot be."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from resources.home import Home
from resources.learning.structure.kept import Searches
from resources.learning.structure.search import Limits, Search
from resources.terms import DatasetName
from tests.resources.learning.structure.test_search import problem
from trainplat_cli.main import main


def structure(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["structure", *arguments], env={"COLUMNS": "200"})


def test_the_newest_search_is_shown_with_its_front_and_what_it_chose(trainplat_home: Path) -> None:
    missing = structure("show", "bars")
    assert missing.exit_code == 4
    assert "no structure search of bars has measured anything yet" in missing.stderr
    assert json.loads(structure("show", "bars", "--json").stdout) == {"searches": []}
    storage = Searches(Home(trainplat_home)).storage(DatasetName("bars"))
    outcome = Search(problem(), storage, "bars-v1.0-1", Limits(1.0, most_trials=2)).run()
    [told] = json.loads(structure("show", "bars", "--json").stdout)["searches"]
    assert (told["search"], told["pruned"]) == ("bars-v1.0-1", outcome.pruned)
    assert [one["trial"] for one in told["measured"]] == [one.number for one in outcome.measured]
    assert told["measured"][0]["is_champions"]
    shown = structure("show", "bars").stdout
    assert "2 channels, 0 blocks, from nothing, 2 epochs" in shown
    assert "champion's" in shown


def test_a_search_without_budget_is_refused_before_it_starts(trainplat_home: Path) -> None:
    refused = structure("search", "digits", "--budget-gpu-h", "0")
    assert refused.exit_code == 2
    assert "budget_gpu_h of a search is 0.0; expected more than 0" in refused.stderr
