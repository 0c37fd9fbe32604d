"""MLflow over REST, for questions that need no client of its own, which takes seconds to import."""

from typing import Any

from resources.errors import Unavailable
from resources.registry.client import CHECK_TIMEOUT_S

API = "api/2.0/mlflow"
UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""The codes of what does not exist."""


def ask(server: str, method: str, path: str, **content: Any) -> dict[str, Any] | None:
    """What the server answers; None where what is read does not exist.

    Raises :class:`Unavailable` where it does not answer, or refuses.
    """
    import httpx

    try:
        answer = httpx.request(method, f"{server}/{API}/{path}", timeout=CHECK_TIMEOUT_S, **content)
    except httpx.HTTPError as problem:
        raise Unavailable(
            f"MLflow at {server} does not answer: {problem}",
            "See `trainplat status`; start it with `trainplat up`, then run the same thing again.",
        ) from problem
    if answer.is_success:
        return dict(answer.json())
    said = _said(answer)
    if method == "GET" and said.get("error_code") in UNKNOWN:
        return None
    raise Unavailable(
        f"MLflow at {server} refused: {said.get('message', f'HTTP {answer.status_code}')}"[:400],
        "Look at the message and at MLflow's log, then run the same thing again.",
    )


def _said(answer: Any) -> dict[str, Any]:
    try:
        return dict(answer.json())
    except ValueError:
        return {"message": answer.text[:200]}
