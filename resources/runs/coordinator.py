"""Submission: a run's request is read and refused or put in the line, and its tags are made ours."""

import logging

from dagster import DagsterRun, DagsterRunStatus
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from resources.data.mounts.model import MountRefused
from resources.errors import BadInput, TrainplatError
from resources.gpu import tags
from resources.gpu.model import Origin, RunId
from resources.gpu.requests.errors import OverQuota
from resources.gpu.resource import instance_key, requested, root_of
from resources.gpu.service import GpuService
from resources.home import Home
from resources.runs.admission import admit
from resources.runs.mounting import refuse_unmountable
from resources.terms import Actor
from resources.users import current_user


class GpuRunCoordinator(QueuedRunCoordinator):
    """A queue in which a run waits until the arbiter has granted its devices.

    Every run gets the tag ``trainplat/admission: pending``, on which ``dagster.yaml`` puts a limit of 0; the
    arbiter sets it to ``granted``, and the stock daemon launches it then. Tags of ours that a caller has set
    are overwritten: a retried or re-executed run inherits its parent's, and anybody could type them.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue the run, or fail it at once, with the reason, when its request can never be met."""
        run = context.dagster_run
        if run.status is not DagsterRunStatus.NOT_STARTED:
            return super().submit_run(context)
        instance = self._instance
        service = GpuService(Home.from_environment().database())
        actor = Actor(f"user:{current_user()}")
        mine = {
            tags.ADMISSION: tags.PENDING,
            tags.DEVICES: "",
            tags.REASON: "",
            tags.ATTEMPT: "1",
            tags.USER: current_user(),
            **({tags.PLACE: ""} if tags.PLACE in run.tags else {}),
        }
        try:
            asked = requested(run, instance)
            refuse_unmountable(run)
            service.submit(
                RunId(run.run_id),
                asked.text,
                terms=asked.terms,
                owner=asked.owner,
                origin=Origin.QUEUE,
                instance=instance_key(instance),
                actor=actor,
                root=root_of(run),
            )
        except (BadInput, OverQuota, MountRefused) as refusal:
            refused = {tags.ADMISSION: tags.REFUSED, tags.REASON: refusal.problem}
            instance.add_run_tags(run.run_id, mine | refused)
            # Failed, and not an exception: a sensor's run would be left behind and be submitted for ever.
            instance.report_run_failed(run, f"Refused at submission: {refusal}")
            failed = instance.get_run_by_id(run.run_id)
            return failed or run
        instance.add_run_tags(run.run_id, mine)
        queued = super().submit_run(context)
        self._admit(service, actor)
        return queued

    def cancel_run(self, run_id: str) -> bool:
        """Cancel a run; one that waits leaves the line, and what it was granted goes to the next."""
        cancelled = super().cancel_run(run_id)
        service = GpuService(Home.from_environment().database())
        actor = Actor(f"user:{current_user()}")
        service.withdraw(RunId(run_id), reason="cancelled", actor=actor)
        self._admit(service, actor)
        return cancelled

    def _admit(self, service: GpuService, actor: Actor) -> None:
        """Decide at once. What was asked for is done by now: who asked is not told of a trouble of others."""
        try:
            admit(self._instance, service, actor)
        except TrainplatError:
            logging.getLogger(__name__).warning("left to the arbiter's next pass", exc_info=True)
