"""``trainplat pipeline check``: whether files declare pipelines, tasks and their settings included."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from resources.errors import BadInput, TrainplatError
from resources.pipelines.folder import Broken, Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.positions import Place
from resources.pipelines.reading import read_pipeline
from resources.pipelines.references import Unmet, shown, unmet
from resources.pipelines.specs.common import Spec
from resources.pipelines.specs.training import TrainingSpec
from resources.pipelines.texts import text_of
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.pipeline.shown import tell_of_unread
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import ngettext


@click.command(
    cls=Command,
    help=mark(
        "Check the pipelines NAMES, or files, or without any every pipeline: their parameters, the settings "
        "of their tasks, and whether the models, files and functions that they name are there."
    ),
)
@click.argument("names", nargs=-1)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Check them, and end with 2 where one is wrong."""
    folder = Folder.from_environment()
    tell_of_unread(folder)
    found = (
        [_checked(name, folder) for name in names] if names else [_deep(one, folder) for one in folder.all()]
    )
    wrong = [one for one in found if isinstance(one, Broken)]
    if as_json:
        print_json(
            {
                "checked": len(found),
                "broken": [{"name": one.name, "problem": one.problem.problem} for one in wrong],
            }
        )
    if wrong:
        raise BadInput("\n".join(one.problem.problem for one in wrong), wrong[0].problem.next_step)
    if not as_json:
        text = ngettext(
            "{count} pipeline is as it should be.", "{count} pipelines are as they should be.", len(found)
        )
        out().print(text.format(count=len(found)))


def _checked(name: str, folder: Folder) -> Pipeline | Broken:
    path = Path(name)
    is_file = path.suffix in {".yaml", ".yml", ".json"}
    try:
        one = read_pipeline(path.stem, text_of(path), path) if is_file else folder.read(name)
        return _deep(one, folder)
    except BadInput as problem:
        return Broken(name, path, problem)


def _deep(one: Pipeline | Broken, folder: Folder) -> Pipeline | Broken:
    if isinstance(one, Broken):
        return one
    found = (*unmet(one, folder), *_task(one.spec))
    return Broken(one.name, one.path or Path(), shown(one, found)) if found else one


def _task(spec: Spec) -> Iterator[Unmet]:
    """What its task finds missing while it is built, such as a file of text."""
    if not isinstance(spec, TrainingSpec):
        return
    from resources.learning.distributed.tasks.catalogue import build_task
    from resources.learning.distributed.tasks.own import is_own, wrong_own

    chosen = spec.plan(spec.seeds[0]).task
    wrong = wrong_own(chosen) if is_own(chosen.name) else ()
    yield from (Unmet(place, said) for place, said in wrong)
    if wrong:
        return
    try:
        build_task(chosen)
    except TrainplatError as problem:
        yield Unmet(_named(problem.problem, spec), f"settings: {problem.one_line}")
    except Exception as problem:  # its own code may raise anything
        if not is_own(chosen.name):
            raise
        said = f"{type(problem).__name__}: {problem}"
        yield Unmet(("task",), f"task is {chosen.name!r}, which cannot be built: {said}")


def _named(said: str, spec: TrainingSpec) -> Place:
    """The setting that a sentence names."""
    named = next((word for word in re.findall(r"\w+", said) if word in spec.settings), None)
    return ("settings",) if named is None else ("settings", named)
