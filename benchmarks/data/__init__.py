"""Versions of data, beside ``dvc``: both as commands, from the start of the process to its end."""

import argparse

NAME = "data"
DESCRIPTION = (
    "Commands on versions beside `dvc` on the same files, by turns in one run. Ratios are dvc's median over "
    "ours: of the CPU time of the whole process tree, of the time on the clock, of the peak of memory. "
    "`first`: a first version; `nochange`, `change1`: nothing, or 1 % of the files changed; `give`: a "
    "version into a space, each object looked at; `space`: a space by overlay, and `space_first` the first "
    "one, which makes the version ready for the others; `merge`: 20,000 entries with 200 edits, beside "
    "dvc-data's merge, in memory; `push1`: a push of 1 % changed files, of 5,000 at most, to a server of S3 "
    "on this machine. `_reflink`: on an XFS file system in a file; by copy and hard link: where temporary "
    "files lie. `over_floor`: our CPU time over that of a bare loop of the same system calls. Files "
    "are 1 to 30 KB and cannot be compressed."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--files", type=int, default=10_000, help="how many small files; 0 leaves them out")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is measured")
    parser.add_argument("--large", action="store_true", help="4 files of 512 MB each too")


def variant(arguments: argparse.Namespace) -> str:
    """What tells two results apart."""
    return f"files {arguments.files}" + (" large" if arguments.large else "")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Measure. What this machine cannot do (overlays, another user, a loop device) is left out."""
    from benchmarks.data.contest import contest
    from benchmarks.data.large import large_contest
    from benchmarks.data.pushing import push_contest

    metrics: dict[str, float] = {}
    if arguments.files:
        metrics |= contest(arguments.files, arguments.repeat)
        metrics |= push_contest(arguments.files)
    if arguments.large:
        metrics |= large_contest(arguments.repeat)
    return metrics
