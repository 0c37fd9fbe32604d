from pathlib import Path

from click.testing import CliRunner

from trainplat_cli.main import main


def test_nothing_to_stop_is_no_error(trainplat_home: Path) -> None:
    result = CliRunner().invoke(main, ["down"])
    assert result.exit_code == 0
    assert result.stderr == f"No stack runs for {trainplat_home}.\n"
