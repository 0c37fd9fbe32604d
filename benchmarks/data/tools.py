"""The two tools, each with a fresh store: ``dvc`` in a repository without git, ours in a home of its own."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data.commands import BIN, Cost, cost_of
from resources.home import Home


@dataclass(frozen=True)
class Dvc:
    """A repository with the data in its folder ``data``."""

    root: Path
    link: str
    """``copy``, ``hardlink`` or ``reflink``."""

    @property
    def data(self) -> Path:
        """The work tree."""
        return self.root / "data"

    @property
    def environment(self) -> Mapping[str, str]:
        """What it remembers lies beside the repository, so that each one begins anew."""
        return {"DVC_SITE_CACHE_DIR": str(self.root / "site"), "DVC_NO_ANALYTICS": "1"}

    def begin(self) -> None:
        """Make the repository."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._do("init", "--no-scm", "-q")
        self._do("config", "core.analytics", "false")
        self._do("config", "cache.type", self.link)

    def add(self) -> Cost:
        """A version of the data."""
        return cost_of([str(BIN / "dvc"), "add", "-q", "data"], self.root, self.environment)

    def checkout(self) -> Cost:
        """The version again, where nothing is."""
        shutil.rmtree(self.data)
        return cost_of([str(BIN / "dvc"), "checkout", "-q", "data.dvc"], self.root, self.environment)

    def _do(self, *arguments: str) -> None:
        subprocess.run([BIN / "dvc", *arguments], cwd=self.root, check=True, env=None)


@dataclass(frozen=True)
class Ours:
    """A home with the tables made."""

    root: Path
    more: Mapping[str, str] = field(default_factory=dict)
    """What else is in its environment."""

    @property
    def objects(self) -> Path:
        """Where its objects lie."""
        return self.root / "data/.cache/files/md5"

    @property
    def environment(self) -> Mapping[str, str]:
        """Its home, on the database in it."""
        return {"TRAINPLAT_HOME": str(self.root), **self.more}

    def begin(self) -> None:
        """Make the home."""
        self.root.mkdir(parents=True)
        database = Home(self.root).database()
        database.migrate()
        database.close()

    def commit(self, data: Path, *, link: bool = False) -> Cost:
        """A version of the data."""
        options = ["--link"] if link else []
        return self.do("commit", "measured", str(data), *options)

    def create_space(self, name: str, *, kind: str, user: str | None = None) -> Cost:
        """A space of the newest version."""
        whose = [] if user is None else ["--user", user]
        return self.do("space", "create", name, "measured", "--kind", kind, *whose)

    def remove_space(self, name: str, user: str | None = None) -> None:
        """Take it away again."""
        whose = [] if user is None else ["--user", user]
        self.do("space", "remove", name, "--yes", *whose)

    def do(self, *arguments: str) -> Cost:
        """Any command of ``trainplat data``."""
        return cost_of([str(BIN / "trainplat"), "data", *arguments], self.root, self.environment)
