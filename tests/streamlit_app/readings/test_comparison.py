import csv
import io
from datetime import UTC, datetime

from resources.home import Home
from resources.terms import VersionKey
from streamlit_app.readings.comparison import as_csv, pair, read_comparison
from tests.streamlit_app import homes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_decisions_can_be_read_by_a_spreadsheet(home: Home) -> None:
    comparison = read_comparison(home, home.database(), homes.DIGITS)
    rows = list(csv.DictReader(io.StringIO(as_csv(comparison.rounds))))
    assert [(row["version"], row["labels"], row["accuracy_old"], row["promoted"]) for row in rows] == [
        ("v1.0", "100", "", "true"),
        ("v1.1", "150", "0.880556", "true"),
        ("v1.2", "200", "0.925000", "false"),
    ]


def test_two_versions_are_compared_on_their_test_set(home: Home) -> None:
    comparison = read_comparison(home, home.database(), homes.DIGITS)
    both = pair(comparison, VersionKey("v1.0"), VersionKey("v1.1"))
    assert both is not None
    assert both.same_test_set
    assert both.left.accuracy < both.right.accuracy
    assert pair(comparison, VersionKey("v1.0"), VersionKey("v9.0")) is None


def test_the_only_version_is_compared_with_itself(trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), NOW, 1)
    assert read_comparison(home, home.database(), homes.DIGITS).usual_pair() is None
    homes.add_rounds(home, home.database(), NOW, 1)
    assert read_comparison(home, home.database(), homes.DIGITS).usual_pair() == ("v1.0", "v1.0")
