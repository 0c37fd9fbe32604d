"""How long it takes a project to have what it is owed, once it asks for it.

A claim opens when a job waits that would fit into what its project leaves unused of its nominal quota, and
ends when no such job waits any more.
"""

from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota_model import project
from resources.gpu.policy.state import State


class Claims:
    """The claims of all projects. Asked before and after each pass."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._since_s: dict[str, float] = {}
        self.ended_s: list[float] = []
        """How long those lasted that have ended."""

    def open(self, now_s: float) -> None:
        """Before a pass: note who claims from now on."""
        for name in self._claiming():
            self._since_s.setdefault(name, now_s)

    def close(self, now_s: float) -> None:
        """After a pass: note whose claims are fulfilled."""
        claiming = self._claiming()
        for name in [name for name in self._since_s if name not in claiming]:
            self.ended_s.append(now_s - self._since_s.pop(name))

    def _claiming(self) -> set[str]:
        smallest: dict[str, int] = {}
        for job in self._state.waiting.values():
            smallest[job.project] = min(smallest.get(job.project, job.units_milli), job.units_milli)
        tree = self._state.quotas
        found = set()
        for name, milli in smallest.items():
            account = tree.account(project(name), ANY_DEVICE)
            if account.nominal is not None and account.counted + milli <= account.nominal:
                found.add(name)
        return found
