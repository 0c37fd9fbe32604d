"""Setting up a project: found or made, with pictures from the local disk and a web hook to our receiver."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.errors import BadInput, NotFound
from resources.kinds import Kind
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.labeling.label_studio.kinds.form import CONTROL
from resources.labeling.label_studio.values import ProjectId
from resources.showing import ShownFrom
from resources.terms import DatasetName, Label

if TYPE_CHECKING:
    from label_studio_sdk.client import LabelStudio

HOOK_PATH = "/label-studio"
"""Where the receiver listens for Label Studio's web hooks."""

SAMPLING = "Sequential sampling"
"""Tasks come in the order in which they were made, which is that of the questions."""

EARLIER_SAMPLING = "Uncertainty sampling"
"""What projects were made with before: the least sure first, and what chance picked at the very end."""

SECRET_HEADER = "X-Trainplat-Secret"  # noqa: S105 - the header's name, not a secret

NOTE = '<Header value="$note" size="4"/>'

HOOK_ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_DELETED",
)
"""What Label Studio tells us about."""


@dataclass(frozen=True)
class ProjectPlan:
    """How the project of one data set is to be."""

    dataset: DatasetName
    """Its title in Label Studio; the project is found again by it."""
    description: str
    classes: tuple[Label, ...]
    pictures: Path
    """The folder, below Label Studio's document root, whose files it may show."""
    hook_address: str | None
    """Where the receiver listens; None registers no web hook (polling finds everything without it)."""
    hook_secret: str
    kind: Kind = Kind.IMAGE_CLASSES
    shown_from: ShownFrom = field(default_factory=ShownFrom)
    people: int = 1
    """How many are asked about each sample."""
    buckets: frozenset[str] = frozenset()
    """Buckets besides, from which it shows pictures where they lie."""


def set_up(client: LabelStudioClient, plan: ProjectPlan, known: ProjectId | None) -> ProjectId:
    """Find or make the project as planned, and return its number. Can be repeated after a kill at any moment.

    ``known`` is the number it had the last time. Raises NotFound never: a project that somebody deleted is
    made again. Raises BadInput when Label Studio may not serve the folder of pictures.
    """
    project = _find(client, plan, known)
    if project is None:
        project = _make(client, plan)
    else:
        _mend(client, plan, project)
    _let_it_show(client, plan, project)
    _register_hook(client, plan, project)
    return project


def with_note(page: str) -> str:
    """The page with what a task says about itself on top: why people are asked to look again.

    A tag without a name: tasks that other people made need not have a note.
    """
    return page.replace("<View>\n", f"<View>\n  {NOTE}\n", 1)


def preselect(client: LabelStudioClient, project: ProjectId, model_version: str) -> None:
    """Show people the predictions of ``model_version`` as preselected, if it has any there."""
    row = client.connection.get(f"/api/projects/{project}/", {"include": "id,model_version"}).json()
    if row["model_version"] == model_version:
        return
    try:
        client.connection.with_sdk(lambda sdk: sdk.projects.update(int(project), model_version=model_version))
    except BadInput as problem:
        if "model_version" not in problem.problem:  # what it says where there is no such prediction
            raise


def _find(client: LabelStudioClient, plan: ProjectPlan, known: ProjectId | None) -> ProjectId | None:
    if known is not None:
        try:
            if client.connection.get(f"/api/projects/{known}/").json()["title"] == plan.dataset:
                return known
        except NotFound:
            pass
    listed = client.connection.get("/api/projects/", {"title": plan.dataset, "page_size": 1000}).json()
    same = [int(row["id"]) for row in listed["results"] if row["title"] == plan.dataset]
    return ProjectId(min(same)) if same else None


def _make(client: LabelStudioClient, plan: ProjectPlan) -> ProjectId:
    made = client.connection.with_sdk(
        lambda sdk: sdk.projects.create(
            title=plan.dataset,
            description=plan.description,
            label_config=with_note(FORMS[plan.kind].page(plan.classes)),
            expert_instruction=FORMS[plan.kind].instruction,
            show_instruction=False,
            enable_empty_annotation=FORMS[plan.kind].takes_nothing,
            maximum_annotations=plan.people,
            show_collab_predictions=True,
            sampling=SAMPLING,
        )
    )
    return ProjectId(int(made.id or 0))


def _mend(client: LabelStudioClient, plan: ProjectPlan, project: ProjectId) -> None:
    """Bring back what the loop rests on; a page that people made their own stays if it fits the classes."""
    row = client.connection.get(f"/api/projects/{project}/").json()
    if row.get("sampling") == EARLIER_SAMPLING:
        client.connection.with_sdk(lambda sdk: sdk.projects.update(int(project), sampling=SAMPLING))
    if int(row.get("maximum_annotations") or 1) != plan.people:
        client.connection.with_sdk(
            lambda sdk: sdk.projects.update(int(project), maximum_annotations=plan.people)
        )
    plain = FORMS[plan.kind].page(plan.classes)
    page = with_note(plain)
    if row.get("label_config") == plain or not _offers(row, plan):
        client.connection.with_sdk(lambda sdk: sdk.projects.update(int(project), label_config=page))


