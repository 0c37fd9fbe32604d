"""All definitions of one data set."""

from dagster import Definitions

from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from sensors.annotations import build_annotation_sensor
from sensors.arrivals import build_arrivals_sensor
from sensors.merges import build_merge_sensor
from sensors.questions import build_questions_sensor
from trainplat_assets.batch_assets import build_batch_asset, build_batch_job
from trainplat_assets.branch_assets import build_branch_assets, build_branch_job
from trainplat_assets.by_hand_job import build_by_hand_job
from trainplat_assets.data_assets import build_data_assets
from trainplat_assets.data_checks import build_data_checks
from trainplat_assets.gate_checks import build_gate_checks
from trainplat_assets.jobs import build_ask_job, build_round_job
from trainplat_assets.label_review_assets import build_review_asset, build_review_checks
from trainplat_assets.labeling_assets import build_labeling_assets
from trainplat_assets.labeling_checks import build_labeling_checks
from trainplat_assets.model_assets import build_model_assets
from trainplat_assets.model_checks import build_model_checks
from trainplat_assets.random_asking_assets import build_random_asking_assets
from trainplat_assets.reports import build_report_assets, build_report_sensors
from trainplat_assets.structure_assets import build_structure_assets, build_structure_job
from trainplat_assets.structure_checks import build_structure_checks


def build_dataset_definitions(spec: DatasetSpec) -> Definitions:
    """All that belongs to one data set: the loop from its samples to its champion and back to people."""
    round_job, ask_job = build_round_job(spec), build_ask_job(spec)
    data_assets = build_data_assets(spec)
    of_pictures = spec.kind is Kind.IMAGE_CLASSES  # searches know their network only
    return Definitions(
        assets=[
            *data_assets,
            *build_model_assets(spec),
            build_batch_asset(spec),
            *build_branch_assets(spec),
            *build_labeling_assets(spec),
            *build_random_asking_assets(spec),
            build_review_asset(spec),
            *build_report_assets(spec),
            *(build_structure_assets(spec) if of_pictures else ()),
        ],
        asset_checks=[
            *build_data_checks(spec),
            *build_model_checks(spec),
            *build_gate_checks(spec),
            *build_labeling_checks(spec),
            *build_review_checks(spec),
            *(build_structure_checks(spec) if of_pictures else ()),
        ],
        jobs=[
            round_job,
            ask_job,
            build_batch_job(spec),
            build_branch_job(spec),
            build_by_hand_job(spec),
            *([build_structure_job(spec)] if of_pictures else ()),
        ],
        sensors=[
            build_annotation_sensor(spec, round_job, making=[key for one in data_assets for key in one.keys]),
            build_arrivals_sensor(spec),
            build_merge_sensor(spec),
            build_questions_sensor(spec, ask_job),
            *build_report_sensors(spec),
        ],
    )
