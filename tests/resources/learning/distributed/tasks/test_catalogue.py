"""Every task that is listed can be chosen, learns, and refuses settings that it cannot have."""

from pathlib import Path

import pytest

from resources.errors import BadInput, NotFound
from resources.learning.distributed.loop import train
from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.progress import Measured
from resources.learning.distributed.tasks.catalogue import TASKS, build_task
from resources.learning.distributed.tasks.sentences import Sentences
from resources.learning.distributed.tasks.table import Table
from resources.learning.distributed.world import joined
from tests.resources.learning.distributed.plans import told


def scores(choice: TaskChoice, folder: Path, *, steps: int, batch_size: int = 64) -> dict[str, float]:
    """What a training of one process comes to, on samples that it did not see."""
    plan = Plan(choice, steps, batch_size, learning_rate=1e-2, warmup_steps=5, checkpoint_every_s=None)
    with joined("cpu") as world:
        train(plan, build_task(choice), world, folder)
    return next(event.scores for event in told(folder) if isinstance(event, Measured))


@pytest.mark.parametrize("name", TASKS)
def test_every_task_can_be_built_as_it_is(name: str) -> None:
    task = build_task(TaskChoice(name))
    assert task.count > 100
    assert all(block in set(model.modules()) for model in [task.model()] for block in task.blocks(model))


def test_digits_are_learnt(tmp_path: Path) -> None:
    found = scores(TaskChoice("digits", {"channels": 4}), tmp_path, steps=80)
    assert found["accuracy"] > 0.85


@pytest.mark.parametrize("table", ["wine", "breast_cancer"])
def test_tables_are_learnt(tmp_path: Path, table: str) -> None:
    found = scores(TaskChoice("table", {"table": table}), tmp_path, steps=60, batch_size=32)
    assert found["accuracy"] > 0.88


@pytest.mark.slow
def test_classes_of_sentences_are_learnt(tmp_path: Path) -> None:
    settings = {"layers": 1, "width": 16, "longest": 48, "texts": 600}
    assert scores(TaskChoice("sentences", settings), tmp_path, steps=150, batch_size=32)["accuracy"] > 0.9


def test_a_table_of_ones_own_is_learnt(tmp_path: Path) -> None:
    rows = [f"{number % 7},{number % 2 * 3 + number % 5 / 5},{'ab'[number % 2]}" for number in range(100)]
    (tmp_path / "own.csv").write_text("\n".join(["x,y,kind", *rows]))
    choice = TaskChoice("table", {"table": str(tmp_path / "own.csv"), "label": "kind"})
    assert scores(choice, tmp_path, steps=60, batch_size=16)["accuracy"] == 1.0


def test_texts_of_ones_own_are_learnt(tmp_path: Path) -> None:
    lines = [
        f"{'even' if number % 2 == 0 else 'odd'}\t{'ab'[number % 2] * 9} {number}" for number in range(100)
    ]
    (tmp_path / "own.tsv").write_text("\n".join(lines))
    choice = TaskChoice("sentences", {"text": str(tmp_path / "own.tsv"), "width": 8, "longest": 16})
    assert scores(choice, tmp_path, steps=40, batch_size=16)["accuracy"] > 0.9


@pytest.mark.parametrize(
    ("choice", "told_of"),
    [
        (TaskChoice("text", {"width": 10, "heads": 4}), "width 10 cannot be divided among 4 heads"),
        (
            TaskChoice("text", {"width": "wide"}),
            "settings of task text are wrong: width is 'wide'; expected a whole number",
        ),
        (TaskChoice("text", {"depth": 3}), "the task text has no depth; it has text, layers"),
        (TaskChoice("text", {"text": "missing.txt"}), "text 'missing.txt' cannot be read: No such file"),
        *(
            (TaskChoice("text", {name: 0}), f"{name} of the task is 0; expected a whole number of at least 1")
            for name in ("layers", "heads", "width", "context", "characters")
        ),
        (TaskChoice("text", {"width": -4}), "width of the task is -4"),
        *(
            (TaskChoice("text", {"dropout": wrong}), f"dropout of the task is {wrong}; expected 0 or more")
            for wrong in (1.0, 1.5, -0.5, float("nan"))
        ),
        (
            TaskChoice("sentences", {"texts": 2}),
            "texts of the task is 2; expected a whole number of at least 5",
        ),
        (TaskChoice("sentences", {"texts": 10**6}), "texts of the task is 1000000; expected at most 23040"),
        (TaskChoice("text", {"characters": 100}), "expected more than 1280 for a context of 128"),
        (
            TaskChoice("digits", {"channels": 0}),
            "channels of the task is 0; expected a whole number of at least 1",
        ),
        (TaskChoice("sentences", {"width": 5}), "width 5 cannot be divided among 2 heads"),
        (TaskChoice("sentences", {"text": "missing.tsv"}), "text missing.tsv cannot be read"),
        (TaskChoice("table", {"layers": 0}), "layers of the task is 0"),
        (TaskChoice("table", {"table": "missing.csv"}), "table missing.csv cannot be read"),
    ],
)
def test_settings_that_a_task_cannot_have_are_refused(choice: TaskChoice, told_of: str) -> None:
    with pytest.raises(BadInput) as problem:
        build_task(choice)
    assert told_of in problem.value.problem


