"""A pipeline as its file declares it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from resources.pipelines.catalogue import Template
from resources.pipelines.specs.common import Spec

SHORT = 12
"""Characters of a hash that people are shown."""


@dataclass(frozen=True)
class Pipeline:
    """What one file says. Comments and order of lines are no part of it."""

    name: str
    template: Template
    spec: Spec
    text: str
    path: Path | None = None

    @property
    def content_hash(self) -> str:
        """Another one for each change of what the file says."""
        said = {"template": self.template.name, "spec": self.spec.model_dump(mode="json")}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:SHORT]

    @property
    def job(self) -> str:
        """The job that runs it."""
        return f"{self.name}_round" if self.template.name == "loop" else f"{self.name}_pipeline"
