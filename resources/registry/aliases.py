"""Aliases of models in MLflow: over its REST interface where a server runs, which costs no import."""

from typing import Any

from resources.errors import Unavailable
from resources.registry.client import CHECK_TIMEOUT_S, DATABASE, Mlflow

PATH = "api/2.0/mlflow/registered-models/alias"


class Aliases(Mlflow):
    """What is asked of MLflow about them, each raising Unavailable when it is down."""

    def put(self, name: str, alias: str, number: int) -> None:
        """Let ``models:/<name>@<alias>`` be a version."""
        if self.server is not None:
            self._send("POST", json={"name": name, "alias": alias, "version": str(number)})
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
            self._send("DELETE", json={"name": name, "alias": alias})
            return
        with self._asked() as client:
            client.delete_registered_model_alias(name, alias)

    def number_of(self, name: str, alias: str) -> int | None:
        """The version that an alias stands for; None where there is no such alias."""
        if self.server is not None:
            found = self._send("GET", params={"name": name, "alias": alias})
            return int(found["model_version"]["version"]) if found else None
        if not (self.home.mlflow / DATABASE).exists():
            return None
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                return int(client.get_model_version_by_alias(name, alias).version)
            except MlflowException as problem:
                if problem.error_code in _UNKNOWN:
                    return None
                raise

    def _send(self, method: str, **content: Any) -> dict[str, Any] | None:
        """What the server answers; None where what is asked about does not exist."""
        import httpx

        try:
            answer = httpx.request(method, f"{self.server}/{PATH}", timeout=CHECK_TIMEOUT_S, **content)
        except httpx.HTTPError as problem:
            raise Unavailable(
                f"MLflow at {self.server} does not answer: {problem}",
                "See `trainplat status`; start it with `trainplat up`, then run the same thing again.",
            ) from problem
        if answer.is_success:
            return dict(answer.json())
        said = _said(answer.text, answer)
        if method == "GET" and said.get("error_code") in _UNKNOWN:
            return None
        raise Unavailable(
            f"MLflow at {self.server} refused: {said.get('message', f'HTTP {answer.status_code}')}"[:400],
            "Look at the message and at MLflow's log, then run the same thing again.",
        )


_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


def _said(text: str, answer: Any) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {"message": text[:200]}
