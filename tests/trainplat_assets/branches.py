"""People who change a small data set side by side, and trainings on what they made of it."""

from pathlib import Path

from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from tests.trainplat_assets.rounds import SPEC
from trainplat_assets.branch_assets import build_branch_assets


def relabelled(
    home: Path, folder: Path, user: str, places: list[int], note: str = "", spec: DatasetSpec = SPEC
) -> Committed:
    """What a user commits who gives some training samples of v1.0, by their place, another label.

    He may leave a note, too, in a file that cannot be merged by itself.
    """
    versions = VersionService(Home(home), Home(home).database())
    versions.restore(spec.name, "v1.0", folder)
    table = folder / "samples.csv"
    lines = table.read_text().splitlines()
    train = [place for place, line in enumerate(lines) if ",train," in line]
    for place in places:
        columns = lines[train[place]].split(",")
        columns[2] = next(label for label in spec.classes if label != columns[2])
        lines[train[place]] = ",".join(columns)
    table.write_text("\n".join(lines) + "\n")
    if note:
        (folder / "note.txt").write_text(note)
    return versions.commit(Wanted(spec.name, folder, f"by {user}", Actor(f"user:{user}"), user))


def branch_of_two(home: Path, work: Path, *, notes: bool = False) -> str:
    """Ann and Bob each relabel a sample of v1.0; Ann commits first, so that Bob is on a branch: its name."""
    relabelled(home, work / "ann", "ann", [0], "ann's" if notes else "")
    branch = relabelled(home, work / "bob", "bob", [1], "bob's" if notes else "").version.branch
    assert branch is not None
    return branch


def train_on(ref: str, *, raise_on_error: bool = True) -> ExecuteInProcessResult:
    """Materialize the branch's model, as the launchpad does."""
    with DagsterInstance.ephemeral() as instance:
        result = materialize(
            build_branch_assets(SPEC),
            instance=instance,
            run_config={"ops": {"shapes__branch_model": {"config": {"ref": ref}}}},
            resources={"data": DataResource(), "gpu": GpuResource(), "registry": MlflowResource()},
            raise_on_error=raise_on_error,
        )
        run = instance.get_run_by_id(result.run_id)
        assert run is not None
        tags_of.clear()
        tags_of.update(run.tags)
    return result


tags_of: dict[str, str] = {}
"""The tags of the run that :func:`train_on` made last."""
