"""Notebooks as steps: what goes into the kernel, and what is kept of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dagster import (
    AssetExecutionContext,
    DagsterInstance,
    Definitions,
    JobDefinition,
    OpExecutionContext,
    asset,
    define_asset_job,
    execute_job,
    in_process_executor,
    reconstructable,
)

from resources.errors import BadInput
from tests.notebooks.cells import code, markdown, notebook_of, read, written
from trainplat_assets.comparison.notebook import NotebookFailed, execute, reading_of, tidy

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOURCE = "TEST_NOTEBOOK"
KEPT = "TEST_KEPT"


@asset
def told(context: AssetExecutionContext) -> None:
    """Runs the notebook that the environment names, and keeps what came of it beside it."""
    operation: OpExecutionContext = context.op_execution_context
    kept = Path(os.environ[KEPT])
    try:
        executed = execute(operation, Path(os.environ[SOURCE]), {"dataset": "shapes", "version": "v1.3"})
    except NotebookFailed as problem:
        kept.write_bytes(problem.executed)
        raise
    kept.write_bytes(executed.content)
    kept.with_suffix(".md").write_text(executed.reading)


def telling() -> JobDefinition:
    """The job of :func:`told`; a kernel finds it again by its name."""
    return Definitions(
        assets=[told], jobs=[define_asset_job("telling", executor_def=in_process_executor)]
    ).resolve_job_def("telling")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """An instance that a kernel can open too."""
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    monkeypatch.setenv(KEPT, str(tmp_path / "kept.ipynb"))
    with DagsterInstance.get() as opened:
        yield opened


def notebook(folder: Path, *cells: tuple[str, str], kernel: str = "python3") -> Path:
    """A notebook with these cells: tag and code."""
    path = folder / "told.ipynb"
    path.write_text(written(notebook_of(*(code(text, tag) for tag, text in cells), kernel=kernel)))
    return path


def tell(instance: DagsterInstance, source: Path, monkeypatch: pytest.MonkeyPatch) -> "NotebookNode":
    """Run it as a step whose user has no home to write to, and read what was kept."""
    monkeypatch.setenv(SOURCE, str(source))
    with monkeypatch.context() as bare:
        bare.setenv("HOME", os.devnull)
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            bare.delenv(name, raising=False)
        with execute_job(reconstructable(telling), instance) as done:
            assert done.success or instance.get_run_stats(done.run_id).steps_failed == 1
    return read(Path(os.environ[KEPT]))


def test_a_notebook_gets_values_and_context_and_is_kept_as_people_wrote_it(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = notebook(
        tmp_path,
        ("", "import matplotlib, IPython"),
        ("parameters", "dataset = 'none'\nversion = None"),
        ("", "print(dataset, version, 'context' in globals(), len(context.run.run_id))"),
        ("reading", "from IPython.display import Markdown\nMarkdown(f'**{version}** is fine')"),
        kernel="somebody-elses",
    )
    kept = tell(instance, source, monkeypatch)

    assert len(kept.cells) == 4
    assert kept.cells[1].source == "dataset = 'shapes'\nversion = 'v1.3'"
    assert kept.cells[2].outputs[0].text == "shapes v1.3 True 36\n"
    assert not kept.cells[0].outputs, "the kernel complains of folders that it cannot write to"
    assert Path(os.environ[KEPT]).with_suffix(".md").read_text() == "**v1.3** is fine"
    assert kept.metadata.kernelspec.name == "python3"
    assert str(tmp_path) not in Path(os.environ[KEPT]).read_text()
    assert "MPLCONFIGDIR" not in os.environ


@pytest.mark.slow
def test_what_a_notebook_did_until_it_failed_is_kept(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = notebook(
        tmp_path, ("parameters", ""), ("", "print('so far')"), ("", "raise ValueError('no ink')")
    )
    monkeypatch.setenv(SOURCE, str(source))
    with execute_job(reconstructable(telling), instance) as done:
        assert not done.success
        (failure,) = [event for event in done.all_events if event.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None
    assert error.cause is not None
    assert "told.ipynb failed with ValueError: no ink" in error.cause.message
    kept = Path(os.environ[KEPT]).read_text()
    assert "so far" in kept
    assert "no ink" in kept


def test_a_notebook_without_a_place_for_its_values_is_refused(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOURCE, str(notebook(tmp_path, ("", "1 + 1"))))
    with execute_job(reconstructable(telling), instance) as done:
        (failure,) = [event for event in done.all_events if event.is_step_failure]
    assert "no cell tagged 'parameters'; expected one that sets dataset, version" in str(
        failure.step_failure_data.error
    )
    assert BadInput.__name__ in str(failure.step_failure_data.error)


def test_a_notebook_that_is_tidy_stays_as_it_is() -> None:
    said = code("1 + 1", "reading", outputs=[{"text/markdown": "two"}])
    plain = written(notebook_of(markdown("# Sums"), said)).encode()
    assert tidy(plain) == tidy(tidy(plain)) == plain
    assert reading_of(plain) == "two"
    assert not reading_of(written(notebook_of()).encode())
