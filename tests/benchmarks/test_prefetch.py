"""The gain of a prefetch is measured on real commands."""

from argparse import Namespace

import pytest

from benchmarks import prefetch


def test_both_starts_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefetch, "PLACES", ("disk",))
    found = prefetch.run(Namespace(files=20, repeat=1))
    assert found["prefetch_files"] == 20
    for name in ("prefetch_disk_start_with_s", "prefetch_disk_start_without_s", "prefetch_disk_start_ratio"):
        assert found[name] > 0
