"""Planning a training by hand, as a program: what the ``trainplat`` command calls. Prints one JSON object."""

import json
import sys
from pathlib import Path

from resources.data.service import DataService
from resources.errors import TrainplatError
from resources.home import Home
from resources.pipelines.declared import declared
from resources.pipelines.folder import Folder
from resources.registry.service import RegistryService
from resources.terms import Actor
from resources.users import current_user
from trainplat_assets.by_hand import TrainingByHand, plan_by_hand


def main(dataset: str, base: str, labels: str) -> int:
    """Plan it, or say in the same form why it was refused; the exit code is that of the refusal."""
    home = Home.from_environment()
    try:
        done = plan_by_hand(
            declared(Folder.from_environment(), dataset),
            DataService(home, home.database()),
            RegistryService(home, home.database()),
            base=base,
            labels=Path(labels),
            actor=Actor(f"user:{current_user()}"),
        )
    except TrainplatError as refusal:
        code = int(refusal.exit_code)
        _say({"problem": refusal.problem, "next": refusal.next_step, "code": code})
        return code
    _say(document(done))
    return 0


def document(done: TrainingByHand) -> dict[str, object]:
    """What was done, for machines."""
    planned = done.planned
    return {
        "dataset": planned.version.dataset,
        "version": planned.version.version,
        "parent": planned.version.parent,
        "outcome": planned.fate.value,
        "labels": planned.given,
        "new": planned.newly_labelled,
        "corrections": planned.corrected,
        "known": planned.known,
        "new_samples": planned.fresh,
        "base": None if done.base is None else done.base.dataset_version,
        "base_model": None if done.base is None else done.base.uri,
        "champion": None if done.champion is None else done.champion.uri,
        "told": done.sentence,
    }


def _say(what: dict[str, object]) -> None:
    print(json.dumps(what))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
