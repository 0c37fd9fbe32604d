"""Files to measure with: what cannot be compressed, a thousand in each folder."""

import os
import random
import shutil
from pathlib import Path

LEAST_BYTES, MOST_BYTES = 1_000, 30_000
IN_ONE_FOLDER = 1_000
LARGE_BYTES = 512 * 1024 * 1024
LARGE_FILES = 4


def make_small(root: Path, count: int, seed: int = 1) -> None:
    """``count`` files of 1 to 30 KB, 11 KB on average."""
    draw = random.Random(seed)
    for number in range(count):
        folder = root / f"folder-{number // IN_ONE_FOLDER:04d}"
        if number % IN_ONE_FOLDER == 0:
            folder.mkdir(parents=True)
        size = min(MOST_BYTES, max(LEAST_BYTES, int(draw.lognormvariate(9.1, 0.6))))
        (folder / f"file-{number:06d}.bin").write_bytes(draw.randbytes(size))


def make_large(root: Path) -> None:
    """Four files of 512 MB each."""
    root.mkdir(parents=True)
    for number in range(LARGE_FILES):
        with (root / f"large-{number}.bin").open("wb") as file:
            for _ in range(LARGE_BYTES // (16 * 1024 * 1024)):
                file.write(os.urandom(16 * 1024 * 1024))


def copy_of(source: Path, target: Path) -> None:
    """The same files again, with inodes of their own."""
    shutil.copytree(source, target)


def change_one_percent(root: Path, seed: int) -> None:
    """Write every hundredth file anew."""
    draw = random.Random(seed)
    for number, file in enumerate(sorted(root.rglob("*.bin"))):
        if number % 100 == seed % 100:
            file.write_bytes(draw.randbytes(file.stat().st_size))
