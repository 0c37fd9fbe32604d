import io
from dataclasses import replace

from rich.console import Console

from resources.kinds import Measure
from tests.trainplat_cli.demo.test_news import FIRST, SECOND
from trainplat_cli.demo.table import decisions_table


def test_each_round_is_a_row_with_all_that_was_promised() -> None:
    console = Console(file=io.StringIO(), width=120)
    console.print(decisions_table([FIRST, SECOND]))
    assert isinstance(console.file, io.StringIO)
    header, first, second = (line.split() for line in console.file.getvalue().splitlines())
    assert " ".join(header) == "version labels accuracy new accuracy old lease time champion"
    assert " ".join(first) == "v1.0 100 0.9000 - 4.0 s model 1 (v1.0)"
    assert " ".join(second) == "v1.1 150 0.9200 0.9000 4.0 s model 1 (v1.0)"


def test_the_columns_are_called_as_the_measure_is() -> None:
    titles = [
        str(column.header) for column in decisions_table([replace(FIRST, measure=Measure.BOX_AP)]).columns
    ]
    assert titles[2:4] == ["average precision new", "average precision old"]
