"""Checks of the running stack, or of what would keep it from starting."""

from collections.abc import Iterator

from resources.errors import TrainplatError
from resources.home import Home, read_or_make_secrets
from trainplat_cli.doctor.model import Finding, Verdict, ill, well
from trainplat_cli.supervisor.marked import marked_processes
from trainplat_cli.supervisor.model import PartState, StackStatus
from trainplat_cli.supervisor.ports import USUAL_PORTS, Ports, configured_port
from trainplat_cli.supervisor.record import read_running, supervisor_of
from trainplat_cli.texts import _, ngettext

TOKEN_TIMEOUT_S = 10.0


def ports(home: Home) -> Iterator[Finding]:
    """The parts have ports to listen on."""
    if supervisor_of(home) is not None:
        return
    subject = _("ports")
    try:
        with Ports().choose() as chosen:
            moved = [
                f"{part} {port}"
                for part, port in chosen.chosen.items()
                if configured_port(part) is None and port != USUAL_PORTS[part]
            ]
    except TrainplatError as error:
        yield ill(subject, error)
        return
    if moved:
        yield well(subject, _("the usual ones are taken; free ones: {ports}").format(ports=", ".join(moved)))
    else:
        yield well(subject, _("free"))


def left_overs(home: Home) -> Iterator[Finding]:
    """Nothing is left of a stack that was killed."""
    if supervisor_of(home) is not None:
        return
    left = marked_processes(home.path)
    if left:
        text = ngettext(
            "{count} process of a killed stack is left",
            "{count} processes of a killed stack are left",
            len(left),
        )
        yield Finding(
            _("left-overs"),
            Verdict.ILL,
            text.format(count=len(left)),
            _("`trainplat down` or the next `trainplat up` ends what is left."),
        )


def parts(home: Home) -> Iterator[Finding]:
    """Each part of the running stack is ready."""
    running = read_running(home)
    if running is None:
        yield Finding(_("stack"), Verdict.SKIPPED, _("does not run; start it with `trainplat up`"))
        return
    yield from (_part(running, number) for number in range(len(running.parts)))


def label_studio_token(home: Home) -> Iterator[Finding]:
    """Label Studio accepts the token that trainplat holds."""
    address = home.addresses().label_studio
    if address is None or not home.secrets_file.exists():
        return
    import httpx

    subject = _("Label Studio token")
    token = read_or_make_secrets(home).label_studio_token
    try:
        answer = httpx.get(
            f"{address.rstrip('/')}/api/current-user/whoami",
            headers={"Authorization": f"Token {token}"},
            timeout=TOKEN_TIMEOUT_S,
            trust_env=False,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        yield Finding(
            subject,
            Verdict.ILL,
            _("Label Studio at {address} does not answer: {problem}").format(
                address=address, problem=problem
            ),
            _("See `trainplat status` and its log in {folder}.").format(folder=home.logs),
        )
        return
    if answer.is_success and answer.headers.get("content-type", "").startswith("application/json"):
        yield well(subject, _("accepted at {address}").format(address=address))
        return
    yield Finding(
        subject,
        Verdict.ILL,
        _("refused at {address} (HTTP {status})").format(address=address, status=answer.status_code),
        _(
            "Put a valid legacy token (Label Studio, Account & Settings) as label_studio_token into {path}."
        ).format(path=home.secrets_file),
    )


def _part(running: StackStatus, number: int) -> Finding:
    part = running.parts[number]
    if part.state is PartState.READY:
        detail = part.address or _("ready")
        return well(part.name, detail)
    problem = ": ".join(filter(None, (part.state.shown(), part.detail.shown())))
    starting = part.state in (PartState.STARTING, PartState.WAITING)
    return Finding(
        part.name,
        Verdict.WARNING if starting else Verdict.ILL,
        problem,
        _("Wait a little; its log is {path}.").format(path=part.log)
        if starting
        else _("See its log: {path}. It is started again by itself.").format(path=part.log),
    )
