"""Models that others registered in MLflow, in any of its flavours: found by number or alias, fetched whole.

A home keeps what it fetched, and what a tag stood for, so that they are there while MLflow is down.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from resources.errors import NotFound, Unavailable
from resources.files import write_atomically
from resources.registry.client import DATABASE, Mlflow
from resources.registry.rest import UNKNOWN, ask

FETCH_S = 600.0


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
        return folder

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
