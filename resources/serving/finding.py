"""Which version a reference means: one of ours, else one that somebody registered in MLflow."""

from resources.errors import BadInput, NotFound, Unavailable
from resources.registry.model import ModelVersion
from resources.registry.others import OtherModels, OtherVersion
from resources.serving.references import ModelReference, ReferenceService
from resources.terms import DatasetName


def find(references: ReferenceService, reference: ModelReference) -> ModelVersion | OtherVersion:
    """The version that is meant. What is told of one of others is its name and number only.

    Raises :class:`NotFound`, which names what is near; :class:`Unavailable` for a name that only MLflow may
    know while it is down; and :class:`BadInput` for a variant of what has none.
    """
    try:
        return references.resolve(reference)
    except NotFound as unknown:
        is_ours = bool(references.registry.models(reference.name))
        return _of_others(references, reference, unknown, is_ours=is_ours)


def refuse_unknown(references: ReferenceService, name: DatasetName) -> None:
    """Raise :class:`NotFound`, which names what is near, for a name that nobody registered."""
    try:
        references.known(name)
    except NotFound as unknown:
        try:
            if name in OtherModels(references.home).names():
                return
        except Unavailable:
            pass
        raise unknown from None


def _of_others(
    references: ReferenceService, reference: ModelReference, unknown: NotFound, *, is_ours: bool
) -> OtherVersion:
    try:
        number = OtherModels(references.home).number_of(reference.name, reference.tag)
    except (NotFound, Unavailable):
        if is_ours:
            raise unknown from None
        raise
    if number is None:
        raise unknown
    if reference.variant:
        raise BadInput(
            f"{reference.name}:{number} was registered in MLflow by others, and has no variant "
            f"{reference.variant}",
            f"Ask for {reference.name}:{reference.tag}.",
        )
    return OtherVersion(reference.name, number)
