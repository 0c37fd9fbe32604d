"""Large files: a first version by both tools, by turns."""

import shutil
import tempfile
from pathlib import Path

from benchmarks.data.commands import Ledger
from benchmarks.data.files import make_large
from benchmarks.data.tools import Dvc, Ours
from benchmarks.stack import say


def large_contest(repeat: int) -> dict[str, float]:
    """A first version of 4 files of 512 MB, copied, ``repeat`` times."""
    ledger = Ledger()
    with tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        root = Path(folder)
        make_large(root / "dvc" / "data")
        for number in range(repeat):
            say(f"round {number + 1} of {repeat}, large files")
            dvc, ours = Dvc(root / "dvc", "copy"), Ours(root / "home")
            dvc.begin()
            ours.begin()
            for tool in ("dvc", "ours") if number % 2 == 0 else ("ours", "dvc"):
                cost = dvc.add() if tool == "dvc" else ours.commit(dvc.data)
                ledger.add("first_large", tool, cost)
            shutil.rmtree(root / "home")
            for left in (".dvc", "site"):
                shutil.rmtree(root / "dvc" / left)
            (root / "dvc" / "data.dvc").unlink()
    return ledger.metrics()
