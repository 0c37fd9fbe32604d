"""A data set's file says what its declaration in Python can say, and is refused in the same words."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.making.sources.archive import ArchiveSource
from resources.data.making.sources.model import LabelsFrom
from resources.data.making.sources.prefix import PrefixSource
from resources.data.making.sources.tables import Column, ColumnKind, ManifestSource
from resources.data.making.sources.watched import WatchedFolder
from resources.data.making.transforms import Transform
from resources.data.spec import DatasetSpec, DriftLimits
from resources.deploy_plan import AbortRules, DeployPlan, Strategy
from resources.gate_plan import DriftGate, GatePlan, IfFailed, LicenceGate, QualityGate, SlicesGate
from resources.pipelines.catalogue import template
from resources.pipelines.folder import OURS, Folder
from resources.pipelines.problems import BadPipeline
from resources.pipelines.reading import read_pipeline
from resources.pipelines.specs.loop import LoopSpec
from resources.reviews import ReviewPlan
from resources.run_plan import RunPlan
from resources.terms import DatasetName
from resources.train_settings import TrainSettings
from resources.triggers import (
    Against,
    AllAnswered,
    AllOf,
    AnyOf,
    ByHand,
    Drift,
    DriftOf,
    Elapsed,
    LabelCount,
    QualityDrop,
    TriggerPolicy,
)

SHAPES = """\
type: trainplat_assets.templates.Loop
attributes:
  title: Shapes
  classes: [circle, square]
  image_size_px: [8, 8]
  first_labelled: 5
  test_count: 6
  labels_per_round: 7
