import subprocess
from pathlib import Path

from click.testing import CliRunner

from trainplat_cli.main import main
from trainplat_cli.supervisor.prepare import CHECKOUT


def test_the_lines_set_the_variables_in_a_shell(tmp_path: Path) -> None:
    home = tmp_path / "a home; with $pace"
    lines = CliRunner().invoke(main, ["env"], env={"TRAINPLAT_HOME": str(home)}).stdout
    script = f'{lines}\nprintf "%s|%s" "$TRAINPLAT_HOME" "$DAGSTER_HOME"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{home}|{home / 'dagster'}"
    assert (home / "dagster" / "dagster.yaml").resolve() == CHECKOUT / "dagster.yaml"


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(main, ["version"])
    assert result.exit_code == 0
    assert result.stdout.strip().count(".") == 2
