"""Small data sets of texts, names in texts and boxes, and their answers as files of labels say them."""

import csv
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from resources.data.making.made.folder import fill
from resources.data.making.made.mentions import MENTION_CLASSES, mentions
from resources.data.making.made.notes import NOTE_CLASSES, notes
from resources.data.making.made.scenes import SCENE_CLASSES, SIDE_PX, scenes
from resources.data.model import Sample, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.marks import boxes_in, canonical, spans_in
from resources.terms import FIRST_VERSION, DatasetName, Label, SampleId
from tests.resources.data.shapes import ACTOR

COUNT = 100
MADE = {Kind.TEXT_CLASSES: notes, Kind.ENTITIES: mentions, Kind.BOXES: scenes}
CLASSES = {Kind.TEXT_CLASSES: NOTE_CLASSES, Kind.ENTITIES: MENTION_CLASSES, Kind.BOXES: SCENE_CLASSES}
OTHERS = tuple(MADE)


def spec_of(kind: Kind) -> DatasetSpec:
    """A data set of 100 samples of this kind."""

    def make(folder: Path) -> None:
        fill(folder, partial(MADE[kind], COUNT))

    return DatasetSpec(
        name=DatasetName(f"some_{kind}"),
        title=f"Some {kind}",
        kind=kind,
        classes=CLASSES[kind],
        image_size_px=(1, 160) if kind.is_text else (SIDE_PX, SIDE_PX),
        first_labelled=70 if kind is Kind.TEXT_CLASSES else 10,
        test_count=12,
        labels_per_round=5,
        fill_source=make,
        seed=3,
    )


def first_of(data: DataService, spec: DatasetSpec) -> None:
    """Make its first version."""
    data.plan_first(spec, ACTOR)
    data.make(spec, FIRST_VERSION, ACTOR)


def pool_of(data: DataService, spec: DatasetSpec) -> list[Sample]:
    """The pool of its newest version."""
    newest = data.versions(spec.name)[-1].version
    return [one for one in data.samples(spec.name, newest) if one.split is Split.POOL]


def truth_of(data: DataService, spec: DatasetSpec) -> dict[SampleId, Label]:
    """What its source says of each sample."""
    said = data.true_labels(spec.name)
    return {one: canonical(spec.kind, label) for one, label in said.items()}


def written_as_json(kind: Kind, folder: Path, answers: Mapping[str, Label]) -> Path:
    """The answers as JSON lines; boxes are told in percent."""
    folder.mkdir(exist_ok=True)
    path = folder / "labels.jsonl"
    path.write_text("\n".join(json.dumps({"sample": one, **_said(kind, it)}) for one, it in answers.items()))
    return path


def written_as_csv(kind: Kind, folder: Path, answers: Mapping[str, Label]) -> Path:
    """The same as a table, a line for each mark; boxes are told in pixels."""
    folder.mkdir(exist_ok=True)
    rows: list[Sequence[object]] = []
    for sample, answer in answers.items():
        if kind is Kind.TEXT_CLASSES:
            rows.append((sample, answer))
        elif kind is Kind.ENTITIES:
            rows += [(sample, one.start, one.end, one.label) for one in spans_in(answer)]
            rows += [] if spans_in(answer) else [(sample, "", "", "")]
        else:
            px = SIDE_PX / 100
            rows += [
                (sample, one.x * px, one.y * px, one.width * px, one.height * px, one.label)
                for one in boxes_in(answer)
            ]
            rows += [] if boxes_in(answer) else [(sample, "", "", "", "", "")]
    header = {
        Kind.TEXT_CLASSES: "sample,label",
        Kind.ENTITIES: "sample,start,end,label",
        Kind.BOXES: "sample,x_px,y_px,width_px,height_px,label",
    }[kind]
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])
    return folder / "labels.csv"


def _said(kind: Kind, answer: Label) -> dict[str, object]:
    if kind is Kind.TEXT_CLASSES:
        return {"label": answer}
    if kind is Kind.ENTITIES:
        return {"spans": [{"start": it.start, "end": it.end, "label": it.label} for it in spans_in(answer)]}
    sides = ("x", "y", "width", "height")
    return {
        "boxes": [
            {"label": it.label, **{f"{side}_percent": getattr(it, side) for side in sides}}
            for it in boxes_in(answer)
        ]
    }
