"""Asking before something is done that cannot be undone."""

import sys

import click

from resources.errors import BadInput
from trainplat_cli.texts import _


def confirm(question: str) -> None:
    """Go on once a person says yes; end where they say no. Raises BadInput where nobody can be asked."""
    try:
        is_wanted = click.confirm(question, err=True)
    except click.Abort as no_answer:
        if sys.stdin.isatty():  # a person who broke it off
            raise
        raise BadInput(
            _("nobody is there to answer: {question}").format(question=question),
            _("Give --yes to do it without being asked."),
        ) from no_answer
    if not is_wanted:
        raise click.Abort
