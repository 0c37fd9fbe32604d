"""How runs and moments are shown."""

from datetime import UTC, datetime, timedelta

from resources.clock import utc_now
from resources.gpu.model import Owner, RunId
from trainplat_cli.commands.gpu.shown import moment, named, short


def test_a_run_is_known_by_its_beginning_and_an_owner_by_project_and_user() -> None:
    assert short(RunId("9e2fd6aa-0002-4000")) == "9e2fd6aa"
    assert named(Owner("vision", "mara")) == "vision/mara"


def test_a_moment_is_shown_in_the_zone_of_the_machine() -> None:
    now = utc_now()
    shown = datetime.strptime(moment(now), "%Y-%m-%d %H:%M:%S").astimezone()
    assert abs(shown.astimezone(UTC) - now) < timedelta(seconds=1)
