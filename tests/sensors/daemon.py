"""Dagster's own sensor daemon for tests, one pass at a time, killed where a test says."""

import logging
import multiprocessing
import os
import pkgutil
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dagster import DagsterEvent, DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.scheduler.instigation import InstigatorTick, SensorInstigatorData
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time, instance_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._time import get_current_datetime

QUEUED = {
    "run_coordinator": {"module": "dagster._core.run_coordinator", "class": "QueuedRunCoordinator"},
}

INTERVAL = timedelta(seconds=31)


@dataclass(frozen=True)
class Kill:
    """A call that a process is killed in: before it does anything, or when all of it is done."""

    owner: str
    name: str
    after: bool = False

    def arm(self) -> None:
        owner = pkgutil.resolve_name(self.owner)
        real = getattr(owner, self.name)

        def killed(*given: object, **named: object) -> None:
            if self.after:
                real(*given, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, self.name, killed)


@dataclass
class SensorDaemon:
    """The daemon over a code location in this process. Runs are queued and never started."""

    instance: DagsterInstance
    workspace: Any
    module: str
    now: datetime = field(default_factory=get_current_datetime)

    def tick(self, sensor: str) -> InstigatorTick:
        """One pass over ``sensor`` alone, half a minute after the one before; its newest tick."""
        self._pass(sensor, None)
        remote = self._sensor(sensor)
        return self.instance.get_ticks(remote.get_remote_origin_id(), remote.selector_id, limit=1)[0]

    def tick_killed(self, sensor: str, kill: str | Kill) -> None:
        """The same in a process of its own that dies of ``kill -9`` on the way.

        ``kill`` is one of Dagster's own marks, or the call of ours that it dies in. The process comes of one
        that has no other thread: a copy of this one would wait for ever for a lock that a thread held.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__, self.module])
        child = context.Process(
            target=_tick_killed, args=(self.module, self.now, sensor, kill, dict(os.environ))
        )
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        self.now += INTERVAL

    def _pass(self, sensor: str, flags: Any) -> None:
        remote = self._sensor(sensor)
        self.now += INTERVAL
        with freeze_time(self.now), warnings.catch_warnings():
            # Dagster's daemon itself calls a logging method that Python deprecates.
            warnings.filterwarnings("ignore", "The 'warn' method is deprecated", DeprecationWarning)
            self.instance.start_sensor(remote)
            for other in self._sensors():
                if other.name != sensor:
                    self.instance.stop_sensor(other.get_remote_origin_id(), other.selector_id, other)
            with ThreadPoolExecutor(1) as pool:
                for problem in execute_sensor_iteration(
                    self.workspace, logging.getLogger("daemon"), None, pool, debug_crash_flags=flags
                ):
                    assert problem is None, problem.to_string()

    def runs(self, job: str) -> list[DagsterRun]:
        """The runs of ``job``, oldest first."""
        return [run for run in reversed(self.instance.get_runs()) if run.job_name == job]

    def end(self, run: DagsterRun, status: DagsterRunStatus) -> None:
        """Let a run end."""
        with freeze_time(self.now):
            if status is DagsterRunStatus.FAILURE:
                self.instance.report_run_failed(run)
            elif status is DagsterRunStatus.CANCELED:
                self.instance.report_run_canceled(run)
            elif status is DagsterRunStatus.SUCCESS:
                done = DagsterEventType.RUN_SUCCESS
                self.instance.report_dagster_event(DagsterEvent(done.value, run.job_name), run.run_id)
            else:
                raise AssertionError(status)

    def set_cursor(self, sensor: str, cursor: str | None) -> None:
        """Set the sensor's cursor as a person does in the UI."""
        remote = self._sensor(sensor)
        state = self.instance.get_instigator_state(remote.get_remote_origin_id(), remote.selector_id)
        assert state is not None, "it has not ticked yet"
        data = SensorInstigatorData(sensor_type=remote.sensor_type, cursor=cursor)
        self.instance.update_instigator_state(state.with_data(data))

    def _sensors(self) -> list[Any]:
        location = next(iter(self.workspace.create_request_context().code_locations))
        return list(next(iter(location.get_repositories().values())).get_sensors())

    def _sensor(self, name: str) -> Any:
        return next(sensor for sensor in self._sensors() if sensor.name == name)


@contextmanager
def sensor_daemon(folder: Path, module: str, overrides: Mapping[str, Any] = QUEUED) -> Iterator[SensorDaemon]:
    """The daemon over an instance of its own in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        instance_for_test(temp_dir=str(folder), overrides=dict(overrides)) as instance,
        _workspace(instance, module) as workspace,
    ):
        yield SensorDaemon(instance, workspace, module)


def _tick_killed(
    module: str, now: datetime, sensor: str, kill: str | Kill, environment: dict[str, str]
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    flags = {sensor: {kill: signal.SIGKILL}} if isinstance(kill, str) else None
    with DagsterInstance.get() as instance, _workspace(instance, module) as workspace:
        if isinstance(kill, Kill):
            kill.arm()
        SensorDaemon(instance, workspace, module, now)._pass(sensor, flags)


@contextmanager
def _workspace(instance: DagsterInstance, module: str) -> Iterator[Any]:
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(executable_path=sys.executable, module_name=module, attribute="defs"),
        location_name="test",
    )
    with create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as workspace:
        yield workspace
