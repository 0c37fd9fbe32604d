"""``trainplat structure search``: on the stack where it runs, else in a process below this one."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.errors import NotFound
from resources.home import HOME_VARIABLE, Home
from resources.learning.structure.kept import Searches
from resources.learning.structure.search import MOST_TRIALS, Limits
from resources.pipelines.declared import declared
from resources.pipelines.folder import Folder
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, DatasetName
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.structure.show import document_of, print_outcome
from trainplat_cli.failing import failure_of
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

CODE = "trainplat_assets.definitions"
STDERR = 2


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
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def search(dataset: str, budget_gpu_h: float, trials: int, as_json: bool) -> None:
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
    _execute(home, name, run_config)
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


def _execute(home: Home, dataset: DatasetName, config: Mapping[str, object]) -> None:
    from trainplat_cli.supervisor.prepare import link_instance

    link_instance(home)
    with tempfile.TemporaryDirectory(prefix="trainplat-structure-") as folder:
        file = Path(folder) / "run.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML
        command = [sys.executable, "-m", "dagster", "job", "execute", "-m", CODE]
        command += ["-j", f"{dataset}_structure_search", "-c", str(file)]
        done = subprocess.run(
            command,
            env={**os.environ, HOME_VARIABLE: str(home.path), "DAGSTER_HOME": str(home.dagster)},
            stdout=STDERR,  # its log is no result
            check=False,
        )
    if done.returncode:
        said = _("the search on {dataset} failed").format(dataset=dataset)
        raise failure_of(home, f"{dataset}_structure_search", said)
