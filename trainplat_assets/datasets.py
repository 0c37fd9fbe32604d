"""The data sets of this platform, as they are declared."""

from resources.continual import ContinualSettings, MethodName
from resources.data.making.source import fill_with_digits
from resources.data.spec import DatasetSpec
from resources.terms import DatasetName, Label

DIGITS = DatasetSpec(
    name=DatasetName("digits"),
    title="Scanned digits",
    classes=tuple(Label(str(digit)) for digit in range(10)),
    image_size_px=(8, 8),
    first_labelled=100,
    test_count=360,
    labels_per_round=50,
    fill_source=fill_with_digits,
    continual=ContinualSettings(MethodName.JOINT, joint_starts_anew=False),
)
