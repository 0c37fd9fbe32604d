"""``python -m benchmarks``: list, run one, run all, or write ``docs/benchmarks.md`` from what is kept."""

import argparse
import json
import subprocess
import sys

from benchmarks.catalogue import NAMES, benchmark
from benchmarks.report import write_report
from benchmarks.result import Machine, make_result

ALL = (
    ["startup"],
    ["start"],
    ["demo"],
    ["demo", "--clone"],
    ["latency"],
    ["loop", "--tasks", "2000"],
    ["loop", "--tasks", "10000"],
    ["loop", "--tasks", "100000", "--resume"],
    ["accuracy"],
    ["accuracy", "--method", "derpp"],
    ["accuracy", "--method", "naive"],
    ["active"],
    ["active", "--label-studio"],
    ["continual"],
    ["flipped"],
    ["flipped_answers"],
    ["structure"],
    ["packing"],
    ["queue"],
    ["churn"],
    ["fairness"],
    ["speed"],
    ["forecast"],
    ["data", "--files", "10000"],
    ["data", "--files", "100000"],
    ["data", "--files", "0", "--large"],
    ["near_duplicates"],
    ["prefetch"],
    ["training"],
    ["autoscale"],
    ["comparison"],
    ["serving"],
)
"""What ``all`` runs, each in a process of its own."""


def main() -> None:
    """Run what the command line asks for."""
    asked = _parser().parse_args()
    if asked.command == "list":
        _list(as_json=asked.json)
    elif asked.command == "run":
        _run(asked)
    elif asked.command == "all":
        for arguments in ALL:
            subprocess.run([sys.executable, "-m", "benchmarks", "run", *arguments, "--keep"], check=True)
    else:
        write_report()


def _list(*, as_json: bool) -> None:
    described = {name: benchmark(name).DESCRIPTION for name in NAMES}
    if as_json:
        print(json.dumps([{"name": name, "description": text} for name, text in described.items()]))
        return
    for name, text in described.items():
        print(f"{name:<15} {text}")


def _run(asked: argparse.Namespace) -> None:
    machine = Machine.here()
    chosen = benchmark(asked.name)
    metrics = chosen.run(asked)
    result = make_result(asked.name, _variant(asked), metrics, machine)
    if asked.keep:
        result.path.parent.mkdir(exist_ok=True)
        result.path.write_text(result.as_json(indent=2) + "\n")
        print(f"kept in {result.path}", file=sys.stderr)
    if not asked.json:
        for name, value in result.metrics.items():
            print(f"{name:<40} {value:g}")
        return
    print(result.as_json())


def _variant(asked: argparse.Namespace) -> str:
    """Only what changes what is measured tells variants apart; how often it is measured does not."""
    named = getattr(benchmark(asked.name), "variant", None)
    if named:
        return str(named(asked))
    if getattr(asked, "clone", False):
        return "clone"
    if getattr(asked, "trace", None):
        return str(asked.trace.name.partition(".")[0])
    return f"tasks {asked.tasks}" if getattr(asked, "tasks", None) else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="the benchmarks there are")
    listed.add_argument("--json", action="store_true", help="as one JSON list")
    commands.add_parser("all", help="run each and keep its result")
    commands.add_parser("report", help="write docs/benchmarks.md from the results that are kept")
    run = commands.add_parser("run", help="run one").add_subparsers(dest="name", required=True)
    for name in NAMES:
        one = run.add_parser(name, help=benchmark(name).DESCRIPTION.replace("%", "%%"))
        one.add_argument("--json", action="store_true", help="the last line is one JSON object")
        one.add_argument("--keep", action="store_true", help="keep the result in benchmarks/results")
        benchmark(name).add_arguments(one)
    return parser


if __name__ == "__main__":
    main()
