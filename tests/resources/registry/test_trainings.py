"""Models of large trainings in MLflow's store in a home: one version for each training."""

from pathlib import Path

import pytest
from torch import nn

from resources.database.audit import recent
from resources.home import Home
from resources.registry.training_runs import FINISHED, TrainedNetwork, TrainingRun
from resources.registry.trainings import TrainingRegistry
from resources.terms import Actor

ME = Actor("tester")


@pytest.mark.slow
def test_a_training_is_one_version_though_a_killed_process_registered_it_twice(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    registry = TrainingRegistry(home, home.database())
    run = TrainingRun("stories", "stories/a", "stories/a", "run-a")
    plan = tmp_path / "plan.json"
    plan.write_text("{}")
    run_id = registry.runs.open(run)
    trained = TrainedNetwork(run, run_id, nn.Linear(2, 2), (plan,), "0" * 64, {"accuracy": 0.9})
    assert registry.find("stories", "stories/a", ME) is None
    registry.runs.add(trained)
    registry.runs.add(trained)
    assert [one.number for one in registry.runs.trained_versions("stories", "stories/a")] == [1, 2]
    made = registry.register(trained, ME)
    assert made.uri == "models:/stories/1"
    assert registry.runs.trained_versions("stories", "stories/a") == [made]
    assert [row.action for row in recent(home.database())] == ["registry.take_back"]
    other = TrainingRun("stories", "stories/b", "stories/b", "run-b")
    second = TrainedNetwork(other, registry.runs.open(other), nn.Linear(2, 2), (), "1" * 64, {})
    assert registry.register(second, ME).number == 3
    registry.runs.close(run_id, FINISHED)
    assert registry.runs.link("stories", run_id) is None, "no server is known"
