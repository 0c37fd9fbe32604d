"""Which learner belongs to which kind."""

from resources.kinds import Kind
from resources.learning.kinds.image_classes import ImageClasses
from resources.learning.kinds.model import Learner
from resources.learning.kinds.others import Others


def learner_of(kind: Kind) -> Learner:
    """What can be asked of a model of ``kind``."""
    return ImageClasses() if kind is Kind.IMAGE_CLASSES else Others(kind)
