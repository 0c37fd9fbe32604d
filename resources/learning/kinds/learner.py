"""Which learner belongs to which kind."""

from resources.kinds import Kind
from resources.learning.kinds.image_classes import ImageClasses
from resources.learning.kinds.model import Learner
from resources.learning.kinds.others import Others


def learner_of(kind: Kind) -> Learner:
    """How answers of ``kind`` are learnt."""
    return ImageClasses() if kind is Kind.IMAGE_CLASSES else Others(kind)
