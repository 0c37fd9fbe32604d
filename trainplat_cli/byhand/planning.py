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
from trainplat_cli.failing import KINDS, failure_of
from trainplat_cli.texts import _

CODE = "trainplat_assets.definitions"
PROGRAM = "trainplat_assets.by_hand_program"
PARTITION_TAG, RUN_KEY_TAG = "dagster/partition", "dagster/run_key"
STDERR = 2


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
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    try:
        document = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Unavailable(
            _("the planning ended with exit code {code} and said nothing").format(code=done.returncode),
            _("What it wrote above says why. Mend that, then run the same thing again."),
        ) from None
    if "problem" in document:
        raise KINDS.get(document["code"], TrainplatError)(document["problem"], document["next"])
    return Plan(document)


def be_the_round(home: Home, planned: Plan) -> None:
    """Run the round in a process below this one: without daemon and queue, under a lease of its own.

    A stack that is started meanwhile takes it for the first attempt.
    """
    from trainplat_cli.supervisor.prepare import link_instance

    link_instance(home)
    tags = {
        PARTITION_TAG: planned.version,
        RUN_KEY_TAG: f"{planned.dataset}:{planned.version}:1",
    }
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", CODE]
    command += ["-j", f"{planned.dataset}_round", "--tags", json.dumps(tags)]
    done = subprocess.run(
        command,
        env={**os.environ, HOME_VARIABLE: str(home.path), "DAGSTER_HOME": str(home.dagster)},
        stdout=STDERR,  # its log is no result
        check=False,
    )
    if done.returncode:
        said = _("the round of {version} failed").format(version=planned.version)
        raise failure_of(home, f"{planned.dataset}_round", said)
