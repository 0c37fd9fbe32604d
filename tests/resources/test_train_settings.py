import pytest

from resources.errors import BadInput
from resources.train_settings import TrainSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("incremental_epochs", -1),
        ("batch_size", 0),
        ("channels", 0),
        ("checkpoint_every_epochs", 0),
        ("learning_rate", 0.0),
        ("learning_rate", 1.0),
        ("rotation_degrees", 181.0),
        ("weight_decay", -0.1),
        ("shift_fraction", 1.0),
        ("scale_fraction", 1.0),
        ("label_smoothing", -0.1),
        ("hang_s", 0.0),
        ("accumulation", 0),
    ],
)
def test_a_setting_outside_its_range_is_refused_by_name_and_value(name: str, value: float) -> None:
    with pytest.raises(BadInput, match=rf"training setting {name} is {value}; expected"):
        TrainSettings(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("parallel", "fsdp2", "single, ddp"), ("precision", "int8", "fp32, bf16, fp16")],
)
def test_a_way_that_there_is_not_is_refused_with_those_that_there_are(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(BadInput, match=rf"training setting {name} is '{value}'; expected one of {expected}"):
        TrainSettings(**{name: value})  # type: ignore[arg-type]


def test_devices_and_when_it_is_saved_decide_no_outcome_and_what_is_usual_is_not_said() -> None:
    usual = TrainSettings().deciding()
    assert TrainSettings(parallel="ddp", checkpoint_every_epochs=3, hang_s=60).deciding() == usual
    assert TrainSettings(precision="bf16").deciding() != usual
    assert not {"precision", "accumulation", "compile"} & {name for name, _ in usual}


def test_the_default_settings_are_valid() -> None:
    assert TrainSettings().epochs > TrainSettings().incremental_epochs
