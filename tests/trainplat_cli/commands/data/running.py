"""``trainplat data`` in this process."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from trainplat_cli.main import main


def data(*arguments: str | Path, code: int = 0) -> Result:
    """Run one; ``code`` is what it has to end with."""
    ran = CliRunner().invoke(main, ["data", *map(str, arguments)], env={"COLUMNS": "200"})
    assert ran.exit_code == code, f"{arguments}: {ran.output}{ran.exception!r}"
    return ran


def told(*arguments: str | Path) -> Any:
    """What it tells machines."""
    return json.loads(data(*arguments, "--json").stdout)
