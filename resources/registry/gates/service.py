"""Gates for everyone above: keep what they said about a model, and who went past them, and why."""

from collections.abc import Sequence

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import BadInput
from resources.gate_plan import GATES
from resources.home import Home
from resources.registry.gates import store
from resources.registry.gates.model import GateResult, Judging, Override
from resources.terms import Actor, DatasetName

LONGEST_REASON = 2000


class GateService:
    """The judgings and overrides of one home. What is read comes from our tables alone."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock

    def record(
        self, dataset: DatasetName, number: int, results: Sequence[GateResult], actor: Actor
    ) -> Judging:
        """Keep what all gates said about a model, in place of what they said before."""
        judging = Judging(dataset, number, tuple(results), self.clock())
        with self.database.write() as connection:
            before = store.judging_of(connection, dataset, number)
            _put(connection, before, judging, actor)
        return judging

    def renew(self, dataset: DatasetName, number: int, result: GateResult, actor: Actor) -> Judging:
        """Keep what one gate says now; what the others said stays."""
        with self.database.write() as connection:  # checks of one model may run side by side
            before = store.judging_of(connection, dataset, number)
            known = {} if before is None else {one.gate: one for one in before.results}
            known[result.gate] = result
            told = tuple(known[gate] for gate in GATES if gate in known)
            judging = Judging(dataset, number, told, self.clock())
            _put(connection, before, judging, actor)
        return judging

    def judging(self, dataset: DatasetName, number: int) -> Judging | None:
        """What all gates said about a model; None where it was never judged."""
        with self.database.read() as connection:
            return store.judging_of(connection, dataset, number)

    def judgings(self, dataset: DatasetName) -> dict[int, Judging]:
        """Those of all models of a data set, by number."""
        with self.database.read() as connection:
            return {one.number: one for one in store.judgings_of(connection, dataset)}

    def results(self, dataset: DatasetName, number: int) -> list[GateResult]:
        """What each gate said about a model; nothing where it was never judged."""
        judging = self.judging(dataset, number)
        return [] if judging is None else list(judging.results)

    def passed(self, dataset: DatasetName, number: int) -> bool:
        """Whether a model may be promoted: it was judged, and nothing bars it."""
        return not self.failed_sentences(dataset, number)

    def failed_sentences(self, dataset: DatasetName, number: int) -> tuple[str, ...]:
        """Why a model may not be promoted, a sentence each; empty where it may."""
        judging = self.judging(dataset, number)
        if judging is None:
            return (f"model {number} of {dataset} was never judged by its gates",)
        return judging.failed_sentences

    def record_override(self, dataset: DatasetName, number: int, actor: Actor, why: str) -> Override:
        """Note that a model is promoted past its gates, by whom and why. Raises BadInput without a reason."""
        reason = why.strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise BadInput(
                f"the reason to promote model {number} of {dataset} past its gates has {len(reason)} "
                f"characters; expected 1 to {LONGEST_REASON}",
                "Say in a sentence why this model is to be promoted all the same.",
            )
        failed = self.failed_sentences(dataset, number)
        with self.database.write() as connection:
            now = self.clock()
            made = store.add_override(connection, Override(0, dataset, number, actor, reason, failed, now))
            detail = f"{reason} (against: {'; '.join(failed) or 'nothing'})"
            record(connection, AuditRow(now, actor, "gates.override", f"models:/{dataset}/{number}", detail))
        return made

    def overrides(self, dataset: DatasetName) -> list[Override]:
        """Every override of a data set, the oldest first."""
        with self.database.read() as connection:
            return store.overrides_of(connection, dataset)

    def override_of(self, dataset: DatasetName, number: int) -> Override | None:
        """The newest override of a model, or None."""
        mine = [one for one in self.overrides(dataset) if one.number == number]
        return mine[-1] if mine else None


def _put(connection: Connection, before: Judging | None, judging: Judging, actor: Actor) -> None:
    store.put_judging(connection, judging)
    if before is None or before.results != judging.results:
        detail = "; ".join(judging.failed_sentences) or "passed"
        subject = f"models:/{judging.dataset}/{judging.number}"
        record(connection, AuditRow(judging.judged_at, actor, "gates.judge", subject, detail))
