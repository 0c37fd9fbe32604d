"""The data sets as a Dagster resource."""

from dagster import ConfigurableResource

from resources.data.arrivals.service import ArrivalService
from resources.data.service import DataService
from resources.home import Home


class DataResource(ConfigurableResource[DataService]):
    """The data sets of the home that ``TRAINPLAT_HOME`` names when it is used."""

    def service(self) -> DataService:
        """The service, on the home as the environment names it now."""
        home = Home.from_environment()
        return DataService(home, home.database())

    def arrivals(self) -> ArrivalService:
        """What comes to the data sets by itself, on the same home."""
        home = Home.from_environment()
        return ArrivalService(home, home.database())
