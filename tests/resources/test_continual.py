import pytest

from resources.continual import ContinualSettings, Fill, MethodName, published_derpp
from resources.errors import BadInput


def test_the_default_is_dark_replay_with_a_bounded_buffer() -> None:
    settings = ContinualSettings()
    assert (settings.method, settings.buffer_size) == (MethodName.DERPP, 200)


def test_the_published_form_has_a_reservoir_and_keeps_the_first_logits() -> None:
    published = published_derpp()
    assert (published.fill, published.renew_logits) == (Fill.RESERVOIR, False)
    assert (published.logits_weight, published.labels_weight, published.weigh_by_tasks) == (0.5, 0.5, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("buffer_size", 0),
        ("replay_batch_size", 0),
        ("joint_every", -1),
        ("logits_weight", -0.1),
        ("labels_weight", float("nan")),
        ("ewc_strength", float("inf")),
        ("lwf_temperature", 0.0),
        ("unsure_share", 0.0),
    ],
)
def test_a_value_outside_its_range_is_named(name: str, value: float) -> None:
    with pytest.raises(BadInput, match=f"continual setting {name} is {value}"):
        ContinualSettings(**{name: value})  # type: ignore[arg-type]
