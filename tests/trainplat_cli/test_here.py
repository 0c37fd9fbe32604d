"""A run in a process of the command shows what a person needs; its traces are in its log."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from resources.home import Home
from resources.pipelines.folder import PIPELINES_VARIABLE
from trainplat_cli import here
from trainplat_cli.main import main

TRAINING = (
    "type: trainplat_assets.templates.Finetune\nattributes: {task: table, start_from: wine, steps: 2}\n"
)
WINE = "type: trainplat_assets.templates.Pretrain\nattributes: {task: table}\n"


@pytest.fixture
def pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pipelines"
    for name, text in {"wine": WINE, "tuned": TRAINING, "torn": "type: nothing\n"}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "defs.yaml").write_text(text)
    monkeypatch.setenv(PIPELINES_VARIABLE, str(folder))
    return folder


@pytest.mark.slow
def test_a_run_that_fails_here_ends_with_its_sentence_and_no_trace(pipelines: Path) -> None:
    assert pipelines
    told = CliRunner().invoke(main, ["pipeline", "run", "tuned", "--here"])
    assert told.exit_code == 4
    assert "the run of tuned failed: wine/model was never made" in told.output
    assert "Next: Run its pipeline first" in told.output
    assert not any(word in told.output for word in ("Traceback", "SupersessionWarning", "torn"))
    (log,) = (Home.from_environment().logs / here.FOLDER).glob("tuned_pipeline-*.log")
    assert str(log) in told.output.replace("\n", "")
    written = log.read_text()
    assert "Traceback" in written or "Stack Trace" in written
    assert "torn" in written


def test_a_log_is_shown_as_well_where_it_is_asked_for(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes], trainplat_home: Path
) -> None:
    said = [sys.executable, "-c", "import sys; print('one'); sys.stderr.write('two'); sys.exit(3)"]
    for verbose, shown in ((True, True), (False, False)):
        with (tmp_path / "log").open("wb") as log:
            assert here._ended(said, Home(trainplat_home), log, verbose=verbose) == 3
        assert sorted((tmp_path / "log").read_bytes().split()) in ([b"one", b"two"], [b"twoone"])
        assert (b"one" in capfdbinary.readouterr().err) == shown
