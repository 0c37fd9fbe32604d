"""How jobs stand against each other within one pass: each is looked at once, however many are compared."""

from resources.gpu.policy.model import Job, JobId, Running
from resources.gpu.policy.order import Footing, JobView, footing
from resources.gpu.policy.state import State
from resources.gpu.policy.views import view_of_running, view_of_waiting


class Footings:
    """Footings at ``now_s``; of use as long as the state and its history stay as they are."""

    def __init__(self, state: State, now_s: float) -> None:
        self._state = state
        self._now_s = now_s
        self._known: dict[JobId, Footing] = {}

    def of_running(self, running: Running) -> Footing:
        """Of a job that has devices."""
        found = self._known.get(running.job.id)
        return self._keep(view_of_running(running, self._now_s)) if found is None else found

    def of_waiting(self, job: Job) -> Footing:
        """Of a job that has none."""
        found = self._known.get(job.id)
        return self._keep(view_of_waiting(job)) if found is None else found

    def _keep(self, view: JobView) -> Footing:
        state = self._state
        found = self._known[JobId(view.id)] = footing(view, self._now_s, state.history, state.order)
        return found
