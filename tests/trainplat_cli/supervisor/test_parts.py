import sys
from pathlib import Path

import pytest

from resources.errors import NotFound
from resources.home import Addresses, Home, Secrets
from trainplat_cli.supervisor.marked import MARK_VARIABLE
from trainplat_cli.supervisor.model import Part, PartName, StopOrder
from trainplat_cli.supervisor.parts import addresses_of, build_parts, label_studio_program
from trainplat_cli.supervisor.ports import USUAL_PORTS

SECRETS = Secrets("admin@trainplat.local", "pass", "0" * 40, "hook")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[PartName, Part]:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", sys.executable)
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("SECRET_KEY", "the user's own")
    built = build_parts(Home(tmp_path), USUAL_PORTS, SECRETS, "mark.one", lambda _name: None)
    return {part.name: part for part in built}


def test_every_part_is_there_and_listens_on_loopback_only(parts: dict[PartName, Part]) -> None:
    assert set(parts) == set(PartName)
    for part in parts.values():
        if part.port is not None:
            assert "127.0.0.1" in part.command
            assert str(part.port) in part.command
        assert not {"0.0.0.0", "::", "localhost"} & set(part.command)  # noqa: S104


def test_every_part_knows_the_home_and_carries_the_mark(parts: dict[PartName, Part], tmp_path: Path) -> None:
    for part in parts.values():
        assert part.environment["TRAINPLAT_HOME"] == str(tmp_path)
        assert part.environment["DAGSTER_HOME"] == str(tmp_path / "dagster")
        assert part.environment[MARK_VARIABLE] == "mark.one"
        assert part.environment["NO_PROXY"] == "example.org,127.0.0.1"


def test_nothing_is_told_to_anybody(parts: dict[PartName, Part]) -> None:
    shared = parts[PartName.MLFLOW].environment
    assert shared["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert shared["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    label_studio = parts[PartName.LABEL_STUDIO].environment
    assert label_studio["COLLECT_ANALYTICS"] == label_studio["LATEST_VERSION_CHECK"] == "0"
    assert label_studio["SENTRY_DSN"] == label_studio["FRONTEND_SENTRY_DSN"] == ""
    assert parts[PartName.STREAMLIT].command[-6:-4] == ("--browser.gatherUsageStats", "false")


def test_label_studio_gets_its_secrets_and_no_key_of_somebody_else(
    parts: dict[PartName, Part], tmp_path: Path
) -> None:
    environment = parts[PartName.LABEL_STUDIO].environment
    assert environment["LABEL_STUDIO_USER_TOKEN"] == SECRETS.label_studio_token
    assert environment["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"] == str(tmp_path / "served")
    assert "SECRET_KEY" not in environment
    assert SECRETS.label_studio_password not in " ".join(parts[PartName.LABEL_STUDIO].command)
    others = [part for name, part in parts.items() if name is not PartName.LABEL_STUDIO]
    assert not any("LABEL_STUDIO_PASSWORD" in part.environment for part in others)


def test_the_daemon_starts_after_the_code_and_stops_before_the_runs(parts: dict[PartName, Part]) -> None:
    daemon = parts[PartName.DAEMON]
    assert daemon.after is PartName.CODE_SERVER
    assert [name for name, part in parts.items() if part.stop_order is StopOrder.BEFORE_RUNS] == [daemon.name]


def test_addresses_are_those_of_the_parts(parts: dict[PartName, Part]) -> None:
    assert addresses_of(tuple(parts.values())) == Addresses(
        dagster="http://127.0.0.1:3000",
        mlflow="http://127.0.0.1:5000",
        label_studio="http://127.0.0.1:8080",
        streamlit="http://127.0.0.1:8501",
        webhook="http://127.0.0.1:8090",
        serving="http://127.0.0.1:8600",
    )


def test_a_label_studio_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_BIN", str(tmp_path / "nothing"))
    with pytest.raises(NotFound, match=f"not installed at {tmp_path}/nothing") as missing:
        label_studio_program()
    assert "make setup" in missing.value.next_step
