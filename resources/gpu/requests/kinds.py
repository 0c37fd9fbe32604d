"""Names in a request: which vendor, model or partition a word means."""

import re

from resources.gpu.requests.scanner import Scanner
from resources.gpu.requests.vendors import Kind, VendorTable
from resources.texts import filled, mark

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
ONE_MODEL = mark("one model only")
MOST_MODEL_CHARACTERS = 63
"""As long as the value of a Kubernetes label."""

_MODEL = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
_LEAST_DIGITS = 3
"""A model of digits alone has at least three, such as 310 or 3090; fewer are a slip."""
_READS_AS_MEMORY = re.compile(r"[0-9]+([kmgt]i?b?|pi?b)", re.IGNORECASE)
"""In units that are read and in others; 910B and 310P are models."""
_READS_AS_PARTITION = re.compile(r"(mig-.*)|([0-9]+[cg]\..*)", re.IGNORECASE)


def one_name(scanner: Scanner, name: re.Match[str], vendors: VendorTable) -> Kind:
    """What a word that stands alone means: a vendor, else a partition, else a model."""
    family = vendors.family(name[0])
    if family is not None:
        return Kind(family)
    partition = vendors.partition(name[0])
    if partition is not None:
        return partition
    _refuse_unlisted_partition(scanner, name, vendors)
    model = model_name(scanner, name)
    return Kind(vendors.family_of_model(model), model)


def vendor(scanner: Scanner, name: re.Match[str], vendors: VendorTable) -> Kind:
    """What the word before a comma means. Raises BadGpuRequest, which lists them, for no vendor."""
    family = vendors.family(name[0])
    if family is not None:
        return Kind(family)
    partition = vendors.partition(name[0])
    if partition is not None:
        return partition
    known = ", ".join(vendors.families)
    raise scanner.refuse(
        filled(mark("a vendor out of: {known}"), known=known),
        at=name.start(),
        reason=filled(mark('unknown vendor "{name}"; known: {known}'), name=name[0], known=known),
        next_step=mark("Choose one of these, or add yours to vendors.yaml in the home."),
    )


def within(scanner: Scanner, kind: Kind, name: re.Match[str], vendors: VendorTable) -> Kind:
    """``kind`` with the model or the partition that ``name`` means added to it."""
    partition = vendors.partition(name[0])
    if partition is not None and kind.partition is None and partition.family.vendor == kind.family.vendor:
        return Kind(partition.family, kind.model, partition.partition)
    if vendors.family(name[0]) is not None or partition is not None:
        raise scanner.refuse(
            filled(mark("a model of {family}"), family=kind.family.key),
            at=name.start(),
            reason=filled(mark('"{name}" is no model of it'), name=name[0]),
        )
    _refuse_unlisted_partition(scanner, name, vendors)
    return Kind(kind.family, model_name(scanner, name), kind.partition)


def model_name(scanner: Scanner, name: re.Match[str]) -> str:
    """The model that ``name`` is, in capitals. Raises BadGpuRequest for what cannot be one."""
    text = name[0]
    form = _MODEL.match(text)
    if form is None or form.end() < len(text):
        at = name.start() + (0 if form is None else form.end())
        raise scanner.refuse(mark("letters, digits and single hyphens"), at=at, reason=mark("not a model"))
    if _READS_AS_MEMORY.fullmatch(text):
        raise scanner.refuse(
            mark("a model, such as V100"),
            at=name.start(),
            reason=filled(mark("{text} is an amount of memory, not a model"), text=text),
            next_step=filled(
                mark("Memory comes first: {text},0.5(V100) for a share, A100:{text}:2 for whole devices."),
                text=text,
            ),
        )
    if text.isdigit() and len(text) < _LEAST_DIGITS:
        raise scanner.refuse(mark("a model, such as V100"), at=name.start(), reason=mark("not a model"))
    if len(text) > MOST_MODEL_CHARACTERS:
        raise scanner.refuse(
            filled(mark("a model of at most {count} characters"), count=MOST_MODEL_CHARACTERS),
            at=name.start(),
            reason=mark("not a model"),
        )
    return text.upper()


def refuse_unlisted_model(scanner: Scanner, kind: Kind, at: int) -> None:
    """Raise BadGpuRequest for a model of a family that lists all of its models, and not this one."""
    family = kind.family
    if kind.model is not None and family.only_these_models and kind.entry is None:
        known = ", ".join(family.models)
        raise scanner.refuse(
            filled(mark("a model out of: {known}"), known=known),
            at=at,
            reason=filled(mark("unknown model of {family}"), family=family.key),
            next_step=mark("Choose one of these, or add yours to vendors.yaml in the home."),
        )
    if kind.partition is None and family.partitions:
        raise scanner.refuse(
            filled(mark("a profile out of: {known}"), known=", ".join(family.partitions)),
            at=at,
            reason=filled(mark("{family} without a profile"), family=family.key),
            next_step=filled(
                mark("Name the profile, such as 1({profile})."),
                profile=f"{family.key}-{family.partitions[0]}",
            ),
        )


def missing_count(word: re.Match[str], vendors: VendorTable) -> str | None:
    """Why a word that stands where a number should is a request without its count; None if it is not one."""
    text = word[0]
    if vendors.family(text) is not None:
        return mark("count missing before the vendor")
    has_digit, has_letter = any(map(str.isdigit, text)), any(map(str.isalpha, text))
    return mark("count missing before the model") if has_digit and has_letter else None


def _refuse_unlisted_partition(scanner: Scanner, name: re.Match[str], vendors: VendorTable) -> None:
    if not _READS_AS_PARTITION.fullmatch(name[0]):
        return
    known = [profile for family in vendors.families.values() for profile in family.partitions]
    raise scanner.refuse(
        filled(mark("a profile out of: {known}"), known=", ".join(known)),
        at=name.start(),
        reason=mark("unknown MIG profile"),
        next_step=mark("Choose one of these, or add yours to vendors.yaml in the home."),
    )
