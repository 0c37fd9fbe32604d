"""A home in which two slots are held, one run waits for both, and one has ended."""

import os

from click.testing import CliRunner, Result

from resources.clock import utc_now
from resources.home import Home
from tests.streamlit_app.homes import add_leases
from trainplat_cli.main import main


def add_runs() -> None:
    """Two CPU slots: FIRST_RUN ended, HOLDER has one slot, LARGE waits for both, SMALL for one."""
    os.environ["TRAINPLAT_CPU_SLOTS"] = "2"
    add_leases(Home.from_environment().database(), utc_now())


def run(*arguments: str, stdin: str | None = None, columns: int = 200) -> Result:
    """``trainplat gpu`` on a terminal as wide as this."""
    return CliRunner().invoke(main, ["gpu", *arguments], env={"COLUMNS": str(columns)}, input=stdin)
