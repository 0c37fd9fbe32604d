"""``trainplat structure search``: on the stack where it runs, else in a process below this one."""

from collections.abc import Mapping

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.errors import NotFound
from resources.home import Home
from resources.learning.structure.kept import Searches
from resources.learning.structure.search import MOST_TRIALS, Limits
from resources.pipelines.declared import declared
from resources.pipelines.folder import Folder
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, DatasetName
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.structure.show import document_of, print_outcome
from trainplat_cli.here import run_here, verbose_option
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Search for a better structure of the champion of DATASET: width, depth and training settings. What "
        "is chosen becomes the next version, which is trained in full and measured as any. A search that was "
        "killed goes on where it was."
    ),
)
@click.argument("dataset")
@option(
    "--budget-gpu-h",
    type=float,
    default=1.0,
    show_default=True,
    help=mark("GPU-hours at most: lease time × devices, over all runs of this search."),
)
@option("--trials", type=int, default=MOST_TRIALS, show_default=True, help=mark("Structures at most."))
@verbose_option
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def search(dataset: str, budget_gpu_h: float, trials: int, verbose: bool, as_json: bool) -> None:
    """Start the run, or be it."""
    home, name = Home.from_environment(), checked_dataset(dataset)
    Limits(budget_gpu_h, most_trials=trials)  # refused here, not in the run
    declared(Folder.from_environment(), name)
    DataService(home, home.database()).newest_begun(name)
    if not RegistryService(home, home.database()).decisions(name):
        raise NotFound(
            _("{dataset} has no champion yet to search around").format(dataset=name),
            _(
                "Run {dataset}_round for partition {version} first, or start the platform: trainplat up"
            ).format(dataset=name, version=FIRST_VERSION),
        )
    config = {"budget_gpu_h": budget_gpu_h, "trials": trials}
    run_config = {"ops": {f"{name}__structure": {"config": config}}}
    address = home.addresses().dagster
    if address is not None:
        _launch(address, name, run_config, as_json=as_json)
        return
    said = _("the search on {dataset} failed").format(dataset=name)
    run_here(home, f"{name}_structure_search", said, config=run_config, verbose=verbose)
    outcome = Searches(home).outcomes(name)[-1]
    if as_json:
        print_json(document_of(outcome))
    else:
        print_outcome(outcome)


def _launch(address: str, dataset: DatasetName, config: Mapping[str, object], *, as_json: bool) -> None:
    from trainplat_cli.demo.dagster_page import DagsterPage

    page = DagsterPage(address)
    try:
        run_id = page.launch(f"{dataset}_structure_search", config, {})
    finally:
        page.close()
    if as_json:
        print_json({"run": run_id, "address": page.run_address(run_id)})
    else:
        told = _("The search is run {address}").format(address=page.run_address(run_id))
        out().print(told, markup=False)
