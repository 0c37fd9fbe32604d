"""All pipelines of a folder as definitions. A broken file is shown as one broken asset, beside the others."""

import logging
import warnings
from types import ModuleType

from dagster import AssetKey, AssetSpec, BetaWarning, Definitions, MetadataValue
from dagster.components.core.component_tree import ComponentTree
from dagster.components.core.defs_module import ComponentPath

from resources.pipelines.folder import Broken, Folder
from resources.pipelines.model import Pipeline

logger = logging.getLogger(__name__)


def build_pipeline_definitions(folder: Folder) -> Definitions:
    """Every pipeline through Dagster's own loader, which knows the place of each in its file."""
    for said in folder.unread():
        logger.warning("%s", said)
    return Definitions.merge(
        *(_broken(one) if isinstance(one, Broken) else _loaded(one, folder) for one in folder.all())
    )


def _loaded(pipeline: Pipeline, folder: Folder) -> Definitions:
    # A tree for each: one tree for all of them fails as a whole where one file does.
    path = folder.path / pipeline.name
    module = ModuleType(f"trainplat_assets.pipelines.{pipeline.name}")
    module.__file__, module.__path__ = None, [str(path)]
    tree = ComponentTree.from_module(module, project_root=folder.path.parents[1])
    with warnings.catch_warnings():
        # What Dagster itself uses to load a component.
        warnings.filterwarnings("ignore", category=BetaWarning)
        warnings.filterwarnings("ignore", ".*parse_obj_as.*", DeprecationWarning)
        # The first document itself: what is around it copies each check in a way that warns for ever after.
        return tree.build_defs_at_path(ComponentPath.from_path(path, 0))


def _broken(one: Broken) -> Definitions:
    logger.warning("The pipeline %s cannot be read: %s", one.name, one.problem)
    return Definitions(
        assets=[
            AssetSpec(
                key=AssetKey([one.name, "broken"]),
                group_name=one.name,
                kinds={"yaml"},
                owners=["team:ml"],
                description=f"The file of this pipeline cannot be read:\n\n```\n{one.problem.problem}\n```",
                metadata={"file": MetadataValue.path(str(one.path)), "next": one.problem.next_step},
            )
        ]
    )
