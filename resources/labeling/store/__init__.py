"""The rows of labeling: read and written in the caller's transaction. One module for each noun."""

from resources.labeling.store.confirmed import confirmed_of, labels_of, random_picks_of
from resources.labeling.store.inbox import Hint, drop_hints, hints, put_hint
from resources.labeling.store.projects import KnownProject, kind_of, project_of, projects_known, put_project
from resources.labeling.store.questions import (
    asked_among,
    placed_among,
    put_questions,
    questions_of,
    samples_asked,
    unplaced_of,
)
from resources.labeling.store.rounds import (
    count_questions,
    count_states,
    models_waiting,
    put_round,
    round_asked,
)
from resources.labeling.store.slicing import SLICE, slices
from resources.labeling.store.sweeps import Sweep, put_sweep, sweep_of
from resources.labeling.store.tasks import (
    REVIEW_ENDING,
    SeenTask,
    annotations_in,
    known_counts,
    living_between,
    mark_gone,
    put_tasks,
    seen_tasks,
    surplus_tasks,
    tasks_of_samples,
)

__all__ = [
    "REVIEW_ENDING",
    "SLICE",
    "Hint",
    "KnownProject",
    "SeenTask",
    "Sweep",
    "annotations_in",
    "asked_among",
    "confirmed_of",
    "count_questions",
    "count_states",
    "drop_hints",
    "hints",
    "kind_of",
    "known_counts",
    "labels_of",
    "living_between",
    "mark_gone",
    "models_waiting",
    "placed_among",
    "project_of",
    "projects_known",
    "put_hint",
    "put_project",
    "put_questions",
    "put_round",
    "put_sweep",
    "put_tasks",
    "questions_of",
    "random_picks_of",
    "round_asked",
    "samples_asked",
    "seen_tasks",
    "slices",
    "surplus_tasks",
    "sweep_of",
    "tasks_of_samples",
    "unplaced_of",
]
