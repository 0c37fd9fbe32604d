"""Which form belongs to which kind."""

from resources.kinds import Kind
from resources.labeling.label_studio.kinds.boxes import BOXES
from resources.labeling.label_studio.kinds.classes import IMAGE_CLASSES, TEXT_CLASSES
from resources.labeling.label_studio.kinds.entities import ENTITIES
from resources.labeling.label_studio.kinds.form import Form

FORMS: dict[Kind, Form] = {
    Kind.IMAGE_CLASSES: IMAGE_CLASSES,
    Kind.TEXT_CLASSES: TEXT_CLASSES,
    Kind.ENTITIES: ENTITIES,
    Kind.BOXES: BOXES,
}