@pytest.mark.parametrize(
    ("content", "told_of"),
    [
        ("x,y\n1,2\n", "has no column 'class'; it has x, y"),
        ("x,class\n1,a\nb,b\n", "columns without a finite number in each row: x"),
        ("x,y,class\n1,1,a\ninf,2,b\n3,,b\n", "columns without a finite number in each row: x, y"),
        ("x,class\n1,a\n2,\n3,b\n", "column 'class' has no class in 1 rows"),
        ("class\na\nb\n", "it has no column but 'class'"),
        ("x,class\n1,a\n2,b\n", "has 2 rows; expected at least 5"),
        ("x,class\n" + "1e300,a\n-1e300,b\n" * 5, "its numbers go from -1e.300 to 1e.300, too far"),
        ("x,class\n1,2,a\n3,4,b\n", "cannot be read: Length of header"),
        ("x,class\n1,a\n2,a\n", "column 'class' has no two classes"),
        ("", "cannot be read"),
    ],
)
def test_tables_that_cannot_be_learnt_from_are_refused(tmp_path: Path, content: str, told_of: str) -> None:
    (tmp_path / "own.csv").write_text(content)
    with pytest.raises(BadInput, match=told_of):
        build_task(TaskChoice("table", {"table": str(tmp_path / "own.csv")}))


@pytest.mark.parametrize(
    ("content", "told_of"),
    [
        ("a\tb\nonly text\n", "line 2 is something else"),
        ("a\tb\n\n\nonly text\n", "line 4 is something else"),
        ("a\tb\na\tc\n", "has no two classes of texts"),
        ("a\tb\nc\td\n", "has 2 texts that differ in the first 96 bytes"),
        ("a\tb\nc\td\n" * 9, "has 2 texts that differ"),
        ("a\t0\nb\t1\nb\t2\nb\t3\nb\t4\n", "of 1 classes once each fifth is held out"),
    ],
)
def test_texts_that_cannot_be_learnt_from_are_refused(tmp_path: Path, content: str, told_of: str) -> None:
    (tmp_path / "own.tsv").write_text(content)
    with pytest.raises(BadInput, match=told_of):
        build_task(TaskChoice("sentences", {"text": str(tmp_path / "own.tsv")}))


def test_classes_are_read_as_they_are_written(tmp_path: Path) -> None:
    rows = [f"{number % 4},{number % 3},{('None', 'NA', '1')[number % 3]}" for number in range(30)]
    (tmp_path / "own.csv").write_text("\ufeffx,y,class\n" + "\n".join(rows))
    task = build_task(TaskChoice("table", {"table": str(tmp_path / "own.csv")}))
    assert isinstance(task, Table)
    assert task.classes == ["1", "NA", "None"]
    lines = [f"{'ab'[number % 2]}\tone\u2028two {number}\r" for number in range(10)]
    (tmp_path / "own.tsv").write_bytes(("\ufeff" + "\n".join(lines)).encode())
    texts = build_task(TaskChoice("sentences", {"text": str(tmp_path / "own.tsv")}))
    assert isinstance(texts, Sentences)
    assert (texts.classes, texts.count) == (["a", "b"], 8)


def test_an_empty_file_is_too_short(tmp_path: Path) -> None:
    (tmp_path / "own.txt").touch()
    with pytest.raises(BadInput, match="has 0 bytes; expected more than 1280"):
        build_task(TaskChoice("text", {"text": str(tmp_path / "own.txt")}))


def test_a_task_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NotFound) as problem:
        build_task(TaskChoice("poems"))
    assert problem.value.next_step.startswith("Choose one of digits, sentences, table, text, or name ")
