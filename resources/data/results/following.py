"""What comes after a training on a branch: its merge is tried once."""

from dataclasses import dataclass

from resources.data.merges.model import MergeState, Tried
from resources.data.merges.service import MergeService
from resources.data.results.model import AfterTraining, Follow, ResultSnapshot
from resources.data.results.service import ResultService
from resources.data.versions.model import Branch, BranchState
from resources.data.versions.service import VersionService
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class Followed:
    """What came of one training."""

    result: ResultSnapshot
    told: str
    """In a sentence."""


class Follower:
    """Tries the merges of branches that a model was trained on, each once."""

    def __init__(self, results: ResultService, versions: VersionService, merges: MergeService) -> None:
        self._results, self._versions, self._merges = results, versions, merges

    def waiting(self, dataset: DatasetName) -> list[ResultSnapshot]:
        """The trainings on branches that succeeded and that nobody has followed, oldest first."""
        return [
            one
            for one in self._results.results(dataset)
            if one.branch is not None and one.model is not None and one.follow is None
        ]

    def follow(self, result: ResultSnapshot, after: AfterTraining, actor: Actor) -> Followed:
        """Try the merge, or see that it was tried; then say so, for ever.

        The merge itself says that it was done, in its own transaction: who was killed behind it finds it
        done. Raises Conflict where the merge has to wait, for instance for the version that a pipeline
        makes: then nothing is said, and it is tried again.
        """
        what, told = self._outcome(result, after, actor)
        return Followed(self._results.follow(result, what, actor), told)

    def _outcome(self, result: ResultSnapshot, after: AfterTraining, actor: Actor) -> tuple[Follow, str]:
        name = f"{result.branch}, on which {result.model} was trained,"
        branch = self._branch(result)
        merge = next(
            (one for one in self._merges.merges(result.dataset) if one.branch == result.branch), None
        )
        is_tried = merge is not None and merge.theirs == result.version
        if branch is None or branch.state is BranchState.CLOSED:
            return Follow.PASSED, f"{name} is closed."
        if branch.state is BranchState.MERGED:
            if is_tried:
                return Follow.MERGED, f"{name} is merged as {branch.merged_as}."
            return Follow.PASSED, f"{name} is merged as {branch.merged_as} with what came later."
        if branch.head != result.version:
            return Follow.PASSED, f"{name} went on to {branch.head}, which no model was trained on yet."
        if merge is not None and is_tried and merge.state is not MergeState.MERGED:
            return _open(name, merge.conflicts)
        if not after.merges_clean:
            return _open(name, self._merges.offer(*self._asked(result, actor), after.policy).merge.conflicts)
        tried: Tried = self._merges.merge(
            *self._asked(result, actor), after.policy, f"merge {result.branch}, trained as {result.model}"
        )
        if tried.version is not None:
            return Follow.MERGED, f"{name} is merged as {tried.version.key}."
        return _open(name, len(tried.conflicts))

    def _asked(self, result: ResultSnapshot, actor: Actor) -> tuple[DatasetName, str, Actor]:
        return result.dataset, result.branch or "", actor

    def _branch(self, result: ResultSnapshot) -> Branch | None:
        for one in self._versions.branches(result.dataset):
            if one.name == result.branch:
                return one
        return None


def _open(name: str, conflicts: int) -> tuple[Follow, str]:
    if conflicts:
        return Follow.CONFLICTS, f"{name} has {conflicts} conflicts with the main line: answer them."
    return Follow.OFFERED, f"{name} merges without a conflict, when somebody wants it."
