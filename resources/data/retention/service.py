"""Retention for everyone above: say the rules, see what they would do, do it."""

from resources.clock import Clock, utc_now
from resources.data.retention import store
from resources.data.retention.model import Plan, Rule
from resources.data.retention.planning import plan
from resources.data.versions import store as versions
from resources.data.versions.audit import audit
from resources.data.versions.errors import UnknownDataset
from resources.data.versions.model import Branch, BranchState, State
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import NotFound
from resources.terms import Actor, DatasetName, VersionKey


class RetentionService:
    """The rules of one home. Every act can be repeated without harm."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self.database, self.clock = database, clock

    def rules(self, dataset: DatasetName | None = None) -> list[Rule]:
        """All rules, or that of one data set. Raises NotFound where it has none."""
        with self.database.read_plainly() as rows:
            return _chosen(rows, dataset)

    def set_rule(
        self,
        dataset: DatasetName,
        actor: Actor,
        *,
        keep_last: int | None = None,
        keep_younger_s: int | None = None,
        close_after_s: int | None = None,
    ) -> Rule:
        """Let this be the rule of a data set, instead of the one before. Raises BadInput and NotFound."""
        now = self.clock()
        rule = Rule(dataset, keep_last, keep_younger_s, close_after_s, actor, now)
        with self.database.write_plainly() as rows:
            known = versions.datasets(rows)
            if dataset not in known:
                raise UnknownDataset(dataset, known)
            store.set_rule(rows, rule)
            detail = f"keep_last {keep_last}, keep_younger_s {keep_younger_s}, close_after_s {close_after_s}"
            audit(rows, now, actor, "data.set_retention", dataset, detail)
        return rule

    def remove_rule(self, dataset: DatasetName, actor: Actor) -> None:
        """Let a data set have no rule: all of it is kept. Raises NotFound where it has none."""
        with self.database.write_plainly() as rows:
            if not store.drop_rule(rows, dataset):
                raise _no_rule(dataset)
            audit(rows, self.clock(), actor, "data.remove_retention", dataset, "")

    def plans(self, dataset: DatasetName | None = None) -> list[Plan]:
        """What the rules would do now; nothing is changed."""
        with self.database.read_plainly() as rows:
            return [self._plan(rows, rule) for rule in _chosen(rows, dataset)]

    def apply(self, actor: Actor, dataset: DatasetName | None = None) -> list[Plan]:
        """Do it: one transaction for each data set, in which the plan is made anew."""
        done = []
        for rule in self.rules(dataset):
            with self.database.write_plainly() as rows:
                if rule in store.rules(rows):  # somebody may have changed it meanwhile
                    done.append(self._do(rows, self._plan(rows, rule), actor))
        return done

    def _plan(self, rows: Plain, rule: Rule) -> Plan:
        now = self.clock()
        return plan(rule, store.standing(rows, rule.dataset, now), now)

    def _do(self, rows: Plain, planned: Plan, actor: Actor) -> Plan:
        dataset, now = planned.rule.dataset, self.clock()
        for one in planned.retires:
            versions.set_state(rows, dataset, VersionKey(one.name), State.RETIRED)
            audit(rows, now, actor, "data.retire", f"{dataset} {one.name}", f"by rule: {one.reason}")
        for one in planned.closes:
            branch = versions.branch(rows, dataset, one.name)
            if branch is not None:
                versions.move_branch(rows, Branch(**{**vars(branch), "state": BranchState.CLOSED}))
                audit(
                    rows, now, actor, "data.close_branch", f"{dataset} {one.name}", f"by rule: {one.reason}"
                )
        return planned


def _chosen(rows: Plain, dataset: DatasetName | None) -> list[Rule]:
    found = store.rules(rows)
    if dataset is None:
        return found
    chosen = [one for one in found if one.dataset == dataset]
    if not chosen:
        raise _no_rule(dataset)
    return chosen


def _no_rule(dataset: DatasetName) -> NotFound:
    return NotFound(
        f"{dataset} has no retention rule: all of its versions are kept",
        f"Say one: trainplat data retention set {dataset} --keep-last 10.",
    )
