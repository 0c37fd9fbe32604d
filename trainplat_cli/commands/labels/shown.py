"""What the commands on labels have in common."""

from resources.home import Home
from resources.labeling.service import LabelingService
from resources.texts import mark

WORDS = (mark("doubted"), mark("disagreement"), mark("returned"), mark("settled"))
"""The words of reviews, so that they are translated."""


def labeling_service() -> LabelingService:
    """The labels of the home of the environment."""
    home = Home.from_environment()
    return LabelingService(home, home.database())
