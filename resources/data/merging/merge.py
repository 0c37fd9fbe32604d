"""Two versions made from one are joined: the way in. Pure; contents come through ``read``.

The rules are those of :mod:`resources.data.merging.tree` for paths and of
:mod:`resources.data.merging.records` for annotation files; docs/data-merging.md has all of them. Laws,
tested over drawn trees: the order of ours and theirs changes only who is named first; what one side alone
changed is taken as it is; nothing that a side changed is neither in the result nor in a conflict. The same
arguments give the same outcome, so a merge is resumed by doing it again with the answers that people gave
meanwhile.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from resources.data.merging.model import (
    AUTOMATIC,
    Conflict,
    How,
    Mode,
    Outcome,
    Policy,
    PolicyRule,
    Resolution,
    Step,
    Versions,
)
from resources.data.merging.questions import FileQuestions, Kept, Questions
from resources.data.merging.records.coco import merge_coco
from resources.data.merging.records.csv_rows import merge_csv
from resources.data.merging.records.jsonl import merge_jsonl
from resources.data.merging.records.problem import NotByRecord
from resources.data.merging.records.rules import USUAL_RULES, AnnotationRule, FileKind, rule_for
from resources.data.merging.tree import Clash, PathConflict, merge_trees
from resources.errors import BadInput
from resources.texts import filled, mark


def merge(
    base: Mapping[str, str],
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    read: Callable[[str], bytes],
    policy: Policy = AUTOMATIC,
    resolutions: Sequence[Resolution] = (),
    rules: tuple[AnnotationRule, ...] = USUAL_RULES,
) -> Outcome:
    """Merge three trees, each path to MD5, as far as policy and answers go.

    ``read`` gives the content of an MD5; it is asked for annotation files that both sides changed, and for
    nothing else. What it raises goes on. ``rules`` say which files these are.
    """
    trees = merge_trees(base, ours, theirs)
    work = _Work(trees.merged, read, policy, Questions(resolutions), rules)
    for how, paths in ((How.OURS, trees.ours_only), (How.THEIRS, trees.theirs_only), (How.SAME, trees.same)):
        work.how.update(dict.fromkeys(paths, how))
    for clash in trees.clashes:
        work.how[clash.path] = work.clash(clash)
    for conflict in trees.conflicts:
        work.how[conflict.path] = work.path(conflict)
    return Outcome(
        work.merged,
        work.contents,
        tuple(sorted(work.questions.open, key=_in_order)),
        tuple(sorted(work.questions.resolved, key=lambda one: _in_order(one.conflict))),
        work.questions.unused(),
        tuple(Step(path, work.how[path]) for path in sorted(work.how)),
        Counter(work.how.values()),
    )


_MERGERS = {FileKind.JSONL: merge_jsonl, FileKind.CSV: merge_csv, FileKind.COCO: merge_coco}
_SIDES = {Mode.OURS: How.POLICY_OURS, Mode.THEIRS: How.POLICY_THEIRS}
_BY_RECORD = "by record"
"""In place of an MD5: the answer that a file is to be merged by record after all."""


@dataclass
class _Work:
    """What came out so far."""

    merged: dict[str, str]
    read: Callable[[str], bytes]
    policy: Policy
    questions: Questions
    rules: tuple[AnnotationRule, ...]
    contents: dict[str, bytes] = field(default_factory=dict)
    how: dict[str, How] = field(default_factory=dict)

    def clash(self, clash: Clash) -> How:
        """Settle a file against a folder: all of one version's, or none."""
        rule = self.policy.rule_for(clash.path)
        if rule is not None and rule.mode in _SIDES:
            self._put_below(clash, clash.ours if rule.mode is Mode.OURS else clash.theirs)
            return _SIDES[rule.mode]
        states = Versions(clash.base or None, clash.ours, clash.theirs)
        opened = len(self.questions.open)
        chosen = self.questions.ask(
            clash.path, states, _shown_files, kind=clash.kind, given=None, reason=_asked_by(rule)
        )
        self._put_below(clash, chosen or {})
        return How.OPEN if len(self.questions.open) > opened else How.RESOLVED

    def path(self, conflict: PathConflict) -> How:
        """Settle a path that both sides changed, and not the same way."""
        rule = self.policy.rule_for(conflict.path)
        if rule is not None and rule.mode in _SIDES:
            self._put(conflict.path, conflict.ours if rule.mode is Mode.OURS else conflict.theirs)
            return _SIDES[rule.mode]
        annotations = rule_for(conflict.path, self.rules)
        if conflict.ours is None or conflict.theirs is None or annotations is None:
            return self._whole(conflict, _asked_by(rule))
        kept = self.questions.kept()
        if rule is not None and rule.mode is Mode.MANUAL:
            how = self._whole(conflict, _asked_by(rule), both=_BY_RECORD)
            if self.merged.get(conflict.path) != _BY_RECORD:
                return how
        return self._by_record(conflict, annotations, kept)

    def _by_record(self, conflict: PathConflict, rule: AnnotationRule, kept: Kept) -> How:
        opened = len(self.questions.open)
        md5s = Versions(conflict.base, conflict.ours, conflict.theirs)
        contents = md5s.map(lambda md5: None if md5 is None else self.read(md5))
        try:
            content = _MERGERS[rule.kind](
                contents, rule.id_fields, FileQuestions(self.questions, conflict.path)
            )
        except NotByRecord as problem:
            self.questions.back(kept)
            return self._whole(conflict, problem.told)
        except RecursionError:
            self.questions.back(kept)
            return self._whole(conflict, filled(mark("its records are nested too deep")))
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self.merged[conflict.path] = md5
        if md5 not in md5s:
            self.contents[conflict.path] = content
        return How.OPEN if len(self.questions.open) > opened else How.RECORDS

    def _whole(self, conflict: PathConflict, reason: str, both: str | None = None) -> How:
        opened = len(self.questions.open)
        chosen = self.questions.ask(
            conflict.path,
            Versions(conflict.base, conflict.ours, conflict.theirs),
            str,
            kind=conflict.kind,
            given=given_md5,
            both=both,
            reason=reason,
        )
        self._put(conflict.path, chosen)
        return How.OPEN if len(self.questions.open) > opened else How.RESOLVED

    def _put(self, path: str, md5: str | None) -> None:
        if md5 is None:
            self.merged.pop(path, None)
        else:
            self.merged[path] = md5

    def _put_below(self, clash: Clash, files: Mapping[str, str]) -> None:
        for path in clash.base:
            self.merged.pop(path, None)
        self.merged.update(files)


def _in_order(conflict: Conflict) -> tuple[str, str, str]:
    return conflict.path, conflict.record or "", conflict.field or ""


def _asked_by(rule: PolicyRule | None) -> str:
    if rule is None or rule.mode is not Mode.MANUAL:
        return ""
    return filled(mark("by policy a person decides about {glob}"), glob=rule.glob)


def _shown_files(files: Mapping[str, str]) -> str:
    return ", ".join(f"{path} {md5}" for path, md5 in sorted(files.items()))


def given_md5(text: str) -> str:
    """The object that a person gives in place of a file. Raises :class:`BadInput` for what names none."""
    wanted = text.strip().lower()
    if len(wanted) != 32 or set(wanted) - set("0123456789abcdef"):
        raise BadInput(
            f"{text[:80]!r} is no MD5 of an object",
            "Put the content into the store, and give the 32 hexadecimal digits of its name.",
        )
    return wanted
