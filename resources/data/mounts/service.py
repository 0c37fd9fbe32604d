"""Mount points for everyone above: declare them, check them, give them to a run, clean up after it.

What a run is given is a row before it is a folder, with the process that has it. So what a killed run leaves
is found by its row, and removed.
"""

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex

from resources.clock import Clock, utc_now
from resources.data.mounts import store
from resources.data.mounts.bucket import Bucket, Stamps
from resources.data.mounts.choosing import Choice, choose
from resources.data.mounts.declaring import providers, scratch_folder
from resources.data.mounts.looking import MIB, look, on_disks
from resources.data.mounts.model import (
    Feature,
    Grant,
    Kind,
    Mode,
    Mount,
    MountRefused,
    Provider,
    checked_name,
    variable_of,
)
from resources.data.mounts.unsent import PREFIX, Written, send_back, told_if_left
from resources.data.versions.audit import audit
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, NotFound
from resources.holder import Holder
from resources.home import Home
from resources.terms import Actor

_LOG = logging.getLogger(__name__)


class MountService:
    """The mount points of one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock

    def providers(self) -> list[Provider]:
        """The providers of the home. Raises BadInput for a bad ``storage.yaml``."""
        return providers(self.home)

    def mounts(self) -> list[Mount]:
        """All mount points, by name."""
        with self.database.read_plainly() as rows:
            return store.mounts(rows)

    def mount(self, name: str) -> Mount:
        """One mount point. Raises NotFound, which lists them."""
        known = self.mounts()
        for one in known:
            if one.name == name:
                return one
        listed = ", ".join(one.name for one in known) or "none yet"
        raise NotFound(
            f"there is no mount point {name!r}; there are: {listed}",
            "Declare it: trainplat data mounts declare NAME --size-mib N --mode scratch.",
        )

    def grants(self) -> list[Grant]:
        """What runs have now, the oldest first."""
        with self.database.read_plainly() as rows:
            return store.grants(rows)

    def declare(
        self,
        name: str,
        size_mib: int,
        mode: Mode,
        actor: Actor,
        *,
        provider: str | None = None,
        at: str | None = None,
        needs: frozenset[Feature] = frozenset(),
    ) -> tuple[Mount, Choice]:
        """Write a mount point down, after a check; and on what it is.

        What is kept stays where it is first: its provider is chosen now, once. Raises BadInput, and
        MountRefused where no provider meets it.
        """
        if mode is Mode.READ and provider is None:
            raise BadInput(
                f"mount point {name} is to be read, and no provider is named that has what is to be read",
                "Name it: --provider NAME, and with --at where in it.",
            )
        now = self.clock()
        asked = Mount(name, size_mib, mode, provider, at or name, needs, actor, now)
        choice = self._chosen(asked)
        chosen = choice.provider.name if choice.provider is not None and mode is Mode.KEEP else provider
        mount = Mount(name, size_mib, mode, chosen, at or name, needs, actor, now)
        with self.database.write_plainly() as rows:
            store.set_mount(rows, mount)
            detail = f"{size_mib} MiB, {mode}, on {chosen or 'the cheapest'}"
            audit(rows, now, actor, "data.declare_mount", name, detail)
        return mount, choice

    def remove(self, name: str, actor: Actor) -> None:
        """Forget a mount point; what is kept there stays.

        Raises NotFound, and MountRefused while runs have it.
        """
        self.mount(name)
        with self.database.write_plainly() as rows:
            users = sorted({one.run_id for one in store.grants(rows) if one.mount == name})
            if users:
                raise MountRefused(f"runs have {name} now: {', '.join(users)}", "Wait until they have ended.")
            store.drop_mount(rows, name)
            audit(rows, self.clock(), actor, "data.remove_mount", name, "")

    def check(self, name: str) -> Choice:
        """On what a run would get the mount point now. Raises MountRefused where it would be refused."""
        return self._chosen(self.mount(name))

    def refuse_unusable(self, names: Sequence[str]) -> None:
        """Raise MountRefused, which tells all reasons, where a run could not be given all these now."""
        reasons, beside = list[str](), list[Grant]()
        for name in names:
            try:
                beside.append(self._planned(self.mount(name), beside))
            except (MountRefused, NotFound) as refusal:
                reasons.append(refusal.problem)
        if reasons:
            raise MountRefused(
                "; ".join(reasons),
                "`trainplat data mounts check` says the same at once; mend that, then launch the run again.",
            )

    @contextmanager
    def given(self, names: Sequence[str], run_id: str) -> Iterator[dict[str, Path]]:
        """Let this process have mount points, which the environment names too; they are cleaned up after it.

        What is on S3 and kept is sent back when the block ends well. Raises MountRefused, and Unavailable,
        which says where what could not be sent lies.
        """
        with ExitStack() as stack:
            held = {name: stack.enter_context(self._given(self.mount(name), run_id)) for name in names}
            yield {name: path for name, (path, _) in held.items()}
            send_back([written for _, written in held.values() if written is not None])

    def sweep(self, actor: Actor) -> list[Grant]:
        """Clean up after processes that are dead; what they had. Of other machines nothing is known here."""
        dead = [one for one in self.grants() if one.holder.is_dead()]
        for one in dead:
            detail = f"{one.path}, which a process had that died"
            if left := told_if_left(one):
                _LOG.warning("%s", left)
                detail = f"{detail}; {left}"
            self._end(one)
            with self.database.write_plainly() as rows:
                audit(rows, self.clock(), actor, "data.sweep_mount", f"{one.mount} {one.run_id}", detail)
        return dead

    def _planned(self, mount: Mount, beside: Sequence[Grant]) -> Grant:
        """What a run would be given, which is to have ``beside`` already. Raises MountRefused."""
        try:
            provider = self._chosen(mount, beside).provider
        except MountRefused as refusal:
            if not beside:
                raise
            self._chosen(mount)  # raises where it would be refused alone, too
            others = ", ".join(one.mount for one in beside)
            raise MountRefused(f"{refusal.problem}, beside {others}", refusal.next_step) from refusal
        assert provider is not None  # noqa: S101 - else it was refused
        return self._grant(mount, provider, "")

    def _chosen(self, mount: Mount, beside: Sequence[Grant] = ()) -> Choice:
        with self.database.read_plainly() as rows:
            given = on_disks([*_of_the_living(rows), *beside])
        work = scratch_folder(self.home)
        choice = choose(mount, [look(one, mount, work, given) for one in self.providers()])
        if choice.provider is None:
            raise MountRefused(
                f"mount point {mount.name} ({mount.size_mib} MiB, {mount.mode}): {choice.reason}",
                "Make room, mend the provider, or declare the mount point anew.",
            )
        return choice

    @contextmanager
    def _given(self, mount: Mount, run_id: str) -> Iterator[tuple[Path, Written | None]]:
        """Its folder, and what is to be sent back of it."""
        provider = self._chosen(mount).provider
        assert provider is not None  # noqa: S101 - else it was refused
        grant = self._begin(mount, provider, run_id)
        before = os.environ.get(mount.variable)
        try:
            bucket = Bucket(provider, mount) if provider.kind is Kind.S3 else None
            grant.path.mkdir(parents=True, exist_ok=True)
            stamps = {} if bucket is None else self._bring(bucket, mount, grant.path)
            os.environ[mount.variable] = str(grant.path)
            if bucket is not None and mount.mode is Mode.KEEP:
                yield grant.path, Written(grant, bucket, stamps)
            else:
                yield grant.path, None
        finally:
            if before is None:
                os.environ.pop(mount.variable, None)
            else:
                os.environ[mount.variable] = before
            self._end(grant)

    def _begin(self, mount: Mount, provider: Provider, run_id: str) -> Grant:
        """Write down what is given. Raises MountRefused where somebody else was faster."""
        grant = self._grant(mount, provider, run_id)
        with self.database.write_plainly() as rows:
            promised = sum(one.size_mib for one in _of_the_living(rows) if one.provider == provider.name)
            if provider.size_mib is not None and promised + mount.size_mib > provider.size_mib:
                raise MountRefused(
                    f"{provider.name} has {provider.size_mib} MiB, of which {promised} are promised; "
                    f"{mount.name} needs {mount.size_mib}",
                    "Wait until another run has ended.",
                )
            store.add_grant(rows, grant)
        return grant

    def _grant(self, mount: Mount, provider: Provider, run_id: str) -> Grant:
        is_ours = mount.mode is Mode.SCRATCH or provider.kind is Kind.S3
        root = scratch_folder(self.home) if provider.kind is Kind.S3 else Path(provider.at)
        path = root / f"{PREFIX}{mount.name}-{token_hex(6)}" if is_ours else root / mount.at
        return Grant(
            *(token_hex(8), mount.name, run_id, provider.name, mount.size_mib, path, is_ours),
            Holder.current(),
            self.clock(),
        )

    def _bring(self, bucket: Bucket, mount: Mount, folder: Path) -> Stamps:
        held_mib = -(-sum(bucket.sizes().values()) // MIB)
        if held_mib > mount.size_mib:
            raise MountRefused(
                f"{bucket.remote.url} holds {held_mib} MiB, and mount point {mount.name} is {mount.size_mib}",
                "Declare it with more: trainplat data mounts declare.",
            )
        return bucket.bring(folder)

    def _end(self, grant: Grant) -> None:
        """First the folder, then its row: who is killed in between leaves a row that tells what to remove."""
        if grant.is_ours:
            shutil.rmtree(grant.path, ignore_errors=True)
            if grant.path.exists():  # something in it is busy: the next sweep tries again
                return
        with self.database.write_plainly() as rows:
            store.drop_grant(rows, grant.id)


def _of_the_living(rows: Plain) -> list[Grant]:
    """What runs have, without those that are dead and whose folders are swept."""
    return [one for one in store.grants(rows) if not one.holder.is_dead()]


def given_path(name: str) -> Path | None:
    """The path of a mount point that this process has; None where it has none of that name."""
    found = os.environ.get(variable_of(checked_name(name)))
    return None if found is None else Path(found)
