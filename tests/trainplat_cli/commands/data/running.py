"""``trainplat data`` in this process."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from trainplat_cli.main import main


def data(*arguments: str | Path, code: int | None = 0) -> Result:
    """Run one; ``code`` is what it has to end with, None for anything."""
    ran = CliRunner().invoke(main, ["data", *map(str, arguments)], env={"COLUMNS": "200"})
    assert code in (None, ran.exit_code), f"{arguments}: {ran.output}{ran.exception!r}"
    return ran


def told(*arguments: str | Path) -> Any:
    """What it tells machines."""
    return json.loads(data(*arguments, "--json").stdout)
