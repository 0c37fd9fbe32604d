"""Disks of tests: small images with a file system of their own, mounted while a test runs."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024
_MAKERS = {
    # Blocks as on any larger disk; of itself it takes 1 KiB, and a page of memory then needs four of them.
    "ext4": (["mkfs.ext4", "-q", "-F", "-b", "4096"], 64),
    "xfs": (["mkfs.xfs", "-q", "-f", "-m", "reflink=1"], 320),
    "btrfs": (["mkfs.btrfs", "-q", "-f"], 128),
}
"""How each is made, and how many MiB it needs at least; blocks that nobody writes take no room."""


@contextmanager
def disk(kind: str, folder: Path) -> Iterator[Path]:
    """A new file system below ``folder``, mounted; any user may come in."""
    command, size_mib = _MAKERS[kind]
    image, point = folder / f"{kind}.image", folder / kind
    with image.open("wb") as file:
        file.truncate(size_mib * MIB)
    subprocess.run([*command, str(image)], check=True, capture_output=True)
    point.mkdir()
    subprocess.run(["mount", "-o", "loop", str(image), str(point)], check=True)
    try:
        point.chmod(0o755)
        yield point
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", str(point)], check=True)
        image.unlink()
