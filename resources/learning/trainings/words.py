"""How a training stands, in sentences for people, in the language of whoever reads."""

from functools import reduce

from resources.errors import TrainplatError
from resources.learning.trainings.model import Training
from resources.learning.trainings.standing import Cause, Resumption, Standing, State
from resources.texts import Translate, in_language, mark

STATES = {
    State.RUNNING: mark("running"),
    State.STARTING: mark("starting"),
    State.HUNG: mark("hung"),
    State.KILLED: mark("killed"),
    State.WAITING: mark("waiting for GPUs"),
    State.FAILED: mark("failed"),
    State.CANCELLED: mark("cancelled"),
    State.DONE: mark("done"),
}


def state_in_words(state: State, _: Translate) -> str:
    """A short word."""
    return _(STATES[state])


def sentence(training: Training, stands: Standing, _: Translate) -> str:
    """What it does now, and why."""
    step, steps = f"{stands.step:,}", f"{training.plan.steps:,}"
    if stands.state is State.FAILED and training.end is not None and training.end.problem is not None:
        problem = TrainplatError(training.end.problem, training.end.next_step or "")
        said = _("Failed after step {step} of {steps}: {problem}").format(
            step=step, steps=steps, problem=in_language(problem.problem, _)
        )
        return _("{first}. {second}").format(first=said, second=in_language(problem.next_step, _))
    if stands.quiet_s is not None:
        return _("Nothing has moved for {seconds} s, after step {step} of {steps}.").format(
            seconds=round(stands.quiet_s), step=step, steps=steps
        )
    if stands.state is State.RUNNING and stands.resumptions:
        last = stands.resumptions[-1]
        return _("At step {step} of {steps}. {resumed}").format(
            step=step, steps=steps, resumed=resumption_in_words(last, _)
        )
    return _(_SENTENCES[stands.state]).format(step=step, steps=steps)


def resumption_in_words(one: Resumption, _: Translate) -> str:
    """From where it goes on, after what, and with how many processes if that changed."""
    said = _("Resumed from step {step} after {cause}.")
    sentences = [said.format(step=f"{one.step:,}", cause=_(_AFTER[one.cause]))]
    lost = one.reached - one.step
    if lost:
        sentences.append(_("{count} steps are done again.").format(count=f"{lost:,}"))
    if one.processes != one.processes_before:
        said = _("Processes: {now}, {before} before.")
        sentences.append(said.format(now=one.processes, before=one.processes_before))
    return reduce(lambda first, second: _("{first} {second}").format(first=first, second=second), sentences)


_AFTER = {
    Cause.MADE_ROOM: mark("it made room"),
    Cause.CANCELLED: mark("it was cancelled"),
    Cause.FAILED: mark("it failed"),
    Cause.HUNG: mark("it hung"),
    Cause.RUN_KILLED: mark("its run was killed"),
    Cause.PROCESS_DIED: mark("one of its processes died"),
}
_SENTENCES = {
    State.RUNNING: mark("At step {step} of {steps}."),
    State.STARTING: mark("Its processes start."),
    State.HUNG: mark("It hung after step {step} of {steps}, was killed, and is started again."),
    State.KILLED: mark(
        "The process of its run was killed after step {step} of {steps}. It goes on from its last checkpoint "
        "when the run is taken up again."
    ),
    State.WAITING: mark("It made room after step {step} of {steps}, and goes on when its run has devices."),
    State.FAILED: mark("Failed after step {step} of {steps}."),
    State.CANCELLED: mark("Cancelled after step {step} of {steps}; a re-execution of its run goes on."),
    State.DONE: mark("All {steps} steps are done."),
}
