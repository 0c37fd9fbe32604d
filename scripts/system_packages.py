"""Programs that tests need and pip does not have: ``python3.11 -m scripts.system_packages``.

As root they are installed; else they are named in one line, and the tests that need them are skipped.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from scripts.checkout import say


def _has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


PACKAGES: dict[str, Callable[[], bool]] = {
    "btrfs-progs": lambda: shutil.which("mkfs.btrfs") is not None,
    "chromium": lambda: shutil.which("chromium") is not None,
    "fontconfig": lambda: shutil.which("fc-list") is not None,
    "fonts-noto-cjk": _has_chinese_font,
    "nghttp2-client": lambda: shutil.which("h2load") is not None,
    "postgresql": lambda: (
        any(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or shutil.which("initdb") is not None
    ),
    "xfsprogs": lambda: shutil.which("mkfs.xfs") is not None,
}
"""Debian packages, and how to see that each is there."""


def missing() -> list[str]:
    """The packages that this machine lacks."""
    return [name for name, is_there in PACKAGES.items() if not is_there()]


def main() -> None:
    """Install what is missing, or say how."""
    absent = missing()
    if not absent:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        say(f"Installing system packages for the tests: {' '.join(absent)}")
        _apt_get("update")
        _apt_get("install", "--no-install-recommends", *absent)
        absent = missing()
    if absent:
        say(f"Tests that need these are skipped; to have them: sudo apt-get install {' '.join(absent)}")


def _apt_get(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        ["apt-get", "-y", "-q", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=False,
    )


if __name__ == "__main__":
    main()
