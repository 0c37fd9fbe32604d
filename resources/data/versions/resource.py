"""The versions of a data set as a Dagster resource, for the assets of anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import AssetExecutionContext, ConfigurableResource, OpExecutionContext
from pydantic import Field

from resources.terms import Actor

if TYPE_CHECKING:
    from resources.data.library import DataSet
    from resources.data.locks.service import Granted, Holding
    from resources.data.versions.model import Committed, Version

Context = AssetExecutionContext | OpExecutionContext
PRIORITY_TAG = "trainplat/priority"


class VersionsResource(ConfigurableResource["VersionsResource"]):
    """The versions of one data set, of the home that ``TRAINPLAT_HOME`` names when it is used.

    What a run locks is free again when the run's process ends, however it ends.
    """

    dataset: str = Field(description="The data set, such as pets; it need not be a declared one.")

    def of(self, context: Context) -> "DataSet":
        """The data set as a run works with it: everything that :class:`DataSet` offers."""
        from resources.data.library import DataSet

        priority = context.run.tags.get(PRIORITY_TAG, "0")
        actor = Actor(f"run:{context.run.run_id}")
        return DataSet(self.dataset, actor=actor, priority=int(priority) if _is_number(priority) else 0)

    @contextmanager
    def lock(self, context: Context, ref: str = "latest") -> Iterator["Holding"]:
        """Keep a version as it is for a block. Waits for nobody."""
        with self.of(context).locked(ref, context.run.job_name) as holding:
            yield holding

    @contextmanager
    def write(self, context: Context, ref: str = "latest", *, can_branch: bool = True) -> Iterator["Granted"]:
        """Be the one who commits next for a block, on the line of ``ref`` or else on a branch.

        Raises :class:`Locked` for who cannot branch: it names the holder, and when the lock expires.
        """
        with self.of(context).writing(ref, context.run.job_name, can_branch=can_branch) as granted:
            yield granted

    @contextmanager
    def take(self, context: Context, ref: str = "latest") -> Iterator[Path]:
        """A version's files in a folder for a block: locked meanwhile, and gone afterwards."""
        with self.of(context).taken(ref, context.run.job_name) as folder:
            yield folder

    def give(self, context: Context, ref: str, path: str | Path) -> "Version":
        """A version's files in a new folder, which can be committed again."""
        return self.of(context).give(ref, path)

    def commit(self, context: Context, folder: str | Path, message: str = "") -> "Committed":
        """Make a folder the next version, or one on a branch where somebody else was faster."""
        return self.of(context).commit(folder, message)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
