"""Mount points as a Dagster resource."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dagster import AssetExecutionContext, ConfigurableResource, Failure, OpExecutionContext

from resources.data.mounts.service import MountService, given_path
from resources.errors import TrainplatError
from resources.home import Home


class MountsResource(ConfigurableResource[MountService]):
    """The mount points of the home that ``TRAINPLAT_HOME`` names.

    A run whose tag ``trainplat/mounts`` names some has them from its beginning, if it came through the queue.
    """

    def service(self) -> MountService:
        """The plain service, on the home of the environment."""
        home = Home.from_environment()
        return MountService(home, home.database())

    @contextmanager
    def given(self, context: AssetExecutionContext | OpExecutionContext, name: str) -> Iterator[Path]:
        """The folder of a mount point: the one that the run has, else one for this block.

        Raises Failure, with the reason, where the run cannot have it.
        """
        has = given_path(name)
        if has is not None:
            yield has
            return
        with ExitStack() as stack:
            try:
                path = stack.enter_context(self.service().given([name], context.run.run_id))[name]
            except TrainplatError as refusal:
                raise Failure(str(refusal), allow_retries=False) from refusal
            yield path
