"""``trainplat train``: a training with labels from a file, on from the model of a version."""

from pathlib import Path
from typing import Any

import click

from resources.home import Home
from resources.kinds import Measure
from resources.registry.service import RegistryService
from resources.texts import mark
from trainplat_cli.byhand.planning import Plan, be_the_round, plan
from trainplat_cli.command import Command, option
from trainplat_cli.here import verbose_option
from trainplat_cli.output import err, out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Train with the labels in a file, on from the model of a version. The labels go on top of the newest "
        "version, and the file counts once, however often it is given. On the stack of this home where it "
        "runs, else in this process, which ends with the training."
    ),
)
@option(
    "--base",
    metavar="VERSION",
    default="latest",
    show_default=True,
    help=mark("The version whose model the training goes on from, such as v1.2; it may be an older one."),
)
@option(
    "--labels",
    metavar="PATH",
    type=click.Path(path_type=Path),
    required=True,
    help=mark(
        "CSV, JSON or JSON lines with samples and what they are: a label, spans or boxes, as the kind of the "
        "data set has it. A sample is named by its id, by its file, or by a file beside PATH, which may be "
        "new. With one mistake in it nothing is taken. See docs/training-by-hand.md."
    ),
)
@option("--dataset", default="digits", show_default=True, help=mark("Of which data set."))
@option(
    "--follow/--no-follow",
    default=False,
    help=mark("Tell how it goes until it is decided; else only until its run has begun."),
)
@option("--plan", "only_plan", is_flag=True, help=mark("Plan the version, and wait for no run."))
@verbose_option
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def train(
    base: str, labels: Path, dataset: str, follow: bool, only_plan: bool, verbose: bool, as_json: bool
) -> None:
    """Plan it, and see to its run."""
    home = Home.from_environment()
    planned = plan(home, dataset, base, labels)
    if not as_json:
        out().print(planned.document["told"], markup=False)
    found: dict[str, Any] = {"run": None, "address": None}
    if planned.is_trained and not only_plan:
        found = _see_to_its_run(home, planned, follow=follow, verbose=verbose, as_json=as_json)
    if as_json:
        print_json(planned.document | found | _outcome(home, planned))
        return
    decided = _outcome(home, planned)
    if decided["decided"]:
        out().print(_decision_text(decided), markup=False)


def _see_to_its_run(
    home: Home, planned: Plan, *, follow: bool, verbose: bool, as_json: bool
) -> dict[str, Any]:
    if _outcome(home, planned)["decided"]:
        return {"run": None, "address": None}
    address = home.addresses().dagster
    if address is None:
        err().print(_("No stack runs on this home: its round runs in this process."), markup=False)
        be_the_round(home, planned, verbose=verbose)
        return {"run": None, "address": None}
    from trainplat_cli.byhand import following
    from trainplat_cli.demo.dagster_page import DagsterPage

    page = DagsterPage(address)
    try:
        run = following.wait_for_run(page, planned.dataset, planned.version)
        where = page.run_address(run.run_id)
        if not as_json:
            out().print(_("Its round is run {address}").format(address=where), markup=False)
        if follow:
            following.follow(page, planned.dataset, run, lambda line: err().print(line, markup=False))
    finally:
        page.close()
    return {"run": run.run_id, "address": where}


def _outcome(home: Home, planned: Plan) -> dict[str, Any]:
    made = RegistryService(home, home.database()).decision(planned.dataset, planned.version)
    if made is None or not planned.is_trained:
        return {"decided": False}
    return {
        "decided": True,
        "model": f"models:/{made.dataset}/{made.model_number}",
        "measure": made.measure,
        "accuracy": made.accuracy_new,
        "champion_accuracy": made.accuracy_old,
        "promoted": made.promoted,
        "barred": made.barred,
    }


def _decision_text(decided: dict[str, Any]) -> str:
    before = decided["champion_accuracy"]
    told = _("{model} reaches {value} {measure}").format(
        model=decided["model"],
        value=f"{decided['accuracy']:.1%}",
        measure=_(Measure(decided["measure"]).words),
    )
    if before is not None:
        told += ", " + _("the champion before it {accuracy}").format(accuracy=f"{before:.1%}")
    if decided["barred"]:
        return f"{told}: " + _("its gates bar it: {barred}").format(barred=decided["barred"])
    return f"{told}: " + (_("it is the new champion.") if decided["promoted"] else _("the champion stays."))
