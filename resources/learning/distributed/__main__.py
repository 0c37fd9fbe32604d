"""``python -m resources.learning.distributed PLAN.json FOLDER``: train, each event told as a line of JSON.

SIGTERM or Ctrl-C ask it to write a checkpoint and end. The exit code is 0 where all steps are done, and 75,
as in sysexits.h for what may be tried again later, where it was stopped before.
"""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event as Flag

from resources.errors import BadInput, TrainplatError
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.logs import LogLine
from resources.learning.distributed.plan import read_plan
from resources.learning.distributed.progress import Event, line_of
from resources.learning.distributed.watching import Patience, run

STOPPED = 75


def main(arguments: list[str] | None = None) -> int:
    """Train by a plan on this machine."""
    asked = _parser().parse_args(arguments)
    stop = Flag()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        done = run(
            Launch(
                read_plan(_text_of(asked.plan)),
                asked.folder,
                asked.processes,
                asked.device,
                asked.restarts,
                asked.threads,
            ),
            patience=Patience(hang_s=asked.hang_s, hangs=asked.hangs, grace_s=asked.grace_s),
            tell=_tell,
            log=_pass_on,
            is_to_stop=stop.is_set,
        )
    except TrainplatError as problem:
        sys.stderr.write(f"{problem}\n")
        return int(problem.exit_code)
    return 0 if done else STOPPED


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"plan {path} cannot be read: {problem.strerror}", "Name a file.") from problem
    except UnicodeDecodeError as problem:
        raise BadInput(f"plan {path} is no text in UTF-8: {problem}", "Save it as UTF-8.") from problem


def _tell(event: Event) -> None:
    print(line_of(event), flush=True)  # noqa: T201


def _pass_on(line: LogLine) -> None:
    if line.stream == "stderr":
        sys.stderr.write(f"[{line.process}] {line.text}\n")


def _parser() -> argparse.ArgumentParser:
    usual = Patience()
    parser = argparse.ArgumentParser(prog="python -m resources.learning.distributed", description=__doc__)
    parser.add_argument("plan", type=Path, help="a plan, as JSON")
    parser.add_argument("folder", type=Path, help="where it keeps everything, and goes on from")
    parser.add_argument("--processes", type=int, default=1, help="one for each device")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--restarts", type=int, default=3, help="after one of its processes died")
    parser.add_argument("--hangs", type=int, default=usual.hangs, help="restarts after it hung")
    parser.add_argument("--hang-s", type=float, default=usual.hang_s, help="what counts as hanging")
    parser.add_argument("--grace-s", type=float, default=usual.grace_s, help="time for the last checkpoint")
    return parser


if __name__ == "__main__":
    sys.exit(main())
