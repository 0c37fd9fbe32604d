"""Where models are pulled from: this home's own MLflow, or a server by its address."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import Any, Protocol

from resources.errors import BadInput, NotFound, Unavailable
from resources.registry.client import VERSION_TAG, WEIGHTS_FILE, WEIGHTS_TAG
from resources.registry.facts import facts_of
from resources.registry.model import ModelVersion
from resources.serving.references import ModelReference
from resources.terms import DatasetName

SIGNATURE_FILE = "MLmodel"
CHUNK_BYTES = 256 * 1024
TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Found:
    """A version that can be pulled."""

    name: DatasetName
    number: int
    dataset_version: str
    weights_sha256: str
    config: bytes
    """How it was made, as JSON."""


@dataclass(frozen=True)
class Piece:
    """A piece of a file that comes."""

    at: int
    """Which byte of the file it begins with."""
    content: bytes
    total_bytes: int
    """Of the file, as far as that is known."""


class Origin(Protocol):
    """Where versions and their files are."""

    address: str
    """The server; empty for this home's own."""

    def read(self, found: Found, path: str) -> bytes:
        """A small file of a version, whole."""

    def stream(self, found: Found, path: str, begin: int) -> Iterator[Piece]:
        """A large file of a version from byte ``begin`` on."""


class FolderOrigin:
    """Files that lie in this home."""

    address = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, found: Found, path: str) -> bytes:  # noqa: ARG002
        """The file."""
        return (self.folder / path).read_bytes()

    def stream(self, found: Found, path: str, begin: int) -> Iterator[Piece]:  # noqa: ARG002
        """The file, in pieces."""
        with (self.folder / path).open("rb") as file:
            total = file.seek(0, SEEK_END)
            file.seek(begin)
            while piece := file.read(CHUNK_BYTES):
                yield Piece(begin, piece, total)
                begin += len(piece)


class ServerOrigin:
    """An MLflow server. Each question raises :class:`Unavailable` when it does not answer."""

    def __init__(self, address: str, *, is_own: bool = False) -> None:
        self.server = address.rstrip("/")
        self.address = "" if is_own else self.server
        if not self.server.startswith(("http://", "https://")):
            raise BadInput(
                f"MLflow server {address!r} is no address; expected http:// or https:// with a host",
                "Give it such as http://mlflow.example:5000.",
            )

    def find(self, reference: ModelReference) -> Found:
        """The version that is meant. Raises :class:`NotFound` where the server has none."""
        name, tag = reference.name, reference.tag
        if tag.isdecimal():
            version = self._asked("model-versions/get", name=name, version=tag)
        elif tag.startswith("v") and tag[1:].replace(".", "").isdecimal():
            wanted = f"name = '{name}' and tags.{VERSION_TAG} = '{tag}'"
            answer = self._asked("model-versions/search", filter=wanted)
            version = _newest((answer or {}).get("model_versions", []))
        else:
            version = self._asked("registered-models/alias", name=name, alias=tag)
        told = None if version is None else version.get("model_version", version)
        if told is None:
            raise NotFound(
                f"MLflow at {self.server} has no model {name} with the version or alias {tag!r}",
                f"Look at {self.server}/#/models/{name}, and name a number, an alias, or a data version.",
            )
        tags = {one["key"]: one["value"] for one in told.get("tags", [])}
        if WEIGHTS_TAG not in tags:
            raise BadInput(
                f"version {told['version']} of {name} at {self.server} was not registered by trainplat: it "
                f"has no tag {WEIGHTS_TAG}",
                "Pull a version that a data set's loop trained.",
            )
        config = config_of(name, int(told["version"]), tags.get(VERSION_TAG, ""), tags, self._params(told))
        return Found(name, int(told["version"]), tags.get(VERSION_TAG, ""), tags[WEIGHTS_TAG], config)

    def read(self, found: Found, path: str) -> bytes:
        """The file."""
        return b"".join(piece.content for piece in self.stream(found, path, 0))

    def stream(self, found: Found, path: str, begin: int) -> Iterator[Piece]:
        """The file, in pieces; from its beginning where the server cannot begin later."""
        import httpx

        headers = {"Range": f"bytes={begin}-"} if begin else {}
        query = {"name": found.name, "version": str(found.number), "path": path}
        try:
            with httpx.stream(
                "GET",
                f"{self.server}/model-versions/get-artifact",
                params=query,
                headers=headers,
                timeout=TIMEOUT_S,
            ) as answer:
                if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return  # all of it is there
                if not answer.is_success:
                    raise Unavailable(
                        f"MLflow at {self.server} does not give {path} of {found.name} {found.number}: "
                        f"HTTP {answer.status_code}",
                        "Look at its log; the model's files may be gone from where they were.",
                    )
                at = begin if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
                total = at + int(answer.headers.get("Content-Length", "0"))
                for piece in answer.iter_bytes(CHUNK_BYTES):
                    yield Piece(at, piece, max(total, at + len(piece)))
                    at += len(piece)
        except httpx.HTTPError as problem:
            raise self._down(problem) from problem

    def _params(self, version: dict[str, Any]) -> dict[str, str]:
        run = version.get("run_id")
        answer = self._asked("runs/get", run_id=run) if run else None
        data = (answer or {}).get("run", {}).get("data", {})
        return {one["key"]: one["value"] for one in data.get("params", [])}

    def _asked(self, what: str, **query: str) -> dict[str, Any] | None:
        """What the server answers; None for what it does not have."""
        import httpx

        try:
            answer = httpx.get(f"{self.server}/api/2.0/mlflow/{what}", params=query, timeout=TIMEOUT_S)
        except httpx.HTTPError as problem:
            raise self._down(problem) from problem
        if answer.is_success:
            return dict(answer.json())
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.BAD_REQUEST):
            return None
        raise Unavailable(
            f"MLflow at {self.server} refused: HTTP {answer.status_code} {answer.text[:200]}",
            "Look at its log, then pull again.",
        )

    def _down(self, problem: Exception) -> Unavailable:
        return Unavailable(
            f"MLflow at {self.server} does not answer: {problem}",
            "See whether it runs, then pull again: what has come is kept.",
        )


def found_here(model: ModelVersion) -> Found:
    """A version of this home."""
    tags = {VERSION_TAG: model.dataset_version, WEIGHTS_TAG: model.weights_sha256, **model.facts.tags}
    config = config_of(model.dataset, model.number, model.dataset_version, tags, {})
    return Found(model.dataset, model.number, model.dataset_version, model.weights_sha256, config)


def config_of(
    name: DatasetName, number: int, dataset_version: str, tags: dict[str, str], params: dict[str, str]
) -> bytes:
    """How a model was made, the same each time it is written."""
    facts = facts_of(tags)
    said = {
        "name": name,
        "number": number,
        "dataset_version": dataset_version,
        "weights_sha256": tags[WEIGHTS_TAG],
        "weights_file": WEIGHTS_FILE,
        "parent": facts.parent,
        "method": facts.method,
        "seed": facts.seed,
        "code_version": facts.code_version,
        "params": params,
    }
    return json.dumps(said, indent=2, sort_keys=True).encode()


def _newest(versions: list[dict[str, Any]]) -> dict[str, Any] | None:
    return max(versions, key=lambda one: int(one["version"]), default=None)
