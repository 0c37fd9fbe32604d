"""Ask models from Python: by reference, through a switch of versions, and through a restart of the server."""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np

from resources.errors import BadInput, Conflict, Denied, NotFound, TrainplatError, Unavailable
from resources.home import Home
from resources.serving.references import ModelReference, parse_reference
from resources.serving.running import running
from resources.serving.tensors import BYTES, DATATYPES, Array, TensorSpec, datatype_of
from resources.texts import mark

TIMEOUT_S = 120.0
"""How long one answer may take: a model that is not loaded is loaded meanwhile."""
PATIENCE_S = 30.0
"""How long a server that is away, or has too much to do, is asked again."""
NO_SERVER = mark("no model server runs on this home")
START_ONE = mark("Start it with `trainplat up`, or alone with `trainplat model serve`.")
FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 2.0
_ERRORS: dict[int, type[TrainplatError]] = {
    400: BadInput,
    403: Denied,
    404: NotFound,
    405: BadInput,
    409: Conflict,
    413: BadInput,
    415: BadInput,
}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model said."""

    model: str
    """Which version said it, such as ``digits:7``."""
    outputs: Mapping[str, Array]

    @property
    def labels(self) -> list[str]:
        """The likeliest label of each sample, or its marks; none of a model without classes."""
        for name in ("label", "answer"):
            if name in self.outputs:
                return [str(one) for one in self.outputs[name]]
        return []

    @property
    def words(self) -> list[str]:
        """What it says of each sample as people read it: the label, or of another model all it says."""
        if labels := self.labels:
            return labels
        rows = zip(*(values.tolist() for values in self.outputs.values()), strict=True)
        names = list(self.outputs)
        return [
            str(row[0]) if len(names) == 1 else ", ".join(map("{}={}".format, names, row)) for row in rows
        ]

    @property
    def sureness(self) -> list[float | None]:
        """How sure the model is of each sample, 0 to 1; None of a model that does not say."""
        if "sureness" in self.outputs:
            return [float(one) for one in self.outputs["sureness"]]
        if "probabilities" in self.outputs:
            return [float(one) for one in self.outputs["probabilities"].max(axis=-1)]
        return [None] * len(next(iter(self.outputs.values())))


@dataclass(frozen=True)
class Metadata:
    """What a model takes and gives."""

    model: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    classes: tuple[str, ...] = ()
    """What the columns of its probabilities stand for; none where it has none."""


class ModelClient:
    """Asks the server of a home, or one at an address.

    ``client.ask("digits:champion", images)``: of ``digits`` alone the endpoint answers, a canary too; of a
    tag the version that it stands for when it is asked. One that reached no model is sent again: while the
    server restarts, when a connection breaks, when it says that it has too much to do.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        home: Home | None = None,
        patience_s: float = PATIENCE_S,
        timeout_s: float = TIMEOUT_S,
    ):
        self._home = home or Home.from_environment()
        self._given = address
        self._patience_s = patience_s
        self._http = httpx.Client(timeout=timeout_s, trust_env=False)

    def __enter__(self) -> "ModelClient":
        """Close its connections at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._http.close()

    def ask(
        self,
        reference: str,
        samples: Array | Mapping[str, Array] | Sequence[Any],
        outputs: Sequence[str] = (),
    ) -> Answer:
        """What a model says about samples: one array, or one for each input. ``outputs``: those that are
        wanted, where that is not all.

        Raises :class:`NotFound` for a model that does not exist, :class:`BadInput` for samples that it cannot
        take, and :class:`Unavailable` where nobody answers for long.
        """
        given = samples if isinstance(samples, Mapping) else {"samples": np.asarray(samples)}
        told = {"inputs": [_written(name, np.asarray(values)) for name, values in given.items()]}
        if outputs:
            told["outputs"] = [{"name": name} for name in outputs]
        answered = self._asked("POST", f"/v2/models/{_path(reference)}/infer", told)
        said = {one["name"]: _read(one) for one in answered.json()["outputs"]}
        return Answer(answered.headers["x-trainplat-model"], said)

    def metadata(self, reference: str) -> Metadata:
        """What a model takes and gives; it is loaded for that. Raises what :meth:`ask` raises."""
        answered = self._asked("GET", f"/v2/models/{_path(reference)}")
        told = answered.json()
        return Metadata(
            answered.headers["x-trainplat-model"],
            _specs(told["inputs"]),
            _specs(told["outputs"]),
            tuple(told.get("parameters", {}).get("classes", ())),
        )

    def status(self) -> dict[str, Any]:
        """What runs in the server. Raises :class:`Unavailable` where none answers."""
        told: dict[str, Any] = self._asked("GET", "/status").json()
        return told

    def unload(self, reference: str) -> list[str]:
        """Let a version go; which ones went. A deployed one comes back with its next request."""
        path = f"/v2/repository/models/{_path(reference)}/unload"
        return [str(one) for one in self._asked("POST", path, {}).json()["unloaded"]]

    @property
    def address(self) -> str | None:
        """Where the server is that is asked now; None where none runs."""
        return self._address()

    def _asked(self, method: str, path: str, told: Any = None) -> httpx.Response:
        deadline = time.monotonic() + self._patience_s
        wait_s = FIRST_WAIT_S
        while True:
            problem, waits_s = self._try(method, path, told)
            if isinstance(problem, httpx.Response):
                return problem
            if time.monotonic() + waits_s > deadline:
                raise problem
            time.sleep(max(waits_s, wait_s * random.uniform(0.5, 1.0)))  # noqa: S311 - no secret
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)

    def _try(self, method: str, path: str, told: Any) -> tuple[httpx.Response | TrainplatError, float]:
        """The answer; or what went wrong, and how long to wait before it is tried again."""
        address = self._address()
        if address is None:
            return _nobody(NO_SERVER), 0.0
        try:
            answered = self._http.request(method, f"{address}{path}", json=told)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as problem:
            raise BadInput(
                f"{address!r} is no address of a model server: {problem}",
                "Give one such as http://127.0.0.1:8600.",
            ) from problem
        except httpx.TimeoutException:
            return Unavailable(
                f"the model server at {address} takes connections and has not answered",
                "See its log, logs/serving.log of the home; `trainplat model stop --server` ends it.",
            ), 0.0
        except httpx.TransportError as problem:
            return _nobody(f"the model server at {address} does not answer: {problem}"), 0.0
        if answered.status_code < 400:
            return answered, 0.0
        problem_ = _problem(answered)
        if answered.status_code == 503:
            return problem_, float(answered.headers.get("retry-after", 0.0))
        raise problem_

    def _address(self) -> str | None:
        if self._given is not None:
            return self._given.rstrip("/")
        if (told := self._home.addresses().serving) is not None:
            return told.rstrip("/")
        found = running(self._home)
        return None if found is None else found.address


def _path(reference: str) -> str:
    """The reference in an address: without a tag the endpoint is meant, which may answer by a canary."""
    meant = parse_reference(reference)
    if ":" not in reference and "+" not in reference:
        return quote(meant.name)
    return quote(_tagged(meant), safe=":+")


def _tagged(meant: ModelReference) -> str:
    return f"{meant.name}:{meant.tag}" + (f"+{meant.variant}" if meant.variant else "")


def _written(name: str, values: Array) -> dict[str, Any]:
    datatype = datatype_of(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise BadInput(
            f"input {name!r} holds values that are infinite or no number, which JSON cannot say",
            "Leave these samples out, or put a number in their place.",
        )
    if values.dtype.kind not in "biufUO" or not all(isinstance(one, str) for one in _objects(values)):
        raise BadInput(
            f"input {name!r} is an array of {values.dtype}; expected numbers or texts",
            "Make an array of one type, with as many values in each sample.",
        )
    return {"name": name, "shape": list(values.shape), "datatype": datatype, "data": values.ravel().tolist()}


def _objects(values: Array) -> list[Any]:
    return values.ravel().tolist() if values.dtype.kind == "O" else []


def _read(told: dict[str, Any]) -> Array:
    kind = DATATYPES[told["datatype"]]
    if told["datatype"] == BYTES:
        texts = np.empty(len(told["data"]), dtype=object)
        texts[:] = told["data"]
        return texts.reshape(told["shape"])
    return np.array(told["data"], dtype=kind).reshape(told["shape"])


def _specs(told: list[dict[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            one["name"],
            one["datatype"],
            tuple(one["shape"]),
            bool(one.get("parameters", {}).get("optional", False)),
        )
        for one in told
    )


def _nobody(problem: str) -> Unavailable:
    return Unavailable(problem, START_ONE)


def _problem(answered: httpx.Response) -> TrainplatError:
    kind = _ERRORS.get(answered.status_code, Unavailable)
    try:
        told = answered.json()
        return kind(told["error"], told["next"] or "See the log of the server.")
    except (ValueError, KeyError):
        text = f"the model server answered {answered.status_code}: {answered.text[:200]}"
        return kind(text, "See the log of the server.")
