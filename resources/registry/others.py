"""Models that others registered in MLflow, in any of its flavours: found by number or alias, fetched whole.

A home keeps what it fetched, and what a tag stood for, so that they are there while MLflow is down.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from filelock import FileLock

from resources.errors import NotFound, Unavailable
from resources.files import write_atomically
from resources.registry.client import CHAMPION, DATABASE, Mlflow
from resources.registry.rest import UNKNOWN, ask

FETCH_S = 600.0
MOST_LISTED = 200
"""So many versions of a model are listed, the newest."""


@dataclass(frozen=True)
class OtherVersion:
    """A model version that no round of the platform made."""

    name: str
    number: int
    aliases: tuple[str, ...] = ()
    registered_at: datetime | None = None
    """None, as all that follows is empty, where MLflow was not asked."""
    by: str = ""
    description: str = ""
    source: str = ""
    mlflow_run_id: str = ""

    @property
    def uri(self) -> str:
        """How MLflow calls it."""
        return f"models:/{self.name}/{self.number}"


class OtherModels(Mlflow):
    """Those of the home's MLflow."""

    def number_of(self, name: str, tag: str) -> int | None:
        """The version with a number or an alias; None where MLflow has no model of this name.

        Raises :class:`NotFound`, which names what there is, for an unknown tag, and :class:`Unavailable`
        while MLflow is down and nobody asked for this one before.
        """
        tags = self._folder(name) / "tags.json"
        known: dict[str, int] = json.loads(tags.read_text()) if tags.exists() else {}
        try:
            number = self._asked_number(name, tag)
        except Unavailable:
            if tag in known:
                return known[tag]
            raise
        if number is not None and known.get(tag) != number:
            write_atomically(tags, json.dumps(known | {tag: number}).encode())
        return number

    def kept(self, name: str, number: int) -> Path | None:
        """The folder of a version that was fetched before; else None."""
        folder = self._folder(name) / str(number)
        return folder if folder.exists() else None

    def fetched(self, name: str, number: int) -> Path:
        """The folder of a version, which is fetched once. Raises :class:`Unavailable` where it cannot be."""
        folder = self._folder(name) / str(number)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock"), timeout=FETCH_S):
            if not folder.exists():
                part = folder.with_suffix(".part")
                shutil.rmtree(part, ignore_errors=True)
                self._fetch(name, number, part)
                part.rename(folder)
            digest = folder.with_suffix(".sha256")
            if not digest.exists():
                write_atomically(digest, _digest_of(folder).encode())
        return folder

    def digest(self, name: str, number: int) -> str:
        """The SHA-256 of all files of a version that was fetched; empty of one that was not."""
        path = self._folder(name) / f"{number}.sha256"
        return path.read_text() if path.exists() else ""

    def names(self) -> list[str]:
        """All names in MLflow's registry, ours too. Raises :class:`Unavailable` while it is down."""
        if self.server is not None:
            found = self._searched("registered-models/search", "registered_models", {})
            return sorted(str(one["name"]) for one in found)
        path = self.home.mlflow / DATABASE
        if not path.exists():
            return []
        try:  # MLflow itself takes seconds to say this
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as tables:
                rows = tables.execute("SELECT name FROM registered_models ORDER BY name").fetchall()
        except sqlite3.Error:
            with self._asked() as client:
                return sorted(one.name for one in client.search_registered_models(max_results=MOST_LISTED))
        return [str(name) for (name,) in rows]

    def listed(self, name: str) -> list[OtherVersion]:
        """The versions of a model, the newest first; none where there is no such model.

        Raises :class:`Unavailable` while MLflow is down.
        """
        model = self._model(name)
        if model is None:
            return []
        meant = f"name = '{name}'"
        if self.server is not None:
            wanted = {"filter": meant, "max_results": MOST_LISTED}
            found = self._searched("model-versions/search", "model_versions", wanted)
            versions = [_told(one, model[0]) for one in found]
        else:
            with self._asked() as client:
                searched = client.search_model_versions(meant, max_results=MOST_LISTED)
            versions = [_told(dict(one), model[0]) for one in searched]
        return sorted(versions, key=lambda one: one.number, reverse=True)[:MOST_LISTED]

    def crown(self, name: str, number: int) -> None:
        """Let MLflow's alias champion be a version; the same again asks nothing of MLflow but what it is.

        Raises :class:`Unavailable` while MLflow is down.
        """
        model = self._model(name)
        if model is None or model[0].get(CHAMPION) == number:
            return
        if self.server is not None:
            told = {"name": name, "alias": CHAMPION, "version": str(number)}
            ask(self.server, "POST", "registered-models/alias", json=told)
            return
        with self._asked() as client:
            client.set_registered_model_alias(name, CHAMPION, str(number))

    def _searched(self, path: str, field: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
        page: dict[str, str] = {}
        while self.server is not None:
            told = ask(self.server, "GET", path, params={**wanted, **page}) or {}
            yield from told.get(field, [])
            if not told.get("next_page_token"):
                return
            page = {"page_token": str(told["next_page_token"])}

    def _folder(self, name: str) -> Path:
        return self.home.models / "others" / name

    def _fetch(self, name: str, number: int, into: Path) -> None:
        """What lies here is copied; else a process of its own fetches it: what MLflow imports is heavy."""
        source = self._source(name, str(number))
        if source is None:
            raise NotFound(
                f"model {name}:{number} is not registered any more",
                f"Ask for another version; see `trainplat model list {name}`, and MLflow.",
            )
        address, here = f"models:/{name}/{number}", self.folder_at(source)
        if here is not None:
            shutil.copytree(here, into)
            return
        server = self.server or f"sqlite:///{self.home.mlflow / DATABASE}"
        done = subprocess.run(
            [sys.executable, "-c", _FETCH, address, str(into)],
            env={**os.environ, "MLFLOW_TRACKING_URI": server, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_S,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["no reason was given"]
            raise Unavailable(
                f"{address} cannot be fetched from MLflow: {said[-1][:300]}",
                "See whether MLflow runs and whether the model's files are where it says.",
            )

    def _asked_number(self, name: str, tag: str) -> int | None:
        model = self._model(name)
        if model is None:
            return None
        aliases, newest = model
        if tag in aliases:
            return aliases[tag]
        if tag.isdecimal() and self._source(name, tag) is not None:
            return int(tag)
        there = ", ".join([*sorted(aliases), *map(str, newest)]) or "none"
        raise NotFound(
            f"model {name} of MLflow has no version or alias {tag!r}; there is {there}",
            f"Ask for one of these, such as {name}:{next(iter(newest), 1)}.",
        )

    def _model(self, name: str) -> tuple[dict[str, int], list[int]] | None:
        """Its aliases, and the numbers of its newest versions."""
        if self.server is not None:
            told = ask(self.server, "GET", "registered-models/get", params={"name": name})
            if told is None:
                return None
            model = told["registered_model"]
            aliases = {one["alias"]: int(one["version"]) for one in model.get("aliases", [])}
            return aliases, [int(one["version"]) for one in model.get("latest_versions", [])]
        if not (self.home.mlflow / DATABASE).exists():
            return None
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                found = client.get_registered_model(name)
            except MlflowException as problem:
                if problem.error_code in UNKNOWN:
                    return None
                raise
            versions = client.search_model_versions(f"name = '{name}'", max_results=8)
        aliases = {alias: int(number) for alias, number in found.aliases.items()}
        return aliases, sorted((int(one.version) for one in versions), reverse=True)

    def _source(self, name: str, number: str) -> str | None:
        """Where MLflow has the files of a version; None where there is no such version."""
        if self.server is not None:
            told = ask(self.server, "GET", "model-versions/get", params={"name": name, "version": number})
            return None if told is None else str(told["model_version"].get("source", ""))
        from mlflow.exceptions import MlflowException

        with self._asked() as client:
            try:
                return str(client.get_model_version(name, number).source)
            except MlflowException as problem:
                if problem.error_code in UNKNOWN:
                    return None
                raise


def _told(one: dict[str, Any], aliases: dict[str, int]) -> OtherVersion:
    number, at_ms = int(one["version"]), one.get("creation_timestamp")
    return OtherVersion(
        str(one["name"]),
        number,
        tuple(sorted(alias for alias, stands_for in aliases.items() if stands_for == number)),
        None if at_ms is None else datetime.fromtimestamp(int(at_ms) / 1e3, UTC),
        str(one.get("user_id") or ""),
        str(one.get("description") or ""),
        str(one.get("source") or ""),
        str(one.get("run_id") or ""),
    )


def _digest_of(folder: Path) -> str:
    """Of the names and digests of all files, in the order of the names."""
    whole = sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            content = file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


_FETCH = """
import sys
from mlflow.artifacts import download_artifacts
from pathlib import Path
address, into = sys.argv[1:]
Path(into).mkdir(parents=True)
found = Path(download_artifacts(artifact_uri=address, dst_path=into)).resolve()
if found != Path(into).resolve():
    for one in list(found.iterdir()):
        one.rename(Path(into) / one.name)
"""
