"""``trainplat gpu allocate``: devices without a run, for a time."""

import shlex
import signal
import sys
import time
from typing import Any, NoReturn

import click
from rich.markup import escape

from resources.errors import Conflict
from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.manual.naming import lease_id
from resources.gpu.model import Lease, Owner, Terms
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.vendor_file import home_vendors
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.terms import Actor
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import option
from trainplat_cli.commands.gpu.asking import RequestCommand, asking_options, terms_asked, time_option
from trainplat_cli.commands.gpu.shown import (
    current_actor,
    elsewhere_text,
    gpu_service,
    moment,
    placement_document,
    waiting_because,
)
from trainplat_cli.output import err, print_json
from trainplat_cli.texts import _

POLL_INTERVAL_S = 1.0
"""How often a waiting command looks again."""


@click.command(
    cls=RequestCommand,
    help=mark(
        "Take devices without a run, under NAME and for a time, and print the environment that shows them: "
        'eval "$(trainplat gpu allocate NAME 1)". Under the name and the request of a lease that is yours '
        "already, renew it."
    ),
)
@click.argument("name")
@click.argument("request")
@asking_options
@time_option("--for", name="for_s", default="8h", says=mark("How long, such as 8h, 90m or 1d12h."))
@option("--wait/--no-wait", default=True, help=mark("Wait in the line; or end with 5 if nothing is free."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def allocate(
    name: str,
    request: str,
    project: str,
    priority: str,
    cpus: str,
    memory: str,
    span: str,
    nodes: str,
    for_s: int,
    wait: bool,
    as_json: bool,
) -> None:
    """Renew, or ask, wait and take up."""
    service, actor, owner = gpu_service(), current_actor(), Owner(project, current_user())
    terms = terms_asked(priority=priority, cpus=cpus, memory=memory, span=span, nodes=nodes)
    service.free_dead_holders(actor)
    service.end_overdue(actor)
    live = service.lease_named(name)
    if live is not None and live.owner == owner and live.request == parse_request(request, home_vendors()):
        lease = service.renew(name, for_s=for_s, owner=owner, actor=actor)
    else:
        lease = _taken_up(service, name, request, owner, actor, terms, for_s, wait=wait)
    home = Home.from_environment()
    start_mps(home, service.fractions)
    variables = run_environment(lease, service.devices(), home)
    places = service.places_of(lease.devices)
    if as_json:
        document = _document(name, lease, variables, renewed=live is not None)
        print_json(document | {"placement": placement_document(places)})
        return
    for key, value in variables.items():
        click.echo(f"export {key}={shlex.quote(value)}")
    said = _(
        "Lease {name} has {devices} until {moment}. To give it back: trainplat gpu release {name}"
    ).format(name=name, devices=", ".join(lease.devices) or _("no device"), moment=moment(_end(lease)))
    err().print(escape(said))
    if there := elsewhere_text(places):
        err().print(escape(there))


def _taken_up(
    service: GpuService,
    name: str,
    request: str,
    owner: Owner,
    actor: Actor,
    terms: Terms,
    for_s: int,
    *,
    wait: bool,
) -> Lease:
    me = ProcessIdentity.current()
    asked = service.allocate(name, request, for_s=for_s, owner=owner, actor=actor, holder=me, terms=terms)
    lease, said = None, ""
    before = signal.signal(signal.SIGTERM, _end_waiting)
    try:
        while True:
            service.free_dead_holders(actor)
            service.decide_now(actor)
            lease = service.claim(asked.run_id, me)
            if lease is not None:
                return lease
            waiting = service.newest_request(asked.run_id)
            if waiting is None or service.has_ended(asked.run_id):
                raise Conflict(
                    _("lease {name} was given back while it waited").format(name=name),
                    _("Ask again if you still need it."),
                )
            because = waiting_because(waiting)
            if not wait:
                raise Conflict(
                    _("nothing is free for lease {name}: {reason}").format(name=name, reason=because),
                    _("Leave --no-wait out to wait in the line."),
                )
            if because != said:
                said = because
                err().print(escape(because))
            time.sleep(POLL_INTERVAL_S)
    finally:
        signal.signal(signal.SIGTERM, before)
        if lease is None:
            service.withdraw(asked.run_id, reason="stopped waiting", actor=actor)


def _end_waiting(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)  # so that the line is left on the way out


def _end(lease: Lease) -> Any:
    if lease.expires_at is None:
        raise RuntimeError(f"{lease.run_id} has no end")
    return lease.expires_at


def _document(name: str, lease: Lease, variables: dict[str, str], *, renewed: bool) -> dict[str, Any]:
    return {
        "name": name,
        "run": lease_id(name),
        "project": lease.owner.project,
        "user": lease.owner.user,
        "request": lease.request.text,
        "devices": list(lease.devices),
        "environment": variables,
        "granted_at": lease.granted_at,
        "expires_at": lease.expires_at,
        "renewed": renewed,
    }
