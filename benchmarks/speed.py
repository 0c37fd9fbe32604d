"""How fast the arbiter is on 1,213 nodes with 6,212 devices: alone, and through service and database."""

import argparse
import resource
import tempfile
from pathlib import Path

from benchmarks.scale.cluster import asks, inventory_of, nodes
from benchmarks.scale.decisions import decision_metrics
from benchmarks.scale.ledger import BURST, LINE, PASSES, ledger_metrics
from benchmarks.scale.postgres import programs, server
from benchmarks.stack import say
from benchmarks.traces import openb
from resources.database.engine import Database, sqlite_url

NAME = "speed"
DESCRIPTION = (
    "Decisions one at a time on 1,213 nodes with 6,212 devices (`cold`: first of each shape), a pass over "
    "10,000 that wait for a full cluster (`granting`: for one that has room for some), and 1,000 requests "
    "from their submission to leases that can be claimed, through the service, on SQLite and, where it is "
    "installed, on PostgreSQL. Synthetic nodes and pods of the kind of openb, or its files as for packing; "
    "`start` measures the way through Dagster."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--nodes", type=Path, help="the nodes of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--pods", type=Path, help="a pod list of openb, plain or .gz (default: synthetic)")
    parser.add_argument("--decisions", type=int, default=2000, help="how many decisions are timed one by one")


def variant(arguments: argparse.Namespace) -> str:
    """The name of the pod list, as for packing."""
    return openb.variant(arguments.pods)


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure all of it, one after the other."""
    specs = openb.read_nodes(arguments.nodes) if arguments.nodes else nodes()
    pods = openb.read_pods(arguments.pods) if arguments.pods else openb.synthetic_pods()
    metrics = decision_metrics(pods, specs, arguments.decisions)
    say(f"decision p99: {metrics['decision_p99_ms']:.2f} ms")
    wanted, inventory = asks(pods, 2 + PASSES + BURST + BURST // 10 + 2 * LINE), inventory_of(specs)
    with tempfile.TemporaryDirectory(prefix="trainplat-bench-") as folder:
        database = Database(sqlite_url(Path(folder) / "ledger.db"))
        metrics |= ledger_metrics(database, inventory, wanted, "sqlite")
        database.close()
    say(f"1,000 requests on SQLite: {metrics['submit_to_bound_1000_sqlite_s']:.2f} s")
    installed = programs()
    if installed is None:
        say("PostgreSQL is not installed; its numbers are left out")
    else:
        with server(installed) as url:
            database = Database(url)
            metrics |= ledger_metrics(database, inventory, wanted, "postgresql")
            database.close()
        say(f"1,000 requests on PostgreSQL: {metrics['submit_to_bound_1000_postgresql_s']:.2f} s")
    metrics["memory_peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return metrics
