"""The data sets as a Dagster resource."""

from dagster import ConfigurableResource

from resources.data.arrivals.service import ArrivalService
from resources.data.collecting.service import CollectingService
from resources.data.merges.service import MergeService
from resources.data.places.replication import ReplicationService
from resources.data.places.service import PlaceService
from resources.data.results.service import ResultService
from resources.data.retention.service import RetentionService
from resources.data.service import DataService
from resources.data.tiers.service import TierService
from resources.data.versions.service import VersionService
from resources.home import Home


class DataResource(ConfigurableResource[DataService]):
    """The data sets of the home that ``TRAINPLAT_HOME`` names when it is used."""

    def service(self) -> DataService:
        """The service, on the home as the environment names it now."""
        home = Home.from_environment()
        return DataService(home, home.database())

    def versions(self) -> VersionService:
        """Versions of any data set, on the same home."""
        home = Home.from_environment()
        return VersionService(home, home.database())

    def results(self) -> ResultService:
        """The result snapshots of trainings, on the same home."""
        home = Home.from_environment()
        return ResultService(home, home.database())

    def merges(self) -> MergeService:
        """Merges of branches, on the same home."""
        home = Home.from_environment()
        return MergeService(home, home.database())

    def arrivals(self) -> ArrivalService:
        """What comes to the data sets by itself, on the same home."""
        home = Home.from_environment()
        return ArrivalService(home, home.database())

    def collecting(self) -> CollectingService:
        """Who keeps the store clean and whole; what is damaged comes back from the remotes."""
        home = Home.from_environment()
        places = PlaceService(home, home.database())
        return CollectingService(home, home.database(), elsewhere=places.erase, remote=places.repair)

    def places(self) -> PlaceService:
        """The remotes, on the same home."""
        home = Home.from_environment()
        return PlaceService(home, home.database())

    def replication(self) -> ReplicationService:
        """What is to be at a second remote, on the same home."""
        return ReplicationService(self.places())

    def tiers(self) -> TierService:
        """Where versions lie that nobody uses, on the same home."""
        home = Home.from_environment()
        return TierService(home, home.database())

    def retention(self) -> RetentionService:
        """The rules of what is kept, on the same home."""
        return RetentionService(Home.from_environment().database())
