"""``trainplat model run``."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from resources.data.spec import DatasetSpec
from resources.errors import BadInput, NotFound, TrainplatError
from resources.home import Home
from resources.pipelines.declared import declared
from resources.pipelines.folder import Folder
from resources.registry.others import OtherModels
from resources.serving.asking import Given, Said, ask_about, ask_with_bodies, given_file, seen_by
from resources.serving.client import Metadata, ModelClient
from resources.serving.references import ModelReference, parse_reference
from resources.serving.running import begin
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import err, out, print_json
from trainplat_cli.supervisor.prepare import mark_home
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

LEAVE_AFTER_S = 600.0
"""A server that was begun for this ends when nobody asked for so long."""
STANDARD_INPUT = "-"
FAREWELLS = ("/bye", "/exit", "/quit")


@click.command(
    cls=Command,
    help=mark(
        "Ask a model about FILES, pictures or texts as its data set holds them; - is standard input. "
        "It is loaded when it is asked. Without FILES, a prompt asks line by line: a text, or the path of a "
        "picture."
    ),
)
@click.argument("reference")
@click.argument("files", nargs=-1)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def run(reference: str, files: tuple[str, ...], as_json: bool) -> None:
    """Ask it."""
    meant = parse_reference(reference)
    if not files and (as_json or not sys.stdin.isatty()):
        raise click.UsageError(_("Name files to ask about, or - for standard input."))
    home = Home.from_environment()
    spec = _declared(home, meant)
    if home.addresses().serving is None:
        mark_home(home)
        with _spinner(_("Starting the model server ...")):
            begin(home, leave_after_s=LEAVE_AFTER_S)
    with ModelClient(home=home) as client:
        with _spinner(_("Loading {model} ...").format(model=reference)):
            metadata = client.metadata(reference)
        ask = _asking(client, reference, spec, metadata)
        is_text = spec is None or spec.kind.is_text
        if not files:
            _converse(lambda line: ask([_of_line(line, is_text=is_text)]))
            return
        with _spinner(_("Asking {model} ...").format(model=reference)):
            said = ask([_of_argument(one) for one in files])
    _show(metadata.model, said, as_json=as_json)


def _declared(home: Home, meant: ModelReference) -> DatasetSpec | None:
    """The data set of a model; None of one that others registered in MLflow. Raises NotFound for neither."""
    try:
        return declared(Folder.from_environment(), meant.name)
    except NotFound:
        if OtherModels(home).number_of(meant.name, meant.tag) is None:
            raise
        return None


def _asking(
    client: ModelClient, reference: str, spec: DatasetSpec | None, metadata: Metadata
) -> Callable[[Sequence[Given]], list[Said]]:
    if spec is None:
        return lambda given: ask_with_bodies(client, reference, given)
    view = seen_by(spec, metadata.inputs)
    return lambda given: ask_about(client, reference, view, given)


def _show(model: str, said: Sequence[Said], *, as_json: bool) -> None:
    answered = [one for one in said if not one.problem]
    unread = [one for one in said if one.problem]
    if as_json:
        print_json({"model": model, "answers": [_document(one) for one in said]})
    elif answered:
        titles = (_("FILE"), _("SURE"), _("BY"), _("ANSWER"))
        show_table(titles, [(one.name, sure(one), one.model, one.answer) for one in answered])
    for one in unread:
        err().print(_line_of(one), markup=False)
    if unread:
        raise BadInput(
            _("{count} of {all} files cannot be read").format(count=len(unread), all=len(said)),
            _("The others are answered; mend or leave out these."),
        )


def _converse(ask: Callable[[str], list[Said]]) -> None:
    """A prompt that ends with Ctrl-D."""
    import readline  # noqa: F401 - gives the prompt its arrow keys

    err().print(_("A line is asked about each time; /bye or Ctrl-D ends it."), markup=False)
    while True:
        try:
            line = input(">>> ").strip()
        except (EOFError, KeyboardInterrupt):
            err().print()
            return
        if line in FAREWELLS:
            return
        if not line:
            continue
        try:
            (said,) = ask(line)
        except TrainplatError as problem:
            err().print(in_language(problem.one_line, _), markup=False)
            continue
        if said.problem:
            err().print(_line_of(said), markup=False)
        else:
            out().print(f"{said.answer}  ({sure(said)}, {said.model})", markup=False)


def sure(said: Said) -> str:
    """How sure a model is, as people read it."""
    return "-" if said.sureness is None else f"{100 * said.sureness:.1f} %"


def _document(said: Said) -> dict[str, object]:
    if said.problem:
        return {"file": said.name, "problem": said.problem}
    return {"file": said.name, "answer": said.answer, "sureness": said.sureness, "model": said.model}


def _line_of(said: Said) -> str:
    return _("{file}: {problem}").format(file=said.name, problem=in_language(said.problem, _))


def _of_argument(given: str) -> Given:
    if given == STANDARD_INPUT:
        return Given(STANDARD_INPUT, sys.stdin.buffer.read())
    return given_file(Path(given))


def _of_line(line: str, *, is_text: bool) -> Given:
    return Given(line, line.encode()) if is_text else given_file(Path(line).expanduser())


@contextmanager
def _spinner(said: str) -> Iterator[None]:
    console = err()
    if not console.is_terminal:
        yield
        return
    with console.status(said):
        yield
