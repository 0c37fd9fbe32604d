"""The registry as a Dagster resource."""

from dagster import ConfigurableResource

from resources.home import Home
from resources.registry.service import RegistryService


class MlflowResource(ConfigurableResource[RegistryService]):
    """The models of the home that ``TRAINPLAT_HOME`` names when it is used."""

    def service(self) -> RegistryService:
        """The service, on the home as the environment names it now."""
        home = Home.from_environment()
        return RegistryService(home, home.database())
