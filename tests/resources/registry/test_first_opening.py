"""The first opening of MLflow's store in a home, which makes its tables."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.home import Home
from resources.registry.client import DATABASE
from resources.registry.training_runs import Sample, TrainingRun, TrainingRuns

OPEN = """
import sys
from pathlib import Path
from resources.home import Home
from resources.registry.client import Mlflow
import mlflow
print("begins", flush=True)
Mlflow(Home(Path(sys.argv[1])))._client()
"""
KILLS = 4
LONGEST_S = 4.0


@pytest.mark.slow
def test_a_kill_while_the_tables_are_made_leaves_all_of_them_or_none(tmp_path: Path, seed: int) -> None:
    home, chance = Home(tmp_path), random.Random(seed)
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, LONGEST_S))
        killed += process.poll() is None and not (home.mlflow / DATABASE).exists()
        process.kill()
        process.communicate()
    run = TrainingRun("stories", "stories/a", "stories/a", "run-a")
    runs = TrainingRuns(home)
    run_id = runs.open(run)
    runs.send(run_id, [Sample("loss", 1.0, 2, datetime.now(UTC))])
    assert runs.open(run) == run_id
    assert killed, "no kill fell while they were made"
