"""The connection to Label Studio: every failure comes back in words that say what to do.

httpx is imported where it is used: every run loads this module with its code location, and few ask here.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable

if TYPE_CHECKING:
    import httpx
    from label_studio_sdk.client import LabelStudio

ADDRESS_VARIABLE = "TRAINPLAT_LABEL_STUDIO_URL"
TIMEOUT_S = 20.0
"""How long one request may take. A tick makes a few of them within half a minute."""

_Result = TypeVar("_Result")


class Connection:
    """One Label Studio by address and token. Making it opens nothing.

    Reading goes over HTTP directly: a sensor polls every few seconds in a process that must stay small, and
    importing label-studio-sdk takes 3 s and 130 MiB. Setting up and importing go through the SDK.
    """

    def __init__(self, address: str | None, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._address = address
        self._token = token
        self._timeout_s = timeout_s

    @property
    def address(self) -> str:
        """Where it listens. Raises :class:`Unavailable` when no address is known."""
        if not self._address:
            raise Unavailable(
                "no address of Label Studio is known: it has not been started in this home",
                f"Start the stack with trainplat up, or set {ADDRESS_VARIABLE} to the address of one.",
            )
        return self._address.rstrip("/")

    def get(self, path: str, params: dict[str, Any] | None = None) -> "httpx.Response":
        """The answer to a GET. Raises Unavailable, Denied, NotFound, Conflict or BadInput."""
        return self._words(lambda: self._checked(self._http.get(path, params=params)))

    def delete(self, path: str) -> None:
        """Delete what ``path`` names. Raises as :meth:`get` does."""
        self._words(lambda: self._checked(self._http.delete(path)))

    def with_sdk(self, use: "Callable[[LabelStudio], _Result]") -> _Result:
        """What ``use`` returns, given the SDK's client. Raises as :meth:`get` does."""
        from label_studio_sdk.core.api_error import ApiError

        def call() -> _Result:
            try:
                return use(self._sdk)
            except ApiError as problem:
                raise self._refusal(problem.status_code or 0, str(problem.body)) from problem

        return self._words(call)

    @cached_property
    def _http(self) -> "httpx.Client":
        import httpx

        url = httpx.URL(self.address)
        if url.scheme not in ("http", "https") or not url.host:
            raise self._wrong_address("expected http:// or https:// and a host")
        return httpx.Client(
            base_url=self.address,
            headers={"Authorization": f"Token {self._token}"},
            timeout=httpx.Timeout(self._timeout_s, connect=min(5.0, self._timeout_s)),
            limits=httpx.Limits(max_keepalive_connections=0),  # nothing to close, nothing to break in between
            trust_env=False,  # a proxy of the machine has no business between two parts of one stack
            verify=url.scheme == "https",  # reading the certificates takes longer than a request
        )

    @cached_property
    def _sdk(self) -> "LabelStudio":
        from label_studio_sdk.client import LabelStudio

        # A request that was not answered may have been done: what to repeat is for the caller to find out.
        make: Any = LabelStudio
        client: LabelStudio = make(
            base_url=self.address,
            api_key=self._token,
            httpx_client=self._http,
            timeout=self._timeout_s,
            max_retries=0,
        )
        return client

    def _words(self, call: Callable[[], _Result]) -> _Result:
        import httpx

        try:
            return call()
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as problem:
            raise self._wrong_address(str(problem)) from problem
        except httpx.TimeoutException as problem:
            raise Unavailable(
                f"Label Studio at {self.address} did not answer within {self._timeout_s:g} s",
                "Nothing is lost and it is asked again by itself. If it stays slow, see its log in the "
                "folder logs of the home, and what else uses the machine.",
            ) from problem
        except httpx.TransportError as problem:
            raise Unavailable(
                f"Label Studio at {self.address} does not answer: {problem}",
                f"See trainplat status, start it with trainplat up, or correct {ADDRESS_VARIABLE}. "
                "Nothing is lost: what people answered there is fetched once it is back.",
            ) from problem

    def _checked(self, answer: "httpx.Response") -> "httpx.Response":
        if answer.is_success:
            if answer.content and "json" not in answer.headers.get("content-type", ""):
                raise self._wrong_address("what answers there is a web page, not Label Studio's API")
            return answer
        raise self._refusal(answer.status_code, answer.text)

    def _refusal(self, status: int, body: str) -> TrainplatError:
        said = body[:300]
        if status in (401, 403):
            return Denied(
                f"Label Studio at {self.address} refuses the token that trainplat holds (HTTP {status})",
                "Put a valid legacy token (Label Studio, Account & Settings) as label_studio_token into "
                "secrets.json in the home. The stack that trainplat up starts has the right one by itself.",
            )
        if status == 404 and "status_code" in body:
            return NotFound(
                f"Label Studio at {self.address} does not know what was asked for: {said}",
                "If a project or a task was deleted there, materialize the asset label_tasks again.",
            )
        if status in (301, 302, 303, 307, 308, 404, 405):
            return self._wrong_address(f"what answers there is not Label Studio (HTTP {status})")
        if status in (408, 425, 429) or status >= 500:
            return Unavailable(
                f"Label Studio at {self.address} failed (HTTP {status}): {said}",
                "It is asked again by itself. If it stays, see its log in the home's logs folder.",
            )
        if status == 409:
            return Conflict(f"Label Studio refused a change (HTTP 409): {said}", "Try again.")
        return BadInput(
            f"Label Studio at {self.address} cannot use what it was sent (HTTP {status}): {said}",
            "Compare the project's settings in Label Studio with what the message names.",
        )

    def _wrong_address(self, why: str) -> BadInput:
        return BadInput(
            f"{self._address!r} is not the address of a Label Studio: {why}",
            f"Set {ADDRESS_VARIABLE} to an address such as http://127.0.0.1:8080, or unset it to use the one "
            "that trainplat up starts.",
        )
