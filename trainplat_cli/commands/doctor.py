"""``trainplat doctor``: look the machine, the home and the stack over."""

from collections.abc import Iterator

import click
from rich.markup import escape

from resources.errors import ExitCode
from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, error_of_the_disk, option
from trainplat_cli.doctor import home_checks, machine, stack_checks
from trainplat_cli.doctor.fractions import fractions
from trainplat_cli.doctor.model import Check, Finding, Verdict, ill
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

CHECKS: tuple[Check, ...] = (
    machine.python,
    machine.packages,
    machine.label_studio,
    machine.devices,
    fractions,
    machine.disk,
    home_checks.folder,
    home_checks.secrets,
    home_checks.database,
    stack_checks.ports,
    stack_checks.left_overs,
    stack_checks.parts,
    stack_checks.label_studio_token,
    machine.chromium,
)
SIGNS = {
    Verdict.WELL: "[green]✓[/green]",
    Verdict.WARNING: "[yellow]![/yellow]",
    Verdict.ILL: "[red]✗[/red]",
    Verdict.SKIPPED: "[dim]·[/dim]",
}


@click.command(
    cls=Command,
    help=mark("Look over the machine, the home and the stack. Ends with 1 when something is to be mended."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def doctor(as_json: bool) -> None:
    """Run every check."""
    home = Home.from_environment()
    findings = [finding for check in CHECKS for finding in _look(check, home)]
    ill = [finding for finding in findings if finding.verdict is Verdict.ILL]
    if as_json:
        print_json({"well": not ill, "findings": [finding.__dict__ for finding in findings]})
    else:
        for finding in findings:
            _show(finding)
        out().print(_("Something is to be mended.") if ill else _("Nothing is to be mended."))
    if ill:
        raise click.exceptions.Exit(int(ExitCode.FAILED))


def _look(check: Check, home: Home) -> Iterator[Finding]:
    """What a check finds; a home that cannot be read keeps none of the other checks from being made."""
    try:
        yield from check(home)
    except OSError as problem:
        error = error_of_the_disk(problem)
        if error is None:
            raise
        yield ill(_("home"), error)


def _show(finding: Finding) -> None:
    console = out()
    console.print(f"{SIGNS[finding.verdict]} {finding.subject:<18} {escape(finding.detail)}")
    if finding.next_step:
        console.print(f"  [dim]{_('Next')}: {escape(finding.next_step)}[/dim]")
