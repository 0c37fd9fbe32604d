"""``trainplat notebook``: JupyterLab in the user's work folder, under a lease."""

import signal
import sys
import webbrowser
from typing import NoReturn

import click

from resources.gpu.model import Owner
from resources.gpu.service import GpuService
from resources.home import Home
from resources.notebooks import service as notebooks
from resources.notebooks.model import Notebook, Wanted
from resources.notebooks.service import NotebookService, Told
from resources.texts import mark
from resources.users import current_user, is_operator_of
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.asking import asking_options, terms_asked, time_option
from trainplat_cli.output import duration, err, out, print_json
from trainplat_cli.supervisor.prepare import mark_home
from trainplat_cli.texts import _

ENDS = {
    notebooks.IDLE: mark("The devices are given back: nobody worked in it."),
    notebooks.OVER: mark("The devices are given back: its time is over."),
    notebooks.ENDED: mark("The devices are given back: it was closed."),
    notebooks.STOPPED: mark(
        "The devices are given back: the arbiter stopped it; trainplat gpu history says why."
    ),
}


@click.command(
    cls=Command,
    help=mark(
        "Open JupyterLab in your work folder with devices of its own. They are given back when nobody works "
        "in it, when its time is over, and with Ctrl-C."
    ),
)
@option(
    "--gpus",
    "request",
    default="1",
    show_default=True,
    metavar="REQUEST",
    help=mark("The devices to ask for."),
)
@time_option("--for", name="for_s", default="8h", says=mark("How long it is kept at most."))
@time_option(
    "--idle", name="idle_s", default="1h", says=mark("After how long without work it is given back.")
)
@asking_options
@option("--no-browser", is_flag=True, help=mark("Only print the address."))
@option("--list", "listed", is_flag=True, help=mark("Show the notebooks that run, and open none."))
@option("--stop", "stopped", metavar="ID", help=mark("Close a notebook that runs."))
@option("--json", "as_json", is_flag=True, help=mark("With --list: print the same for machines."))
def notebook(
    request: str,
    for_s: int,
    idle_s: int,
    project: str,
    priority: str,
    cpus: str,
    memory: str,
    span: str,
    nodes: str,
    no_browser: bool,
    listed: bool,
    stopped: str | None,
    as_json: bool,
) -> None:
    """Keep a notebook, or list or stop those that run."""
    if as_json and not listed:
        raise click.UsageError(_("--json goes with --list: `trainplat notebook --list --json`."))
    home = Home.from_environment()
    service = NotebookService(home, GpuService(home.database()))
    if listed:
        _show(service.running(), as_json=as_json)
        return
    if stopped is not None:
        is_operator = is_operator_of(home.path)
        closed = service.stop(stopped, user=current_user(), is_operator=is_operator)
        out().print(_("Closing {id}.").format(id=closed), markup=False)
        return
    mark_home(home)
    terms = terms_asked(priority=priority, cpus=cpus, memory=memory, span=span, nodes=nodes, for_s=for_s)
    wanted = Wanted(request, Owner(project, current_user()), for_s, idle_s, terms)
    signal.signal(signal.SIGTERM, _end)
    reason, opened = notebooks.ENDED, list[Notebook]()

    def say_opened(one: Notebook) -> None:
        opened.append(one)
        _say_opened(one, browser=not no_browser)

    try:
        reason = service.keep(wanted, Told(_say_wait, say_opened))
    except KeyboardInterrupt:
        err().print()
    err().print(_(ENDS[reason]) if opened else _("It waits no longer, and has held no device."))


def _say_wait(reason: str) -> None:
    err().print(_("Waits for its devices. {reason}").format(reason=reason), markup=False)


def _say_opened(opened: Notebook, *, browser: bool) -> None:
    out().print(opened.address, markup=False)
    err().print(
        _(
            "On {devices}, for at most {time}, or until nobody has worked in it for {idle}. Ctrl-C ends it."
        ).format(
            devices=_devices(opened),
            time=duration((opened.until - opened.opened_at).total_seconds()),
            idle=duration(opened.idle_s),
        ),
        markup=False,
    )
    if browser:
        webbrowser.open(opened.address)


def _show(running: list[Notebook], *, as_json: bool) -> None:
    if as_json:
        found = [
            {
                "id": one.id,
                "project": one.owner.project,
                "user": one.owner.user,
                "request": one.request,
                "devices": ",".join(one.devices),
                "folder": one.folder,
                "address": one.address,
                "opened_at": one.opened_at,
                "until": one.until,
                "idle_s": one.idle_s,
            }
            for one in running
        ]
        print_json({"notebooks": found})
        return
    if not running:
        out().print(_("No notebook runs."))
    for one in running:
        out().print(f"{one.id}  {_devices(one)}  {one.address}", markup=False)


def _devices(one: Notebook) -> str:
    return ", ".join(one.devices) or _("no device")


def _end(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)
