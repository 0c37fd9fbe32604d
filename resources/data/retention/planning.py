"""What a rule keeps: pure, and each verdict says why.

Branches first, since a version of an open branch is kept.

- **B1** A branch whose last commit, or last answer to a conflict, is younger than the rule says, or
  that somebody has locked, stays open.
- **B2** Else it is closed. Without an age in the rule no branch is.

Versions, the first that applies; what is retired or erased already is left alone:

- **V1** The newest version of the main line is kept.
- **V2** One that is tagged, pinned, locked, or that a model or a run depends on is kept.
- **V3** A version of an open branch, and the one that such a branch began from, is kept.
- **V4** One of the newest N of the main line is kept.
- **V5** One that is younger than the rule says is kept.
- **V6** Where the rule says nothing of versions, they are kept.
- **V7** Else it is retired.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from resources.data.retention.model import Fate, Plan, Rule, Standing, Verdict
from resources.data.versions.model import Branch, BranchState, State, Version
from resources.terms import VersionKey
from resources.texts import Filled, filled, mark


def plan(rule: Rule, at: Standing, now: datetime) -> Plan:
    """What ``rule`` does to a data set ``now``."""
    committed = {one.key: one.committed_at for one in at.versions}
    branches = {
        one.name: _of_branch(rule, one, _last_work(one, committed, at), now)
        for one in at.branches
        if one.state is BranchState.OPEN
    }
    is_open = [one for one in at.branches if one.name in branches and branches[one.name].fate is Fate.KEEP]
    main = [one.key for one in at.versions if one.branch is None and one.state is State.SEALED]
    judge = _Judge(rule, at, main, _kept_by_branches(is_open, at.versions), now)
    versions = tuple(judge.of(one) for one in at.versions if one.state is State.SEALED)
    return Plan(rule, versions, tuple(branches.values()))


class _Judge:
    def __init__(
        self,
        rule: Rule,
        at: Standing,
        main: Sequence[VersionKey],
        by_branches: Mapping[VersionKey, str],
        now: datetime,
    ) -> None:
        self._rule, self._at, self._by_branches, self._now = rule, at, by_branches, now
        self._newest = main[-1:]
        self._last = set(main[-rule.keep_last :]) if rule.keep_last else set()

    def of(self, version: Version) -> Verdict:
        rule, age = self._rule, self._now - version.committed_at
        if version.key in self._newest:
            return _kept(version, filled(mark("it is the newest version of the main line")))
        if held := self._at.held.get(version.key):
            return _kept(version, filled(mark("it is kept for {what}"), what=", ".join(held)))
        if version.key in self._by_branches:
            return _kept(
                version, filled(mark("the branch {branch} is open"), branch=self._by_branches[version.key])
            )
        if version.key in self._last:
            return _kept(
                version,
                filled(mark("it is one of the newest {count} of the main line"), count=rule.keep_last),
            )
        if rule.keep_younger_s is not None and age < timedelta(seconds=rule.keep_younger_s):
            return _kept(
                version,
                filled(
                    mark("it is {age} old, which is less than {least}"),
                    age=_days(age),
                    least=_length(rule.keep_younger_s),
                ),
            )
        if rule.keep_last is None and rule.keep_younger_s is None:
            return _kept(version, filled(mark("the rule says nothing of versions")))
        return Verdict(version.key, Fate.RETIRE, self._why_retired(version, age))

    def _why_retired(self, version: Version, age: timedelta) -> Filled:
        said = []
        if self._rule.keep_younger_s is not None:
            old = mark("it is {age} old, {least} are kept")
            said.append(filled(old, age=_days(age), least=_length(self._rule.keep_younger_s)))
        if self._rule.keep_last is not None:
            behind = (
                mark("the newest {count} of the main line are kept, it is on a branch that is not open")
                if version.branch
                else mark("the newest {count} of the main line are kept, it is behind them")
            )
            said.append(filled(behind, count=self._rule.keep_last))
        free = filled(mark("nothing depends on it"))
        for one in reversed(said):
            free = filled(mark("{reason}; {other}"), reason=one, other=free)
        return free


def _of_branch(rule: Rule, branch: Branch, last_work: datetime, now: datetime) -> Verdict:
    idle = now - last_work
    if rule.close_after_s is None:
        return Verdict(branch.name, Fate.KEEP, filled(mark("the rule closes no branch")))
    after = _length(rule.close_after_s)
    if idle < timedelta(seconds=rule.close_after_s):
        worked = filled(mark("worked on {age} ago, which is less than {least}"), age=_days(idle), least=after)
        return Verdict(branch.name, Fate.KEEP, worked)
    idle_for = mark("nobody has committed to it for {age}, and {least} are given")
    return Verdict(branch.name, Fate.CLOSE, filled(idle_for, age=_days(idle), least=after))


def _last_work(branch: Branch, committed: Mapping[VersionKey, datetime], at: Standing) -> datetime:
    return max(
        branch.created_at,
        # Of a branch without a version of its own the head is where it began.
        branch.created_at if branch.head == branch.base else committed.get(branch.head, branch.created_at),
        at.worked_on.get(branch.name, branch.created_at),
    )


def _kept_by_branches(is_open: Sequence[Branch], versions: Sequence[Version]) -> dict[VersionKey, str]:
    names = {one.name for one in is_open}
    kept = {one.key: one.branch for one in versions if one.branch in names}
    return {one.base: one.name for one in is_open} | {key: name for key, name in kept.items() if name}


def _kept(version: Version, reason: Filled) -> Verdict:
    return Verdict(version.key, Fate.KEEP, reason)


def _length(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    parts = [f"{days}d" if days else "", f"{rest // 3600}h" if rest >= 3600 else ""]
    return "".join(parts) or f"{seconds}s"


def _days(age: timedelta) -> str:
    return _length(max(0, int(age.total_seconds())))
