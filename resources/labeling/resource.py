"""Labeling as a Dagster resource."""

from dagster import ConfigurableResource

from resources.home import Home
from resources.labeling.service import LabelingService


class LabelStudioResource(ConfigurableResource[LabelingService]):
    """The labels of the home that ``TRAINPLAT_HOME`` names when it is used."""

    def service(self) -> LabelingService:
        """The service, on the home as the environment names it now."""
        home = Home.from_environment()
        return LabelingService(home, home.database())
