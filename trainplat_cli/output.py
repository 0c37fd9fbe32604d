"""What the commands print: to people on a terminal, to pipes, and to machines as JSON."""

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from resources.clock import utc_now
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from rich.console import Console

MIB = 1024 * 1024


def out() -> "Console":
    """Where results go."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, emoji=False)


def err() -> "Console":
    """Where progress and warnings go, so that results stay readable for machines."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def print_json(document: object) -> None:
    """Print a result for machines: valid JSON, and the same to whoever reads it, whatever names it has."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=_plain)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # bytes of a file name that are no text, or characters that a pipe cannot take
        text = json.dumps(document, indent=2, default=_plain)
    click.echo(text)


def duration(seconds: float) -> str:
    """A duration as people say it: ``8.2 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < 60:
        return _("{count} s").format(count=f"{seconds:.1f}")
    minutes, rest_s = divmod(int(seconds), 60)
    if minutes < 60:
        return _in_units((_("{count} min"), minutes), (_("{count} s"), rest_s))
    return _in_units((_("{count} h"), minutes // 60), (_("{count} min"), minutes % 60))


def age(moment: datetime) -> str:
    """How long ago ``moment`` was."""
    return duration(max(0.0, (utc_now() - moment).total_seconds()))


def mebibytes(count: int) -> str:
    """A number of bytes in MiB."""
    return f"{count / MIB:,.0f} MiB"


def _in_units(*counted: tuple[str, int]) -> str:
    return " ".join(unit.format(count=count) for unit, count in counted)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