"""


def declared(*lines: str) -> DatasetSpec:
    spec = read_pipeline("shapes", SHAPES + "".join(f"  {line}\n" for line in lines)).spec
    assert isinstance(spec, LoopSpec)
    return spec.dataset("shapes")


def refused(*lines: str) -> str:
    with pytest.raises(BadPipeline) as found:
        declared(*lines)
    return found.value.problem


def test_what_a_file_leaves_out_is_as_it_is_where_python_leaves_it_out() -> None:
    said = declared()
    assert said == DatasetSpec(
        name=DatasetName("shapes"),
        title="Shapes",
        classes=said.classes,
        image_size_px=(8, 8),
        first_labelled=5,
        test_count=6,
        labels_per_round=7,
    )


def test_values_of_our_own_are_read_field_by_field() -> None:
    said = declared("review: {share: 0.2}", "drift: {class_psi: 0.3}", "most_forgotten: 0.5")
    assert said == replace(
        declared(), review=ReviewPlan(share=0.2), drift=DriftLimits(class_psi=0.3), most_forgotten=0.5
    )


def test_how_a_model_goes_live_is_declared_with_the_data_set() -> None:
    said = declared("deploy: {strategy: blue_green, step_s: 5, abort: {disagreement: 1}}").deploy
    assert said == DeployPlan(strategy=Strategy.BLUE_GREEN, step_s=5, abort=AbortRules(disagreement=1))
    assert declared().deploy == DeployPlan()


def test_how_it_trains_and_what_its_runs_ask_for_are_declared_too() -> None:
    said = declared(
        "training: {epochs: 5, incremental_epochs: 3, learning_rate: 0.01, batch_size: 8}",
        "gpu: 24G,0.5(V100)",
        "memory: 8G",
        "retries: 2",
        "project: vision",
    )
    assert said.training == TrainSettings(epochs=5, incremental_epochs=3, learning_rate=0.01, batch_size=8)
    assert said.runs == RunPlan(gpu="24G,0.5(V100)", memory="8G", retries=2, project="vision")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("review: {shares: 0.2}", "review has no shares; it has share,"),
        ("review: {share: 2}", "share"),
        ("drift: {class_psi: 0}", "drift limit class_psi of data is 0"),
        ("continual: {method: jont}", 'continual.method is "jont"; expected'),
        ("kind: entities\n  image_size_px: [1, 9]\n  continual: {method: ewc}", "names in texts cannot be"),
        ("kind: boxes\n  continual: {method: derpp}", "continual.method is 'derpp' for a data set of boxes"),
        (
            "kind: boxes\n  continual: {buffer_size: 9}",
            "Say continual: {method: joint}, or leave continual out",
        ),
        ("filled_with: nothing", "filled_with is 'nothing'; expected one of digits"),
        ("deploy: {strategy: fast}", 'deploy.strategy is "fast"; expected'),
        ("deploy: {steps_percent: [10, 50]}", "whole numbers from 1 that rise to 100"),
        ("deploy: {abort: {taste: 1}}", "deploy.abort has no taste; it has error_rate,"),
        ("deploy: {abort: {error_rate: 2}}", "deploy: abort.error_rate is 2"),
        ("deploy: {autoscale: 'cpu:many'}", "scaling"),
        ("deploy: {gpu: '0.5.1'}", "0.5.1"),
        ("deploy: {project: '*'}", "the project '*' cannot be"),
        ("training: {epochs: 0}", "training setting epochs is 0; expected a whole number of at least 1"),
        ("training: {epoch: 5}", "training has no epoch; it has epochs, incremental_epochs, batch_size"),
        ("training: {learning_rate: fast}", 'training.learning_rate is "fast"; expected a valid number'),
        ("training: {parallel: fsdp2}", "training setting parallel is 'fsdp2'; expected one of single, ddp"),
        ("gpu: 2", "gpu is 2, 2 devices; expected one at most, or ddp for parallel of training"),
        ("gpu: 2(V10", "GPU request '2(V10'"),
        ("project: '*'", "the project '*' cannot be"),
        ("retries: -1", "retries is -1; expected a number greater than or equal to 0"),
        ("parallel_steps: 2", "parallel_steps is no parameter of template loop"),
        ("random_share: 2", "random_share is 2; expected a number less than or equal to 1"),
    ],
)
def test_what_python_refuses_is_refused_in_a_file(line: str, sentence: str) -> None:
    assert sentence in refused(line)


def test_several_devices_are_declared_with_how_a_training_is_spread_over_them() -> None:
    said = declared("gpu: 2", "training: {parallel: ddp, precision: bf16, accumulation: 4, compile: true}")
    spread = TrainSettings(parallel="ddp", precision="bf16", accumulation=4, compile=True)
    assert (said.runs, said.training) == (RunPlan(gpu="2"), spread)


def test_the_digits_are_declared_by_the_file_that_comes_with_the_platform() -> None:
    digits = Folder(OURS).read("digits").spec
    assert isinstance(digits, LoopSpec)
    assert len(digits.dataset("digits").classes) == 10


DECLARED = """\
triggers:
  when:
    AnyOf:
      - LabelCount: {at_least: 50}
      - AllOf: [{Elapsed: {at_least_s: 86400}}, {QualityDrop: {by_points: 3, against: earlier}}, AllAnswered]
      - ByHand
      - Drift: {of: predictions}
  quiet_for_s: 60
  budget_gpu_hours: 2.5
sources:
  - ArchiveSource: {name: old, path: old.zip, labels: folder}
  - ManifestSource:
      name: table
      path: table.csv
      columns: [{name: age, kind: number, required: false}]
watched:
  - WatchedFolder: {name: camera, path: /camera}
  - PrefixSource: {name: far, url: "s3://bucket/prefix"}
transforms:
  - autocontrast: {cutoff_percent: 1}
