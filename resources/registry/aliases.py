"""Aliases of models in MLflow: over its REST interface where a server runs, which costs no import."""

from resources.registry.client import DATABASE, Mlflow
from resources.registry.rest import UNKNOWN, ask

PATH = "registered-models/alias"


class Aliases(Mlflow):
    """What is asked of MLflow about them, each raising Unavailable when it is down."""

    def put(self, name: str, alias: str, number: int) -> None:
        """Let ``models:/<name>@<alias>`` be a version."""
        if self.server is not None:
            ask(self.server, "POST", PATH, json={"name": name, "alias": alias, "version": str(number)})
            return
        if not (self.home.mlflow / DATABASE).exists():
            return  # nothing is registered in it, and opening it would make it
        with self._asked() as client:
            client.set_registered_model_alias(name, alias, str(number))

    def drop(self, name: str, alias: str) -> None:
        """Take an alias away; one that is not there is no error."""
        if self.number_of(name, alias) is None:
            return
        if self.server is not None:
            ask(self.server, "DELETE", PATH, json={"name": name, "alias": alias})
            return
        with self._asked() as client:
            client.delete_registered_model_alias(name, alias)

    def number_of(self, name: str, alias: str) -> int | None:
        """The version that an alias stands for; None where there is no such alias."""
        if self.server is not None:
            found = ask(self.server, "GET", PATH, params={"name": name, "alias": alias})
            return int(found["model_version"]["version"]) if found else None
        if not (self.home.mlflow / DATABASE).exists():
            return None
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                return int(client.get_model_version_by_alias(name, alias).version)
            except MlflowException as problem:
                if problem.error_code in UNKNOWN:
                    return None
                raise
