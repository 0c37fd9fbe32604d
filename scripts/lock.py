"""Rewrite the lock files: ``make lock``, or ``python3.11 -m scripts.lock``.

Versions stay as they are unless they are asked to move or a bound no longer allows them.
"""

import argparse
import os
import re
from pathlib import Path

from scripts.checkout import LABEL_STUDIO, PLATFORM, ROOT, Environment, run, say, stop
from scripts.indexes import pip_settings, uv_environment

HEADERS = {
    PLATFORM.lock: "# The environment of trainplat: make lock writes this file, make setup installs it.",
    LABEL_STUDIO.lock: "# The environment of Label Studio, kept apart because its pins clash: "
    "make lock writes this file.",
}


def main() -> None:
    """Resolve both environments anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="move every package to its newest version")
    parser.add_argument("--upgrade-package", action="append", default=[], metavar="NAME")
    asked = parser.parse_args()
    options = ["--upgrade"] if asked.upgrade else []
    options += [option for name in asked.upgrade_package for option in ("--upgrade-package", name)]
    write_lock(PLATFORM, ["pyproject.toml", "--extra", "dev", *options])
    write_lock(LABEL_STUDIO, ["locks/label-studio.in", *options])


def write_lock(environment: Environment, options: list[str]) -> None:
    """Resolve one environment; its present lock says which versions to prefer."""
    settings = pip_settings(str(PLATFORM.python))
    draft = environment.lock.with_suffix(".draft")
    if environment.lock.exists():
        # uv prefers versions to the letter, and the lock leaves out which build of torch it was.
        draft.write_text(re.sub(r"(?m)^(torch==[\d.]+)$", r"\1+cpu", environment.lock.read_text()))
    # Of torch the build without CUDA is resolved: the other one's libraries depend on a machine's driver.
    backend = (
        [] if settings.get("find-links") or "UV_TORCH_BACKEND" in os.environ else ["--torch-backend=cpu"]
    )
    form = [
        "--python-version",
        "3.11",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--output-file",
        str(draft),
    ]
    try:
        run(
            [str(PLATFORM.folder / "bin/uv"), "pip", "compile", *options, *form, *backend],
            environment=uv_environment(settings, os.environ),
        )
        resolved = draft.read_text()
        if "\nnvidia-cublas" in resolved:
            stop(
                "torch was resolved to a build for NVIDIA cards, whose libraries do not belong into the lock",
                "Tell pip where the build without CUDA is (PIP_FIND_LINKS), or set UV_TORCH_BACKEND=cpu.",
            )
        environment.lock.write_text(tidy(resolved, environment.lock))
    finally:
        draft.unlink(missing_ok=True)
    say(f"{environment.lock.relative_to(ROOT)} written.")


def tidy(resolved: str, lock: Path) -> str:
    """Only names and versions: no place a package came from, no build of torch, under the file's header."""
    pins = [line for line in resolved.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    return "\n".join([HEADERS[lock], *(re.sub(r"\+cpu\b", "", line) for line in pins)]) + "\n"


if __name__ == "__main__":
    main()
