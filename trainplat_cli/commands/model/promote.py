"""``trainplat model promote``."""

import click
from rich.markup import escape

from resources.deploy_plan import DeployPlan, Strategy
from resources.registry.others import OtherVersion
from resources.serving.deployments.service import PromotionPlan
from resources.serving.deployments.words import in_words, steps_in_words
from resources.serving.references import parse_reference
from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor
from trainplat_cli.commands.model.gates import gate_line
from trainplat_cli.commands.model.shown import declared_gates, declared_plan, deployments, state_document
from trainplat_cli.output import err, out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Let a model go live by the strategy that its data set declares, and be champion. Shows first what "
        "is live, what would be, and what its gates say."
    ),
)
@click.argument("reference")
@option("--yes", "-y", is_flag=True, help=mark("Do not ask."))
@option("--why", default="", metavar="TEXT", help=mark("Why, for the history."))
@option("--override", metavar="TEXT", help=mark("Promote it although a gate fails, and record this reason."))
@option(
    "--strategy",
    type=click.Choice([one.value for one in Strategy]),
    help=mark("Another strategy than the declared one, this time."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def promote(
    reference: str, yes: bool, why: str, override: str | None, strategy: str | None, as_json: bool
) -> None:
    """Show the plan, ask, and promote."""
    service, wanted = deployments(), parse_reference(reference)
    declared = declared_plan(wanted.name) or service.state(wanted.name).plan
    plan = declared if strategy is None else declared.by(Strategy(strategy))
    gates = declared_gates(wanted.name)
    planned = service.plan(wanted, plan, gates)
    if not as_json:
        _show(planned, plan, override)
    may_be = not planned.failed_gates or override is not None
    if may_be and not planned.changes_nothing and not yes:
        confirm(_("Promote {model}?").format(model=f"{wanted.name}:{planned.new}"))
    state = service.promote(wanted, current_actor(), why, override, plan, gates)
    if as_json:
        print_json({"changed": not planned.changes_nothing, **state_document(state)})
        return
    out().print(in_words(state, _), markup=False)


def _show(planned: PromotionPlan, plan: DeployPlan, override: str | None) -> None:
    console, model = err(), planned.model
    console.print(escape(in_words(planned.before, _)))
    if planned.changes_nothing:
        return
    strategy = (
        steps_in_words(plan.strategy, plan.steps_percent, _)
        if planned.before.live
        else _("nothing but loading it")
    )
    if isinstance(model, OtherVersion):
        said = _("{name}, which others registered in MLflow, would be live by {strategy}.").format(
            name=f"{model.name}:{planned.new}", strategy=strategy
        )
    else:
        said = _("{name}, {digest}, trained from {version}, would be live by {strategy}.").format(
            name=f"{model.dataset}:{planned.new}",
            digest=model.weights_sha256[:12],
            version=model.dataset_version,
            strategy=strategy,
        )
    console.print(escape(said))
    for sentence in planned.failed_gates:
        console.print(f"[red]✗[/red] {escape(sentence)}")
    for one in planned.results:
        if not one.passed and not one.bars:
            console.print(gate_line(one))
    if not planned.failed_gates:
        console.print(f"[green]✓[/green] {_('Its gates let it pass.')}")
    elif override is not None:
        console.print(escape(_("It would pass by your override: {why}").format(why=override)))
