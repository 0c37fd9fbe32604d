"""Planning a training by hand, in a process that may know the data sets; and being its round."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.errors import TrainplatError, Unavailable
from resources.home import HOME_VARIABLE, Home
from resources.terms import DatasetName, VersionKey
from trainplat_cli.failing import KINDS
from trainplat_cli.here import run_here
from trainplat_cli.texts import _

PROGRAM = "trainplat_assets.by_hand_program"
PARTITION_TAG, RUN_KEY_TAG = "dagster/partition", "dagster/run_key"


@dataclass(frozen=True)
class Plan:
    """What was planned."""

    document: dict[str, Any]

    @property
    def dataset(self) -> DatasetName:
        """The data set."""
        return DatasetName(self.document["dataset"])

    @property
    def version(self) -> VersionKey:
        """The version that takes the labels up."""
        return VersionKey(self.document["version"])

    @property
    def is_trained(self) -> bool:
        """Whether a training belongs to it: not where the labels were known already."""
        return bool(self.document["outcome"] != "known")


def plan(home: Home, dataset: str, base: str, labels: Path) -> Plan:
    """Plan it. Raises what the planning does, in its own kind of error."""
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, dataset, base, str(labels.absolute())],
        env={**os.environ, HOME_VARIABLE: str(home.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        document = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        sys.stderr.write(done.stderr)
        raise Unavailable(
            _("the planning ended with exit code {code} and said nothing").format(code=done.returncode),
            _("What it wrote above says why. Mend that, then run the same thing again."),
        ) from None
    if "problem" in document:
        raise KINDS.get(document["code"], TrainplatError)(document["problem"], document["next"])
    return Plan(document)


def be_the_round(home: Home, planned: Plan, *, verbose: bool = False) -> None:
    """Run the round here: a stack that is started meanwhile takes it for the first attempt."""
    tags = {PARTITION_TAG: planned.version, RUN_KEY_TAG: f"{planned.dataset}:{planned.version}:1"}
    said = _("the round of {version} failed").format(version=planned.version)
    run_here(home, f"{planned.dataset}_round", said, tags=tags, verbose=verbose)
