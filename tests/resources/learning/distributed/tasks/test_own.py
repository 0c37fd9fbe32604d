"""A task of one's own is named, checked and trained like those that come with the platform."""

import sys
from pathlib import Path

import pytest

from resources.errors import BadInput, NotFound
from resources.learning.distributed.loop import train
from resources.learning.distributed.plan import Plan, TaskChoice
from resources.learning.distributed.progress import Measured
from resources.learning.distributed.tasks.catalogue import build_task, settings_of, wrong_settings
from resources.learning.distributed.tasks.own import is_own, wrong_own
from resources.learning.distributed.world import joined
from tests.resources.learning.distributed.plans import told

WAVES = "trainplat_assets.examples.waves.task:Waves"
MODULE = """\
from dataclasses import dataclass
from pydantic import BaseModel

class Modelled(BaseModel):
    depth: int

@dataclass
class Plain:
    depth: int = 2
    def __post_init__(self) -> None:
        if self.depth > 9:
            raise ValueError(f"depth is {self.depth}; expected at most 9")

class Half:
    count = 3

def half(settings: Plain) -> Half:
    return Half()

def modelled(settings: Modelled) -> Half:
    return Half()

def nothing() -> Half:
    return Half()

def two(a, b):
    return Half()

number = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module that is not of the platform."""
    (tmp_path / "my_tasks.py").write_text(MODULE)
    (tmp_path / "my_broken.py").write_text("raise RuntimeError('no luck')\n")
    (tmp_path / "my_needy.py").write_text("import nothing_of_this_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("my_tasks", "my_broken", "my_needy"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "my_tasks"


def test_the_example_is_learnt(tmp_path: Path) -> None:
    choice = TaskChoice(WAVES, {"points": 32, "noise": 0.1})
    plan = Plan(choice, 120, 32, learning_rate=1e-2, checkpoint_every_s=None)
    with joined("cpu") as world:
        train(plan, build_task(choice), world, tmp_path)
    (measured,) = [one for one in told(tmp_path) if isinstance(one, Measured)]
    assert measured.scores["accuracy"] > 0.75


def test_its_module_is_not_imported_until_it_is_built(own: str) -> None:
    choice = TaskChoice(f"{own}:half", {"hops": 3})
    assert is_own(choice.name)
    assert settings_of(choice) == {"hops": 3}
    assert wrong_settings(choice) == ()
    assert own not in sys.modules


@pytest.mark.parametrize(
    ("name", "settings", "error", "sentence"),
    [
        ("nosuch.module:build", {}, NotFound, "task is 'nosuch.module:build', and there is no module nosuch"),
        ("my_tasks:nothing_there", {}, NotFound, "my_tasks has no nothing_there"),
        ("my_tasks:number", {}, BadInput, "which is a int; expected a class or a function"),
        (
            "builtins:dict",
            {},
            BadInput,
            "does not tell what it takes; expected a class or a function of Python",
        ),
        ("my_tasks:two", {}, BadInput, r"which takes \(a, b\); expected its settings alone"),
        ("my_broken:build", {}, BadInput, "my_broken cannot be imported: RuntimeError: no luck"),
        ("my_needy:build", {}, BadInput, "my_needy cannot be imported: ModuleNotFoundError"),
        ("my_tasks:half", {}, BadInput, "gives a Half, which has no model, batch, loss, blocks, scores"),
        ("my_tasks:nothing", {}, BadInput, "gives a Half"),
        ("my_tasks:nothing", {"depth": 1}, BadInput, "the task my_tasks:nothing has no settings"),
        ("my_tasks:modelled", {}, BadInput, "depth is missing"),
        (
            "my_tasks:half",
            {"depth": "deep", "hops": 1},
            BadInput,
            "has no hops; it has depth; depth is 'deep'",
        ),
    ],
)
def test_what_cannot_be_a_task_is_refused_in_words(
    name: str, settings: dict[str, object], error: type[Exception], sentence: str, own: str
) -> None:
    assert own
    with pytest.raises(error, match=sentence):
        build_task(TaskChoice(name, settings))


def test_each_wrong_setting_is_told_at_its_place(own: str) -> None:
    found = wrong_own(TaskChoice(f"{own}:half", {"depth": "deep", "hops": 1}))
    assert [place for place, _ in found] == [("settings", "hops"), ("settings", "depth")]
    assert [place for place, _ in wrong_own(TaskChoice("nosuch.module:build"))] == [("task",)]
    too_deep = wrong_own(TaskChoice(f"{own}:half", {"depth": 10}))
    assert too_deep == ((("settings", "depth"), "depth is 10; expected at most 9"),)
