from dataclasses import replace

from resources.home import Home
from resources.terms import VersionKey
from streamlit_app.readings.history import read_datasets, read_history
from tests.streamlit_app.data_home import SET


def test_a_version_on_a_branch_is_called_by_its_user(letters: Home) -> None:
    history = read_history(letters, letters.database(), SET)
    assert [history.short(one.key) for one in history.versions] == ["v1.0", "v1.1", "ben@1"]
    assert history.short(VersionKey("other@1")) == "other@1"
    assert read_datasets(letters, letters.database()) == (SET,)
    assert [history.is_open_head(one) for one in history.versions] == [False, False, True]


def test_a_user_with_several_branches_has_a_name_for_each(letters: Home) -> None:
    history = read_history(letters, letters.database(), SET)
    (one,) = history.branches
    bases = VersionKey("v1.0"), VersionKey("v1.1")
    more = [replace(one, name=f"other{at}", base=base) for at, base in enumerate(bases)]
    told = replace(history, branches=(one, *more))
    assert [told.branch_name(each.name) for each in told.branches] == ["ben/v1.0", "ben/v1.0/2", "ben/v1.1"]


def test_what_a_merge_says_by_itself_calls_the_branch_by_its_user(letters: Home) -> None:
    history = read_history(letters, letters.database(), SET)
    (branch,) = history.branches
    assert history.message(replace(history.versions[0], message=f"merge {branch.name}")) == "merge ben"
    trained = replace(history.versions[0], message=f"merge {branch.name}, trained as models:/letters/2")
    assert history.message(trained) == "merge ben, trained as models:/letters/2"
    assert history.message(history.versions[0]) == "the first pictures"
