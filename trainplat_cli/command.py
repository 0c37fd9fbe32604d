"""Commands whose help is translated when it is shown, and whose errors end with a code that scripts know."""

import errno
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from resources.errors import BadInput, Denied, NotFound, TrainplatError, Unavailable
from resources.files import disk_problem
from resources.home import Home
from resources.texts import in_language
from trainplat_cli.output import err
from trainplat_cli.texts import _

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Trouble(click.ClickException):
    """An error of ours on its way out: the problem, and on a line of its own what to do next."""

    def __init__(self, error: TrainplatError) -> None:
        super().__init__(error.problem)
        self.error = error
        self.exit_code = int(error.exit_code)  # type: ignore[misc]

    def show(self, file: "IO[Any] | None" = None) -> None:  # noqa: ARG002
        """Print it to stderr."""
        from rich.markup import escape

        console = err()
        console.print(f"[bold red]{_('Error')}:[/bold red] {escape(in_language(self.error.problem, _))}")
        console.print(f"[bold]{_('Next')}:[/bold] {escape(in_language(self.error.next_step, _))}")


class _Translated:
    _help: str | None = None

    @property
    def help(self) -> str | None:
        """The help in the language of whoever asks now."""
        return _(self._help) if self._help else self._help

    @help.setter  # noqa: A003
    def help(self, text: str | None) -> None:
        self._help = text


class Option(_Translated, click.Option):
    """An option whose help, given through ``mark``, is translated when it is shown."""


class Command(_Translated, click.Command):
    """A command whose help, given through ``mark``, is translated when it is shown."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; an error of ours, or of the disk, becomes a message and an exit code."""
        try:
            return super().invoke(ctx)
        except TrainplatError as error:
            raise Trouble(error) from error
        except OSError as problem:
            told = error_of_the_disk(problem)
            if told is None:
                raise
            raise Trouble(told) from problem


class Group(_Translated, click.Group):
    """The command that holds the others, each in a module of its own that is imported when it is used."""

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **settings: Any) -> None:
        """``modules`` names the module of each command, in the order in which people meet them."""
        super().__init__(*arguments, **settings)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which people meet them."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name. A supervisor stays small because the others are not imported."""
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(self._modules[cmd_name])
        own_name = module.__name__.rpartition(".")[2]  # no function can be called import
        command = getattr(module, cmd_name, None) or getattr(module, own_name, None)
        return command if isinstance(command, click.Command) else None


def error_of_the_disk(problem: OSError) -> TrainplatError | None:
    """A file or folder that cannot be used, in words; None for a problem of another kind, such as a pipe."""
    home = Home.from_environment().path
    told = disk_problem(problem, Path(problem.filename or home))
    if isinstance(told, TrainplatError):
        return told
    if problem.filename is None:
        return None
    kind = _KINDS.get(problem.errno, Unavailable)
    said = _("{path} cannot be used: {reason}").format(path=problem.filename, reason=problem.strerror)
    path = Path(problem.filename).absolute()
    if not (path.is_relative_to(home) or home.is_relative_to(path)):
        return kind(said, _("Mend that or name another one, then run the same thing again."))
    return (Unavailable if kind is NotFound else kind)(
        said,
        _("Mend that, or set TRAINPLAT_HOME to a folder that this user can write; it is {home} now.").format(
            home=home
        ),
    )


_KINDS: dict[int | None, type[TrainplatError]] = {
    errno.EACCES: Denied,
    errno.EPERM: Denied,
    errno.ENOENT: NotFound,
    errno.ENOTDIR: BadInput,
    errno.EISDIR: BadInput,
    errno.EEXIST: BadInput,
}


def option(*names: str, **settings: Any) -> Callable[[_Function], _Function]:
    """``click.option`` with translated help."""
    return click.option(*names, cls=Option, **settings)
