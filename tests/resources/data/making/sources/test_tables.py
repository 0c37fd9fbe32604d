import csv
import http.server
import logging
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from resources.data.making.sources import tables
from resources.data.making.sources.tables import Column, ColumnKind, ManifestSource
from resources.errors import BadInput, NotFound
from tests.resources.data.making.sources.taken import Taker, told
from tests.resources.data.shapes import image
from tests.servers.s3 import Bucket

COLUMNS = (
    Column("age", ColumnKind.INTEGER),
    Column("weight", ColumnKind.NUMBER, required=False),
    Column("indoors", ColumnKind.TRUTH, required=False),
    Column("taken", ColumnKind.TIME, required=False),
)


def write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with four pictures."""
    (tmp_path / "pictures").mkdir()
    for one in range(4):
        (tmp_path / f"pictures/{one}.png").write_bytes(image(one))
    return tmp_path


def test_a_csv_manifest_gives_labels_splits_and_metadata(taker: Taker, pictures: Path) -> None:
    rows = [
        ["path", "label", "split", "age", "weight", "indoors", "taken", "unused"],
        ["pictures/0.png", "dark", "train", "3", "1.5", "true", "2026-03-01T09:30:00Z", "x"],
        ["pictures/1.png", "", "", "4", "", "", "", ""],
    ]
    write_csv(pictures / "list.csv", rows)
    taken = taker.take(ManifestSource("list", "list.csv", split_column="split", columns=COLUMNS))
    assert taken.strays == ()
    first, second = taken.files
    assert (first.name, first.labels, first.split) == ("list/pictures/0.png", ("dark",), "train")
    assert dict(first.metadata) == {
        "age": "3",
        "weight": "1.5",
        "indoors": "true",
        "taken": "2026-03-01T09:30:00Z",
    }
    assert (second.labels, second.split, second.metadata) == ((), None, (("age", "4"),))


def test_a_parquet_manifest_says_the_same(taker: Taker, pictures: Path) -> None:
    table = pa.table(
        {
            "path": ["pictures/0.png", "pictures/1.png"],
            "label": ["dark", None],
            "age": [3, 4],
            "taken": [datetime(2026, 3, 1, tzinfo=UTC), None],
        }
    )
    parquet.write_table(table, pictures / "list.parquet")
    columns = (Column("age", ColumnKind.INTEGER), Column("taken", ColumnKind.TIME, required=False))
    taken = taker.take(ManifestSource("list", "list.parquet", columns=columns))
    assert [(file.labels, dict(file.metadata)) for file in taken.files] == [
        (("dark",), {"age": "3", "taken": "2026-03-01T00:00:00+00:00"}),
        ((), {"age": "4"}),
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["pictures/0.png", "", "", "old"], "line 2: column 'age' is 'old'; expected a whole number"),
        (["pictures/0.png", "", "", ""], "line 2: column 'age' is empty"),
        (
            ["pictures/0.png", "", "dev", "3"],
            "line 2: its split is 'dev'; expected train, pool, test or nothing",
        ),
        (["pictures/9.png", "", "", "3"], "there is no file at its path"),
        (["../secret.png", "", "", "3"], "its name leads out of the place that it came in"),
        (["/etc/secret.png", "", "", "3"], "its name leads out of the place that it came in"),
        (["link.png", "", "", "3"], r"its path leads out of"),
        (["pictures/0.txt", "", "", "3"], "its name does not end like an image's"),
        (["ftp://host/0.png", "", "", "3"], "its address is of the kind 'ftp'"),
        (["", "", "", "3"], "it names no file"),
    ],
)
def test_a_bad_line_is_left_out_with_its_reason(
    taker: Taker, pictures: Path, row: list[str], problem: str
) -> None:
    (pictures.parent / "secret.png").write_bytes(image(9))
    (pictures / "link.png").symlink_to(pictures.parent / "secret.png")
    write_csv(
        pictures / "list.csv", [["path", "label", "split", "age"], row, ["pictures/3.png", "", "", "1"]]
    )
    source = ManifestSource(
        "list", "list.csv", split_column="split", columns=(Column("age", ColumnKind.INTEGER),)
    )
    taken = taker.take(source)
    assert [file.name for file in taken.files] == ["list/pictures/3.png"]
    assert len(taken.strays) == 1
    assert problem in next(iter(told(taken).values()))


def test_a_file_that_is_named_twice_counts_once(taker: Taker, pictures: Path) -> None:
    write_csv(pictures / "list.csv", [["path", "label"], ["pictures/0.png", "a"], ["pictures/0.png", "b"]])
    taken = taker.take(ManifestSource("list", "list.csv"))
    assert [file.labels for file in taken.files] == [("a",)]
    assert told(taken) == {"list/pictures/0.png": "line 3 names it again"}


def test_a_table_that_lacks_a_column_or_cannot_be_read_is_refused(taker: Taker, pictures: Path) -> None:
    write_csv(pictures / "list.csv", [["file", "label"], ["pictures/0.png", "a"]])
    with pytest.raises(BadInput, match=r"has no column 'path', 'age'; it has 'file', 'label'"):
        taker.take(ManifestSource("list", "list.csv", columns=(Column("age", ColumnKind.INTEGER),)))
    write_csv(pictures / "list.csv", [["path", "label"], ["pictures/0.png", "a", "more"]])
    with pytest.raises(BadInput, match="line 2 has more columns"):
        taker.take(ManifestSource("list", "list.csv"))
    (pictures / "list.csv").write_bytes(b"path,label\n\xff\xfe\n")
    with pytest.raises(BadInput, match="cannot be read"):
        taker.take(ManifestSource("list", "list.csv"))
    (pictures / "list.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        taker.take(ManifestSource("list", "list.parquet"))
    with pytest.raises(NotFound, match=r"gone\.csv of source list"):
        taker.take(ManifestSource("list", "gone.csv"))


def test_a_declaration_that_cannot_work_is_refused() -> None:
    with pytest.raises(BadInput, match=r"ends in neither \.csv nor \.parquet"):
        ManifestSource("list", "list.xlsx")
    with pytest.raises(BadInput, match="declares a column twice"):
        ManifestSource("list", "list.csv", columns=(Column("label"),))


@pytest.fixture
def web(pictures: Path) -> Iterator[str]:
    """The pictures on a web server on loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(pictures)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_addresses_are_fetched_once_and_their_signatures_are_kept_nowhere(
    taker: Taker,
    pictures: Path,
    web: str,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(tables, "_ManifestReader", taker.counted(tables._ManifestReader))
    bucket.put("a/7.png", image(7))
    write_csv(
        pictures / "list.csv",
        [
            ["path", "label"],
            [f"{bucket.url}/a/7.png", "light"],
            [f"{bucket.url}/a/gone.png", "light"],
            [f"{web}/pictures/0.png?X-Amz-Signature=hush", "dark"],
            [f"{web}/pictures/gone.png?X-Amz-Signature=hush", "dark"],
            [f"{web.replace('//', '//ann:hush@')}/pictures/1.png", "light"],
            ["http://127.0.0.1:9/pictures/1.png", "light"],
        ],
    )
    source = ManifestSource("list", "list.csv")
    taken = taker.take(source)
    host = web.removeprefix("http://")
    assert [file.name for file in taken.files] == [
        f"list/{bucket.name}/a/7.png",
        f"list/{host}/pictures/0.png",
        f"list/{host}/pictures/1.png",
    ]
    assert set(told(taken)) == {
        f"list/{bucket.name}/a/gone.png",
        f"list/{host}/pictures/gone.png",
        "list/127.0.0.1:9/pictures/1.png",
    }
    assert "answers 404" in told(taken)[f"list/{host}/pictures/gone.png"]
    assert "ConnectError" in told(taken)["list/127.0.0.1:9/pictures/1.png"]
    assert "hush" not in repr(taken)
    assert "hush" not in (pictures / ".source-list.jsonl").read_text()
    taker.read.clear()
    assert taker.take(source) == taken
    assert set(taker.read) == {"127.0.0.1:9/pictures/1.png", f"{host}/pictures/gone.png"}
    assert "HTTP Request" in caplog.text
    assert "hush" not in caplog.text
