"""The benchmark of the loop, with few tasks: it counts what it fills, and goes on with what was left."""

import os
from argparse import Namespace
from pathlib import Path
from tempfile import gettempdir

import pytest

from benchmarks import loop
from tests.needs import needs

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1500)]


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark points its process to its own home."""
    for name in ("TRAINPLAT_HOME", "TRAINPLAT_LABEL_STUDIO_URL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_it_goes_on_with_a_half_filled_label_studio_and_measures_every_tick(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needs("label studio")
    monkeypatch.setattr(loop, "ANSWERS", 60)
    monkeypatch.setattr(loop, "AT_ONCE", 50)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    real = loop._fill

    def killed(*given: object) -> dict[str, float]:
        monkeypatch.setattr(loop, "_fill", real)
        service, folder, _, answerable = given
        real(service, folder, 100, answerable)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_fill", killed)
    asked = Namespace(tasks=120, repeat=1, resume=True)
    with pytest.raises(KeyboardInterrupt):
        loop.run(asked)
    kept = Path(gettempdir()) / "trainplat-benchmark-loop-120"
    assert kept.exists()

    found = loop.run(asked)

    assert found["tasks_sent"] == 20
    assert (found["answers"], found["confirmed_labels"]) == (60, 60)
    assert {"idle_tick_s", "answer_to_request_s", "sweep_total_s"} <= set(found)
    assert not kept.exists()
