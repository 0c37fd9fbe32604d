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
    ],
)
def test_a_setting_outside_its_range_is_refused_by_name_and_value(name: str, value: float) -> None:
    with pytest.raises(BadInput, match=rf"training setting {name} is {value}; expected"):
        TrainSettings(**{name: value})  # type: ignore[arg-type]


def test_the_default_settings_are_valid() -> None:
    assert TrainSettings().epochs > TrainSettings().incremental_epochs
