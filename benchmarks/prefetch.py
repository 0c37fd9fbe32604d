"""What it gains to bring a version back while a run waits for devices, instead of when the run has them.

The start of a training is the command that gives its version out into a folder. The version lies in packs of
the warm tier: in a folder of the same disk, and in a bucket of S3 that a server on this machine serves. Both
are as near as a place can be; one over a network is further away, and the gain larger.
"""

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.data.files import make_small
from benchmarks.data.pushing import BUCKET, KEYS, s3_server
from benchmarks.data.tools import Ours
from benchmarks.stack import say

NAME = "prefetch"
DESCRIPTION = (
    "The start of a training whose version lies in the warm tier: the version is given out, process start to "
    "exit, with a prefetch while the run waited, and without. `ratio`: without ÷ with, by turns."
)
PLACES = ("disk", "s3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--files", type=int, default=2_000, help="how many files of 1 to 30 KB it has")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is measured")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds with and without, and their ratio, for each kind of place."""
    found = {"prefetch_files": float(arguments.files)}
    for kind in PLACES:
        with tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
            found |= _measured(kind, Path(folder), arguments.files, arguments.repeat)
    return found


def _measured(kind: str, root: Path, files: int, repeat: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {"with": [], "without": []}
    with _place(kind, root) as (url, environment):
        ours = Ours(root / "home", environment)
        ours.begin()
        make_small(root / "data", files)
        ours.commit(root / "data")
        ours.do("tier", "set", "warm", url)
        ours.do("tier", "pin", "measured", "v1.0", "warm")
        for number in range(2 * repeat):
            how = ("with", "without")[number % 2]
            say(f"{kind}, {how}: {number // 2 + 1} of {repeat}")
            ours.do("tier", "apply")
            if how == "with":
                ours.do("tier", "recall", "measured", "v1.0")
            target = root / "given"
            taken[how].append(ours.do("restore", "measured", "v1.0", "--to", str(target)).wall_s)
            shutil.rmtree(target)
    found = {f"prefetch_{kind}_start_{how}_s": median(each) for how, each in taken.items()}
    return found | {f"prefetch_{kind}_start_ratio": median(taken["without"]) / median(taken["with"])}


@contextmanager
def _place(kind: str, root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Where the warm tier lies, and what leads there."""
    if kind == "disk":
        yield str(root / "warm"), {}
        return
    with s3_server() as (address, _):
        yield f"s3://{BUCKET}/warm", {**KEYS, "AWS_ENDPOINT_URL": address}
