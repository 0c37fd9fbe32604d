"""The data sets that the files of a folder declare."""

from resources.data.spec import DatasetSpec
from resources.deploy_plan import DeployPlan
from resources.errors import NotFound
from resources.gate_plan import DeclaredGates
from resources.pipelines.folder import Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.loop import LoopSpec


def datasets(folder: Folder) -> list[DatasetSpec]:
    """All of them, by name; a broken file declares none."""
    return [
        one.spec.dataset(one.name)
        for one in folder.all()
        if isinstance(one, Pipeline) and isinstance(one.spec, LoopSpec)
    ]


def declared(folder: Folder, dataset: str) -> DatasetSpec:
    """The one of this name. Raises NotFound, which names those that there are."""
    known = {str(one.name): one for one in datasets(folder)}
    if dataset not in known:
        raise NotFound(
            f"there is no declared data set {dataset!r}; expected one of {', '.join(known) or 'none yet'}",
            "Declare it in a file, see docs/pipelines.md, or name another one.",
        )
    return known[dataset]


def declared_deploy(folder: Folder, dataset: str) -> DeployPlan | None:
    """How the models of a data set go live; None for one that no file declares any more."""
    return next((one.deploy for one in datasets(folder) if one.name == dataset), None)


def declared_gates(folder: Folder, dataset: str) -> DeclaredGates | None:
    """What the models of a data set must pass; None for one that no file declares any more."""
    found = next((one for one in datasets(folder) if one.name == dataset), None)
    return None if found is None else DeclaredGates(found.gates, found.licence)
