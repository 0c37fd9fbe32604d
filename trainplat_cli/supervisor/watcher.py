"""Telling somebody who may go away how the stack is."""

from collections.abc import Callable

from trainplat_cli.supervisor.model import StackStatus

Report = Callable[[StackStatus], None]
"""Is told the status after each change of it."""


class Watcher:
    """A report that is given up when nobody reads it any more: a closed terminal, a pipe without a reader.

    What is done meanwhile, such as stopping the parts in order, goes on to its end.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._has_gone = False

    def __call__(self, status: StackStatus) -> None:
        """Tell the status, if somebody is there."""
        if self._has_gone:
            return
        try:
            self._report(status)
        except (OSError, SystemExit):  # rich makes a SystemExit of a broken pipe
            self._has_gone = True
