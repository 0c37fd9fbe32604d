"""How long the loop itself takes between a person's last answer and the next training."""

import argparse
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.result import spread
from benchmarks.stack import say, temporary_home, trainplat
from resources.data.service import DataService
from resources.home import Home
from resources.labeling.service import LabelingService
from trainplat_assets.datasets import DIGITS

NAME = "latency"
DESCRIPTION = (
    "From the last annotation in Label Studio to the next training queued, and from queued to started, over "
    "the rounds of a demo in an empty home."
)


@dataclass(frozen=True)
class Round:
    """When the things of one round happened."""

    version: str
    last_annotation: datetime
    queued: datetime
    started: datetime
    ended: datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--rounds", type=int, default=5, help="rounds of questions and answers")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Play a demo, then read from the tables of its home when what happened."""
    with temporary_home() as home:
        trainplat(home, "demo", "--once", "--rounds", str(arguments.rounds))
        rounds = _rounds(home)
    for one in rounds:
        say(f"{one.version}: last annotation {one.last_annotation:%H:%M:%S}, queued {one.queued:%H:%M:%S}")
    return {
        "rounds": float(len(rounds)),
        **spread("annotation_to_queued_s", [_seconds(one.last_annotation, one.queued) for one in rounds]),
        **spread("queued_to_started_s", [_seconds(one.queued, one.started) for one in rounds]),
        **spread("started_to_ended_s", [_seconds(one.started, one.ended) for one in rounds]),
    }


def _rounds(path: Path) -> list[Round]:
    from dagster import DagsterInstance, RunsFilter

    os.environ |= {"TRAINPLAT_HOME": str(path), "DAGSTER_HOME": str(path / "dagster")}
    home = Home(path)
    data = DataService(home, home.database())
    answers = LabelingService(home, home.database()).confirmed(DIGITS.name)
    answered = {answer.ref: answer.at for answer in answers}
    found = []
    with DagsterInstance.get() as instance:
        for record in reversed(instance.get_run_records(RunsFilter(job_name=f"{DIGITS.name}_round"))):
            version = data.version(DIGITS.name, record.dagster_run.tags["dagster/partition"]).version
            moments = [answered[label.ref] for label in data.confirmed_labels(DIGITS.name, version)]
            if not moments or record.start_time is None or record.end_time is None:
                continue
            zone = moments[0].tzinfo
            started, ended = (
                datetime.fromtimestamp(moment, tz=zone) for moment in (record.start_time, record.end_time)
            )
            found.append(Round(version, max(moments), record.create_timestamp, started, ended))
    return found


def _seconds(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
