"""MLflow's aliases are brought back to what our tables say."""

from pathlib import Path

import pytest

from resources.database.audit import recent
from resources.home import Home
from resources.registry.aliases import Aliases
from resources.registry.client import Mlflow
from resources.registry.service import RegistryService
from resources.serving.aligning import Realigned, align
from resources.serving.references import ReferenceService
from tests.resources.registry.examples import candidate
from tests.resources.serving.examples import ACTOR


@pytest.mark.slow
def test_an_alias_that_was_moved_or_lost_in_mlflow_means_again_what_it_means_here(
    trainplat_home: Path, mlflow_in_home: None
) -> None:
    home = Home(trainplat_home)
    registry, aliases = RegistryService(home, home.database()), Aliases(home)
    one, two = (registry.register(candidate("pairs", f"v1.{k}", str(k) * 64), ACTOR).model for k in range(2))
    name = one.dataset
    registry.crown(two, ACTOR, "better")
    ReferenceService(home, registry.database).tag(one, "first", ACTOR)
    assert align(home, registry.database, ACTOR) == []

    aliases.put(name, "champion", one.number)
    aliases.drop(name, "first")
    aliases.put(name, "of-somebody", one.number)
    found = align(home, registry.database, ACTOR)
    assert found == [Realigned(name, "first", None, 1), Realigned(name, "champion", 1, 2)]
    assert [aliases.number_of(name, one) for one in ("champion", "first", "of-somebody")] == [2, 1, 1]
    assert recent(registry.database)[0].detail == "pairs@champion was version 1 in MLflow and is 2 here"
    assert align(home, registry.database, ACTOR) == []

    Mlflow(home).delete_version(two)
    (gone, *_) = [one for one in align(home, registry.database, ACTOR) if one.alias == "champion"]
    assert "not found" in gone.problem


def test_a_home_without_models_is_not_asked(trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    assert align(home, home.database(), ACTOR) == []
    assert not home.mlflow.exists()
