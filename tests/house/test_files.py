"""What no file of the project may hold."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import clean
from tests.house.files import files, name_of, text_files
from tests.house.modules import CHECKOUT

LINES_AT_MOST = 800

# Written with a gap, so that this file does not hold them either.
_WORDS = """
TO|DO  FIX|ME  XX|X  HA|CK  place|holder  not |implemented  NotImplemented|Error  for |now  mock |data
simplified |version  in a real |system  dum|my  coming |soon  work in |progress
"""
_UNFINISHED_WORDS = [word.replace("|", "") for word in re.split(r"  |\n", _WORDS.strip())]
UNFINISHED = re.compile(rf"\b({'|'.join(_UNFINISHED_WORDS)})\b", re.IGNORECASE)
PACKAGE_INDEX = re.compile(
    r"--(extra-)?index-url|--find-links[ =]\S|^registry *=|//(test\.)?pypi\.org/simple"
)


def hits(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{name_of(path)}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_file_of_code_is_longer_than_a_person_reads() -> None:
    long = {
        name_of(path): count
        for path in files()
        if path.suffix == ".py" and (count := len(path.read_text().splitlines())) > LINES_AT_MOST
    }
    assert not long


def test_nothing_reads_as_unfinished() -> None:
    # A form of Streamlit or HTML has a field of that name, and catalogues quote the texts of the code.
    paths = [path for path in text_files() if path.suffix != ".po" and path != Path(__file__)]
    found = [hit for hit in hits(UNFINISHED, paths) if "placeholder=" not in hit]
    assert not found, "\n".join(found)


def test_no_merge_is_left_halfway() -> None:
    assert hits(re.compile(r"^(<{7}|>{7}) \S"), text_files()) == []


def test_no_file_names_a_package_index() -> None:
    found = hits(PACKAGE_INDEX, [path for path in text_files() if path != Path(__file__)])
    assert not found, "\n".join(found)


def test_no_file_names_a_place_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"], capture_output=True, text=True
    )
    # Short names such as "/app" or "ci" would be found in innocent words.
    places = {f"{CHECKOUT}/", asked.stdout.strip(), socket.gethostname()} - {""}
    long_enough = [re.escape(place) for place in places if len(place) >= 8]
    found = hits(re.compile(rf"(?<![\w/])({'|'.join(long_enough)})(?!\w)"), text_files())
    assert not found, "\n".join(found)


def test_no_file_names_the_home_of_a_person() -> None:
    found = hits(re.compile(r"(?<![\w$}])/(root|home/[a-z]\w*|Users/\w+)/\w"), text_files())
    assert not found, "\n".join(found)


def test_nothing_large_or_built_is_kept() -> None:
    heavy = [name_of(path) for path in files() if path.stat().st_size > 2_000_000]
    built = [name_of(path) for path in files() if path.suffix in {".pyc", ".whl", ".so", ".db", ".sqlite"}]
    assert not heavy + built


def test_a_developers_settings_do_not_reach_the_tests(tmp_path: Path) -> None:
    theirs = {
        "DAGSTER_HOME": "/theirs", "TRAINPLAT_HOME": "/theirs", "MLFLOW_TRACKING_URI": "x", "HOME": "/theirs",
        "PATH": "/bin", "LANGUAGE": "de", "COVERAGE_PROCESS_CONFIG": "kept", "OMP_NUM_THREADS": "8",
    }  # fmt: skip
    ours = clean(tmp_path, theirs)
    assert "DAGSTER_HOME" not in ours
    assert "TRAINPLAT_HOME" not in ours
    assert "LANGUAGE" not in ours
    assert (ours["HOME"], ours["PATH"], ours["COVERAGE_PROCESS_CONFIG"]) == (str(tmp_path), "/bin", "kept")
    assert ours["UV_CACHE_DIR"] == "/theirs/.cache/uv"
    assert ours["OMP_NUM_THREADS"] == "1"
