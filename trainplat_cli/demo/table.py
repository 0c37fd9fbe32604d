"""The table at the end of the demo."""

from collections.abc import Sequence

from rich.table import Table

from resources.registry.model import Decision, newest_measure
from trainplat_cli.output import duration
from trainplat_cli.texts import _


def decisions_table(decisions: Sequence[Decision]) -> Table:
    """One row for each round."""
    measure = _(newest_measure(decisions).words)
    table = Table(box=None, pad_edge=False, header_style="bold", title=None)
    for title, justify in (
        (_("version"), "left"),
        (_("labels"), "right"),
        (_("{measure} new").format(measure=measure), "right"),
        (_("{measure} old").format(measure=measure), "right"),
        (_("lease time"), "right"),
        (_("champion"), "left"),
    ):
        table.add_column(title, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for made in decisions:
        champion = _("model {number} ({version})").format(
            number=made.champion_number, version=made.champion_version
        )
        table.add_row(
            made.version,
            str(made.labels),
            f"{made.accuracy_new:.4f}",
            "-" if made.accuracy_old is None else f"{made.accuracy_old:.4f}",
            duration(made.lease_s),
            champion,
        )
    return table
