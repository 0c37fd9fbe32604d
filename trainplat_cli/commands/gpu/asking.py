"""Options of the commands that ask for devices, and what they say."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from resources.durations import seconds_of
from resources.errors import BadInput
from resources.gpu import tags
from resources.gpu.model import Terms
from resources.gpu.terms import BadTerm, terms_of
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.texts import _

DEFAULT_PROJECT = "default"
OPTIONS = {
    tags.PRIORITY: "--priority",
    tags.CPUS: "--cpus",
    tags.MEMORY: "--memory",
    tags.MAX_RUNTIME_S: "--for",
    tags.SPAN: "--span",
    tags.NODES: "--nodes",
}
"""By the tag that says the same of a run."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class TextCommand(Command):
    """A command whose argument may begin with ``-``, such as ``-1``."""

    def is_text(self, word: str) -> bool:  # noqa: ARG002
        """Whether a word that begins with ``-`` and names none of our options is an argument."""
        return True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options are the words that name one of ours."""
        takes_value = {
            name: not known.is_flag
            for known in self.get_params(ctx)
            if isinstance(known, click.Option)
            for name in (*known.opts, *known.secondary_opts)
        }
        options: list[str] = []
        texts: list[str] = []
        rest = iter(args)
        for word in rest:
            if word == "--":
                texts += rest
            elif word in takes_value:
                value = [next(rest, None)] if takes_value[word] else []
                options += [word, *(one for one in value if one is not None)]
            elif word.partition("=")[0] in takes_value or (word.startswith("-") and not self.is_text(word)):
                options.append(word)
            else:
                texts.append(word)
        return super().parse_args(ctx, [*options, "--", *texts])


class RequestCommand(TextCommand):
    """A command one of whose arguments is a request, which may be a number below 0 and refused as such."""

    def is_text(self, word: str) -> bool:
        """A number; an option that we do not have is refused as one."""
        return word[1:2].isdigit()


def asking_options(function: _Function) -> _Function:
    """``--project``, ``--priority``, ``--cpus``, ``--memory``, ``--span`` and ``--nodes``."""
    for decorate in reversed(
        (
            option("--project", default=DEFAULT_PROJECT, show_default=True, help=mark("On whose quota.")),
            option(
                "--priority", default="0", metavar="N", help=mark("The higher goes first in its project.")
            ),
            option("--cpus", default="0", metavar="N", help=mark("Cores, such as 4 or 0.5.")),
            option("--memory", default="0", metavar="M", help=mark("Main memory, such as 16G.")),
            option(
                "--span", default="node", help=mark("How far apart devices may lie: node, island or nodes.")
            ),
            nodes_option,
        )
    ):
        function = decorate(function)
    return function


def nodes_option(function: _Function) -> _Function:
    """``--nodes``."""
    return option(
        "--nodes",
        default="",
        metavar="LABELS",
        help=mark("Only nodes with these labels, such as rack=a1; node=NAME is one of every node."),
    )(function)


def time_option(
    flag: str, *, name: str, says: str, default: str | None = None
) -> Callable[[_Function], _Function]:
    """An option that takes a length of time, such as ``8h``, and gives its seconds under ``name``."""
    return option(
        flag,
        name,
        default=default,
        show_default=default is not None,
        callback=seconds,
        metavar="TIME",
        help=says,
    )


def seconds(ctx: click.Context, parameter: click.Parameter, text: str | None) -> int | None:  # noqa: ARG001
    """A callback: the seconds of a length of time such as ``8h``."""
    if text is None:
        return None
    try:
        return seconds_of(text)
    except BadInput as problem:
        raise click.BadParameter(problem.problem) from problem


def terms_asked(
    *,
    priority: str = "0",
    cpus: str = "0",
    memory: str = "0",
    span: str = "node",
    nodes: str = "",
    preemptible: bool = False,
    for_s: int | None = None,
) -> Terms:
    """The terms that options say. Raises BadInput, which names the option, for a value of no use."""
    stated = {
        tags.PRIORITY: priority,
        tags.CPUS: cpus,
        tags.MEMORY: memory,
        tags.SPAN: span,
        tags.NODES: nodes,
        tags.PREEMPTIBLE: "true" if preemptible else "false",
    }
    if for_s is not None:
        stated[tags.MAX_RUNTIME_S] = str(for_s)
    try:
        return terms_of(stated)
    except BadTerm as problem:
        name = OPTIONS.get(problem.tag, problem.tag)
        raise BadInput(
            _("{option} is {value!r}; expected {expected}").format(
                option=name, value=problem.value, expected=problem.expected
            ),
            _("Correct {option}, or leave it out.").format(option=name),
        ) from problem