def _offers(row: dict[str, Any], plan: ProjectPlan) -> bool:
    ours = (row.get("parsed_label_config") or {}).get(CONTROL) or {}
    same_control = ours.get("type") == FORMS[plan.kind].control
    return bool(same_control and set(ours.get("labels", ())) == set(plan.classes))


def _let_it_show(client: LabelStudioClient, plan: ProjectPlan, project: ProjectId) -> None:
    if plan.kind.is_text:
        return
    if plan.shown_from.is_bucket:
        _let_it_sign(client, plan, project, plan.shown_from.bucket, plan.shown_from.prefix(plan.dataset))
    elif not plan.shown_from.url:
        _let_it_read(client, plan, project)
    for bucket in sorted(plan.buckets):
        _let_it_sign(client, plan, project, bucket)


def _let_it_sign(
    client: LabelStudioClient, plan: ProjectPlan, project: ProjectId, bucket: str, prefix: str | None = None
) -> None:
    """Let it show the bucket, with the keys of our environment; without any it has those of its own.

    It signs for whatever lies in the bucket, so without a ``prefix`` any storage of that bucket will do.
    """
    place = plan.shown_from
    storages = client.connection.get("/api/storages/s3/", {"project": project}).json()
    if any(one["bucket"] == bucket and prefix in (None, one["prefix"]) for one in storages):
        return
    settings: Any = {
        "bucket": bucket,
        "prefix": prefix,
        "use_blob_urls": True,
        "presign": True,
        "presign_ttl": place.signed_for_min,
        "s3endpoint": place.endpoint or os.environ.get("AWS_ENDPOINT_URL"),
        "region_name": os.environ.get("AWS_DEFAULT_REGION"),
        "aws_access_key_id": os.environ.get("AWS_ACCESS_KEY_ID"),
        "aws_secret_access_key": os.environ.get("AWS_SECRET_ACCESS_KEY"),
        "aws_session_token": os.environ.get("AWS_SESSION_TOKEN"),
    }
    given = {name: value for name, value in settings.items() if value is not None}
    try:
        client.connection.with_sdk(
            lambda sdk: sdk.import_storage.s3.create(project=project, title="trainplat", **given)
        )
    except BadInput as problem:
        raise BadInput(
            f"Label Studio may not show the pictures in s3://{bucket}: {problem.problem}",
            "Give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY that may read the bucket to this process, or "
            "to Label Studio, and see that it reaches the endpoint.",
        ) from problem


def _let_it_read(client: LabelStudioClient, plan: ProjectPlan, project: ProjectId) -> None:
    storages = client.connection.get("/api/storages/localfiles/", {"project": project}).json()
    if any(storage["path"] == str(plan.pictures) for storage in storages):
        return
    plan.pictures.mkdir(parents=True, exist_ok=True)
    try:
        client.connection.with_sdk(
            lambda sdk: sdk.import_storage.local.create(
                project=project, path=str(plan.pictures), use_blob_urls=True, title="trainplat"
            )
        )
    except BadInput as problem:
        raise BadInput(
            f"Label Studio may not show the pictures in {plan.pictures}: {problem.problem}",
            "Start it with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and "
            f"LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT={plan.pictures.parent}, as trainplat up does.",
        ) from problem


def _register_hook(client: LabelStudioClient, plan: ProjectPlan, project: ProjectId) -> None:
    if plan.hook_address is None:
        return
    url = plan.hook_address.rstrip("/") + HOOK_PATH
    wanted = {"url": url, "headers": {SECRET_HEADER: plan.hook_secret}, "actions": list(HOOK_ACTIONS)}
    hooks = client.connection.get("/api/webhooks/", {"project": project}).json()
    ours = [hook for hook in hooks if hook["url"].endswith(HOOK_PATH)]

    def write(sdk: "LabelStudio") -> None:
        settings: Any = {**wanted, "send_payload": True, "send_for_all_actions": False, "is_active": True}
        if not ours:
            sdk.webhooks.create(project=int(project), **settings)
            return
        for surplus in ours[1:]:
            sdk.webhooks.delete(surplus["id"])
        if any(_differs(ours[0], name, value) for name, value in settings.items()):
            sdk.webhooks.delete(ours[0]["id"])
            sdk.webhooks.create(project=int(project), **settings)

    client.connection.with_sdk(write)


def _differs(hook: dict[str, Any], name: str, value: Any) -> bool:
    if name == "actions":
        return set(hook[name]) != set(value)
    return bool(hook[name] != value)
