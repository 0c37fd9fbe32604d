from dataclasses import replace
from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.errors import Unavailable
from resources.home import Home
from resources.registry import store
from resources.registry.service import RegistryService
from resources.terms import DatasetName, VersionKey
from tests.resources.registry.examples import candidate
from tests.resources.registry.examples import service as registry_of
from tests.resources.serving.examples import ACTOR, NAME, Clock, decision, model, register
from tests.servers.mlflow import MlflowServer, free_port


@pytest.fixture
def registry(trainplat_home: Path) -> RegistryService:
    """Three rounds, each of which promoted its model."""
    place = Home(trainplat_home)
    made = RegistryService(place, place.database(), Clock())
    register(made.database, (1, 2, 3))
    return made


def number_of(registry: RegistryService, version: str | None = None) -> int | None:
    champion = (
        registry.champion(NAME) if version is None else registry.champion_after(NAME, VersionKey(version))
    )
    return champion.number if champion else None


def test_who_is_crowned_is_champion_after_the_newest_version_only(registry: RegistryService) -> None:
    assert registry.crown(model(1), ACTOR, "it was better") is True
    assert number_of(registry) == number_of(registry, "v1.2") == 1
    assert number_of(registry, "v1.1") == 2
    assert registry.decisions(NAME)[-1].champion_number == 3
    crowned = registry.crownings(NAME)[0]
    assert (crowned.number, crowned.after_version, crowned.why) == (1, "v1.2", "it was better")
    assert recent(registry.database)[0].detail == "champion instead of model 3: it was better"


def test_who_is_champion_already_is_crowned_no_second_time(registry: RegistryService) -> None:
    assert registry.crown(model(3), ACTOR, "again") is False
    registry.crown(model(2), ACTOR, "once")
    assert registry.crown(model(2), ACTOR, "twice") is False
    assert len(registry.crownings(NAME)) == 1


def test_the_next_decision_ends_what_was_crowned_before_it(registry: RegistryService) -> None:
    registry.crown(model(1), ACTOR, "by hand")
    register(registry.database, [4])
    assert number_of(registry) == 4
    assert number_of(registry, "v1.2") == 1


def test_a_version_that_is_decided_anew_forgets_who_was_crowned_before_that(
    registry: RegistryService,
) -> None:
    registry.crown(model(1), ACTOR, "by hand")
    with registry.database.write() as connection:
        later = replace(decision(3), decided_at=registry.clock())
        store.put_decision(connection, later)
    assert number_of(registry) == 3


def test_of_two_that_are_crowned_after_one_version_the_later_reigns(registry: RegistryService) -> None:
    for number in (1, 2, 1):
        registry.crown(model(number), ACTOR, "by hand")
        assert number_of(registry) == number


def test_before_any_decision_a_model_can_be_crowned(trainplat_home: Path) -> None:
    registry = registry_of(trainplat_home)
    with registry.database.write() as connection:
        store.put_model(connection, model(1))
    assert number_of(registry) is None
    registry.crown(model(1), ACTOR, "it came from elsewhere")
    assert number_of(registry) == 1


def test_who_was_crowned_stays_champion_where_a_version_brings_nothing_to_train_on(
    registry: RegistryService,
) -> None:
    registry.crown(model(1), ACTOR, "by hand")
    carried = registry.carry(NAME, VersionKey("v1.3"), VersionKey("v1.2"), ACTOR)
    assert carried is not None
    assert (carried.champion_number, carried.champion_version, carried.carried) == (1, "v1.0", True)
    assert number_of(registry) == 1


def test_a_crowned_model_that_was_removed_leaves_the_decision_as_it_was(registry: RegistryService) -> None:
    registry.crown(model(1), ACTOR, "by hand")
    with registry.database.write() as connection:
        store.drop_model(connection, NAME, 1)
    assert number_of(registry) == 3


@pytest.mark.slow
@pytest.mark.real
def test_a_kill_between_the_row_and_the_alias_is_mended_by_crowning_again(
    trainplat_home: Path, mlflow_server: MlflowServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", mlflow_server.url)
    registry, name = registry_of(trainplat_home), DatasetName("crowned")
    first, second = (
        registry.register(candidate(name, f"v1.{k}", str(k) * 64), ACTOR).model for k in range(2)
    )
    registry.crown(first, ACTOR, "the first")
    assert registry.number_of_alias(name, "champion") == first.number
    with monkeypatch.context() as down:
        down.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(Unavailable, match="does not answer"):
            registry.crown(second, ACTOR, "better")
    assert registry.champion(name) == second
    assert registry.number_of_alias(name, "champion") == first.number
    assert registry.crown(second, ACTOR, "better") is False
    assert registry.number_of_alias(name, "champion") == second.number
    assert len(registry.crownings(name)) == 2
    registry.alias(first, "steady")
    assert registry.number_of_alias(name, "steady") == first.number
    for _ in range(2):
        registry.alias_gone(name, "steady")
        assert registry.number_of_alias(name, "steady") is None


def test_aliases_are_kept_in_the_home_where_no_server_runs(
    trainplat_home: Path, mlflow_in_home: None
) -> None:
    registry, name = registry_of(trainplat_home), DatasetName("alone")
    made = registry.register(candidate(name), ACTOR).model
    registry.crown(made, ACTOR, "the only one")
    assert registry.number_of_alias(name, "champion") == made.number
    registry.alias_gone(name, "champion")
    assert registry.number_of_alias(name, "champion") is None