"""


def test_gates_are_declared_by_their_names_with_their_limits() -> None:
    said = declared(
        "licence: ' CC0-1.0 '",
        "gates:",
        "  quality: {at_least: 0.9, better_by: 0.0, sure: true, if_failed: stop}",
        "  slices: {floors: {'class:circle': 0.8}}",
        "  drift: required",
        "  licence:",
    )
    assert said.licence == "CC0-1.0"
    assert said.gates == GatePlan(
        quality=QualityGate(at_least=0.9, better_by=0.0, sure=True, if_failed=IfFailed.STOP),
        slices=SlicesGate(floors={"class:circle": 0.8}),
        drift=DriftGate(),
        licence=LicenceGate(),
    )


def test_triggers_sources_and_transforms_are_declared_by_the_names_that_python_has() -> None:
    said = declared(*DECLARED.splitlines())
    assert said.triggers == TriggerPolicy(
        when=AnyOf(
            (
                LabelCount(50),
                AllOf((Elapsed(86400), QualityDrop(by_points=3, against=Against.EARLIER), AllAnswered())),
                ByHand(),
                Drift(DriftOf.PREDICTIONS),
            )
        ),
        quiet_for_s=60,
        budget_gpu_hours=2.5,
    )
    assert said.sources == (
        ArchiveSource("old", "old.zip", LabelsFrom.FOLDER),
        ManifestSource("table", "table.csv", columns=(Column("age", ColumnKind.NUMBER, required=False),)),
    )
    assert said.watched == (WatchedFolder("camera", "/camera"), PrefixSource("far", "s3://bucket/prefix"))
    assert said.transforms == (Transform.of("autocontrast", cutoff_percent=1),)


@pytest.mark.parametrize(
    ("line", "pointed_at"),
    [
        (
            "triggers: {quiet_s: 1, when: {AnyOf: [LabelsCount, {LabelCount: {atleast: 5}}, {AllOf: [X]}]}}",
            ["quiet_s", "LabelsCount", "atleast", "X"],
        ),
        (
            "triggers: {when: {LabelCount: {at_least: 0}}, quiet_for_s: -1, cool_down_s: -2}",
            ["0", "-1", "-2"],
        ),
        (
            "sources: [{ArchiveSource: {name: 7, paht: a}}, {FolderSource: {name: a}}]",
            ["{name", "7", "paht", "FolderSource"],
        ),
        (
            "transforms: [{autocontrast: {cutoff_percent: much}}, sharpen]",
            ["much", "sharpen"],
        ),
    ],
)
def test_all_that_is_wrong_in_one_of_them_is_shown_each_at_its_place(
    line: str, pointed_at: list[str]
) -> None:
    shown = refused(line).splitlines()
    found = [
        shown[at - 1][one.index("^") :]
        for at, one in enumerate(shown)
        if set(one.rpartition("|")[2].strip()) == {"^"}
    ]
    assert len(found) == len(pointed_at), found
    assert all(one.startswith(wanted) for one, wanted in zip(found, pointed_at, strict=True)), found


@pytest.mark.parametrize(
    ("line", "sentence", "pointed_at"),
    [
        (
            "triggers: {when: {AnyOf: [ByHand, {LabelsCount: {at_least: 5}}]}}",
            "triggers: LabelsCount is not known; is LabelCount meant?",
            "LabelsCount",
        ),
        (
            "triggers: {when: {LabelCount: {atleast: 5}}}",
            "triggers: LabelCount has no atleast; it has at_least",
            "atleast",
        ),
        (
            "triggers: {when: {AllOf: [{LabelCount: {at_least: 0}}]}}",
            "LabelCount.at_least of a trigger policy is 0; expected 1 or more labels",
            "0",
        ),
        ("triggers: {when: {LabelCount: {at_least: some}}}", 'at_least is "some"; expected', "some"),
        ("triggers: {when: {AnyOf: []}}", "AnyOf needs a list of one or more conditions", "[]"),
        ("triggers: {when: {ByHand: {}, AllAnswered: {}}}", "is no name with its values", "{"),
        ("triggers: {quiet_for_s: -1}", "TriggerPolicy.quiet_for_s of a trigger policy is -1", "-1"),
        ("triggers: {quiet_s: 1}", "TriggerPolicy has no quiet_s; it has when, quiet_for_s", "quiet_s"),
        ("sources: [{ArchiveSource: {name: old}}]", "sources: path is missing", "{name: old}"),
        ("watched: [{FolderSource: {name: a}}]", "FolderSource is not known", "FolderSource"),
        (
            "transforms: [{autocontrast: {cutoff_percent: 99}}]",
            "cutoff_percent of transform autocontrast is 99; expected 0 to 49",
            "99",
        ),
        (
            "transforms: [{autocontrast: {cutoff_percent: much}}]",
            'cutoff_percent is "much"; expected a number',
            "much",
        ),
        ("gates: {qualty: {at_least: 0.9}}", "gates: qualty is not known; is quality meant?", "qualty"),
        ("gates: {quality: {atleast: 0.9}}", "QualityGate has no atleast; it has if_failed, at", "atleast"),
        ("gates: {quality: {at_least: 2}}", "at_least of the gate quality is 2; expected 0 to 1", "2"),
        ("gates: {quality: required}", 'quality is "required"; expected its values by name', "required"),
        ("gates: {size: {}}", "the gate size has no limit; expected one of mib, times", "{}"),
        ("gates: {licence: {if_failed: block}}", "expected 'keep', 'stop' or 'warn'", "block"),
        ("gates: [quality]", 'gates is ["quality"]; expected', "["),
        ("transforms: [sharpen]", "sharpen is not known", "sharpen"),
        ("transforms: autocontrast", "transforms is", "autocontrast"),
    ],
)
def test_what_is_wrong_in_them_is_shown_at_its_place(line: str, sentence: str, pointed_at: str) -> None:
    said = refused(line)
    assert sentence in said
    shown = said.splitlines()
    carets = next(at for at, one in enumerate(shown) if set(one.rpartition("|")[2].strip()) == {"^"})
    begin = shown[carets].index("^")
    assert shown[carets - 1][begin:].startswith(pointed_at)


def places(*lines: str) -> set[str]:
    """What all carets point at."""
    shown = refused(*lines).splitlines()
    at = [number for number, one in enumerate(shown) if set(one.rpartition("|")[2].strip()) == {"^"}]
    return {shown[number - 1][shown[number].index("^") : shown[number].rindex("^") + 1] for number in at}


@pytest.mark.parametrize(
    ("line", "pointed_at"),
    [
        ("sources: [ArchiveSours, {ArchiveSource: {name: 7, path: [3]}}]", {"ArchiveSours", "7", "[3]"}),
        ("transforms: [sharpen, {autocontrast: {cutoff_percent: 99}}]", {"sharpen", "99"}),
        ("review: {share: 2, certainty: 1, shares: 3}", {"certainty", "shares"}),
        ("review: {share: 2}", {"2"}),
        ("drift: {class_psi: 0}", {"0"}),
        ("continual: {buffer_size: -1, joint_every: -2, method: er}", {"-1", "-2"}),
        ("continual: {buffer_size: 20, joint_every: many, fill: none}", {"many", "none"}),
    ],
)
def test_all_that_is_wrong_is_shown_at_once_each_at_its_place(line: str, pointed_at: set[str]) -> None:
    assert places(line) == pointed_at


def test_another_group_of_the_same_conditions_is_another_version() -> None:
    groups = ("AnyOf", "AllOf")
    lines = [f"  triggers: {{when: {{{group}: [ByHand, AllAnswered]}}}}\n" for group in groups]
    assert len({read_pipeline("shapes", SHAPES + line).content_hash for line in lines}) == 2


def test_the_schema_tells_all_of_it_without_a_reference_that_leads_nowhere() -> None:
    told = template("loop").schema()
    properties = told["properties"]
    conditions = properties["triggers"]["properties"]["when"]["anyOf"]
    assert {"LabelCount", "AnyOf"} <= {name for one in conditions for name in one.get("properties", ())}
    assert "cutoff_percent" in json.dumps(properties["transforms"])
    assert "still_for_s" in json.dumps(properties["watched"])
    references = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(told)))
    assert references <= set(told["$defs"])


@pytest.mark.parametrize("page", ["active-learning", "continual", "data-pipeline"])
def test_what_a_page_shows_of_a_data_sets_file_can_be_put_there(page: str) -> None:
    text = (Path(__file__).parents[3] / f"docs/{page}.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert declared(*(line[2:] for line in shown.splitlines() if not line.startswith("#"))) != declared()
