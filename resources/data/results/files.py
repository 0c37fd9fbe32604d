"""What a result snapshot holds, as files: pure."""

import csv
import io
import json
from collections.abc import Mapping

from resources.data.results.model import TrainingResult

WEIGHTS, MEMORY, METRICS, CONFIGURATION, LOG = (
    "model/weights.pt",
    "model/memory.bin",
    "metrics.csv",
    "configuration.json",
    "logs/training.log",
)


def files_of(result: TrainingResult) -> Mapping[str, bytes]:
    """The files by path. The same result gives the same bytes."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", "step", "value"])
    writer.writerows(result.metrics)
    told = {
        "dataset": result.dataset,
        "dataset_version": result.version,
        "branch": result.branch,
        "snapshot": result.snapshot_id,
        "run": result.run_id,
        **result.configuration,
    }
    memory = {} if result.memory is None else {MEMORY: result.memory}
    return memory | {
        WEIGHTS: result.weights,
        METRICS: table.getvalue().encode(),
        CONFIGURATION: (json.dumps(told, indent=2, sort_keys=True) + "\n").encode(),
        LOG: result.log.encode(),
    }
