"""``trainplat data train``: train a model on a branch."""

import click

from resources.data.results.model import ResultSnapshot
from resources.data.versions.model import Version
from resources.data.versions.naming import checked_dataset
from resources.errors import BadInput, NotFound, Unavailable
from resources.home import Home
from resources.terms import DatasetName
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import result_service, version_service
from trainplat_cli.here import run_here, verbose_option
from trainplat_cli.output import print_json
from trainplat_cli.texts import _

PRIORITY_TAG = "trainplat/priority"


@click.command(
    cls=Command,
    help=mark(
        "Train a model on REF of DATASET: a branch, or a version on one. On the stack of this home where it "
        "runs, else in this process, which ends with the training. When it has succeeded, the branch is "
        "merged if that is clean."
    ),
)
@click.argument("dataset")
@click.argument("ref")
@option(
    "--priority",
    type=click.IntRange(-1000, 1000),
    default=0,
    help=mark("Of its run: the higher one goes first."),
)
@option("--here", is_flag=True, help=mark("In this process, also where the stack runs."))
@verbose_option
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def train(dataset: str, ref: str, priority: int, here: bool, verbose: bool, as_json: bool) -> None:
    """Start the run, or be it."""
    name, home = checked_dataset(dataset), Home.from_environment()
    version = _on_branch(name, ref)
    tags = {PRIORITY_TAG: str(priority)} if priority else {}
    address = None if here else home.addresses().dagster
    if address is not None:
        _launch(address, version, tags, as_json=as_json)
        return
    run_here(
        home,
        f"{version.dataset}_branch_training",
        _("the training on {version} failed").format(version=version.key),
        config=_config(version),
        tags=tags,
        verbose=verbose,
    )
    found = [one for one in result_service().results(name) if one.version == version.key and one.model]
    if not found:
        raise Unavailable(
            _("the training on {version} has left no result").format(version=version.key),
            _("Run the same thing again with --verbose, and look at its log."),
        )
    if as_json:
        print_json(result_document(found[-1]))
    else:
        click.echo(
            _("{model} was trained on {version}; its result is {result}.").format(
                model=found[-1].model, version=version.key, result=found[-1].id
            )
        )


def result_document(result: ResultSnapshot) -> dict[str, object]:
    """A result snapshot for machines."""
    return {
        "result": result.id,
        "dataset": result.dataset,
        "version": result.version,
        "branch": result.branch,
        "model": result.model,
        "snapshot": result.snapshot_id,
        "run": result.run_id,
        "made_at": result.made_at,
        "followed_by": None if result.follow is None else result.follow.value,
    }


def _on_branch(dataset: DatasetName, ref: str) -> Version:
    version = version_service().show(dataset, ref)
    if version.branch is None:
        raise BadInput(
            _("{dataset} {version} is on the main line; expected a branch, or a version on one").format(
                dataset=dataset, version=version.key
            ),
            _(
                "What is on the main line is trained by its round. "
                "`trainplat data branch {dataset}` lists the branches."
            ).format(dataset=dataset),
        )
    with version_service().database.read_plainly() as rows:
        declared = rows.rows(
            "SELECT 1 FROM dataset_versions WHERE dataset = :dataset LIMIT 1", dataset=dataset
        )
    if not declared:
        raise NotFound(
            _("no model is trained on {dataset}: it is no declared data set").format(dataset=dataset),
            _("Declare it by a pipeline of the template loop, and make its first version."),
        )
    return version


def _config(version: Version) -> dict[str, object]:
    """By the version's key: what is committed to the branch later is not meant."""
    return {"ops": {f"{version.dataset}__branch_model": {"config": {"ref": version.key}}}}


def _launch(address: str, version: Version, tags: dict[str, str], *, as_json: bool) -> None:
    from trainplat_cli.demo.dagster_page import DagsterPage

    page = DagsterPage(address)
    try:
        run_id = page.launch(f"{version.dataset}_branch_training", _config(version), tags)
    finally:
        page.close()
    if as_json:
        print_json({"run": run_id, "address": page.run_address(run_id), "version": version.key})
    else:
        click.echo(
            _("The training on {version} is run {address}").format(
                version=version.key, address=page.run_address(run_id)
            )
        )
