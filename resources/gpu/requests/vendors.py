"""The vendor table: the kinds of devices, what people and Kubernetes call them, how they are shared.

Values and look-ups only; :mod:`resources.gpu.requests.vendor_file` reads them from YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from resources.errors import BadInput

PARTITION = "{partition}"
"""Stands in a family's resource name for the profile of a partition."""
WHOLE_RESOURCE = "{resource}"
"""Stands in the names of a share for the resource name of the whole device."""


class Order(StrEnum):
    """How a profile reads two numbers with a comma between them."""

    MEMORY_SHARE = "memory,share"
    """``8G,0.5``; the only order without a profile."""
    CORE_MEMORY = "core,memory"
    """``50,8``: hundredths of a device, then GiB. With a unit it is read as the other order."""


@dataclass(frozen=True)
class Share:
    """How a part of a device is asked for in Kubernetes."""

    core: str | None
    """The resource that stands for computing power."""
    core_units: int
    """How many of it are a whole device."""
    memory: str | None
    """The resource that stands for device memory."""
    memory_unit_mib: int
    """What one of it is worth."""
    device: str | None
    """The resource that counts the devices shared; None where none does."""
    resource: str | None
    """What such a request is called by; None: as the whole device."""
    isolated: bool
    """Whether hardware keeps its users apart; else they are trusted to, or a library makes them."""


@dataclass(frozen=True)
class Template:
    """A size into which a device can be cut."""

    milli: int
    name: str
    memory_mib: int


@dataclass(frozen=True)
class Model:
    """What is particular to one model of a family."""

    name: str
    resource: str | None
    share: Share | None
    templates: tuple[Template, ...]


@dataclass(frozen=True)
class Family:
    """Devices that are asked for by one key."""

    key: str
    vendor: str
    aliases: tuple[str, ...]
    resource: str
    """What Kubernetes calls a whole one, of a model that has no name of its own."""
    share: Share | None
    """None where only whole devices are given."""
    model_prefix: str
    """What people may write before a model's name, such as ``Ascend``."""
    models: Mapping[str, Model]
    """By name, in capitals."""
    only_these_models: bool
    """Whether a model that is not listed is refused."""
    partitions: tuple[str, ...]
    """Profiles of partitions that the hardware keeps apart; such a device is asked for whole."""

    def model(self, name: str) -> Model | None:
        """The listed model that ``name`` means, with or without the prefix."""
        bare = name.upper().removeprefix(self.model_prefix.upper()).lstrip("-") if self.model_prefix else name
        return self.models.get(name.upper()) or self.models.get(bare.upper())

    def resources(self) -> set[str]:
        """Every name by which Kubernetes knows whole devices or partitions of this family."""
        named = {model.resource for model in self.models.values() if model.resource}
        if not self.partitions:
            return named | {self.resource}
        return named | {self.partition_resource(profile) for profile in self.partitions}

    def names_of(self, profile: str) -> set[str]:
        """What people write for a partition: as the vendor's tools do, or as Kubernetes does."""
        spelled = {profile, profile.replace("+", ".")}
        return spelled | {f"{self.key}-{one}" for one in spelled}

    def partition_resource(self, profile: str) -> str:
        """What Kubernetes calls a partition: the device plugin writes ``.`` for the ``+`` of ``+me``."""
        return self.resource.replace(PARTITION, profile.replace("+", "."))


@dataclass(frozen=True)
class Kind:
    """What stands between the parentheses: a family, and perhaps a model or a partition of it."""

    family: Family
    model: str | None = None
    """In capitals, as it was written."""
    partition: str | None = None

    @property
    def entry(self) -> Model | None:
        """What the table says about the model."""
        return None if self.model is None else self.family.model(self.model)

    @property
    def resource_name(self) -> str:
        """What Kubernetes calls a whole one."""
        if self.partition is not None:
            return self.family.partition_resource(self.partition)
        entry = self.entry
        return entry.resource if entry is not None and entry.resource else self.family.resource


@dataclass(frozen=True)
class Profile:
    """How one cluster, or one time, shares devices."""

    name: str
    order: Order
    shares: Mapping[str, Share]
    """By key of the family; a family that is not named is shared as its own entry says."""


@dataclass(frozen=True)
class VendorTable:
    """All families and profiles."""

    families: Mapping[str, Family]
    profiles: Mapping[str, Profile]
    default_family: str
    """What a request without a vendor asks for."""
    default_profile: str

    @property
    def default(self) -> Family:
        """The family of a request that names no vendor."""
        return self.families[self.default_family]

    def family(self, name: str) -> Family | None:
        """The family that has ``name`` as its key or an alias, in whatever case."""
        return self._by_name.get(name.lower())

    def partition(self, name: str) -> Kind | None:
        """The partition that ``name`` means: ``1g.10gb`` or ``mig-1g.10gb``, in whatever case."""
        return self._partitions.get(name.lower())

    def family_of_model(self, model: str) -> Family:
        """The family of a request that names a model and no vendor: the only one that lists it, else the one
        that its first word names, as in ``tpu-v5e-8``, else the default.
        """
        listing = [family for family in self.families.values() if family.models and family.model(model)]
        if len(listing) == 1:
            return listing[0]
        return self.family(model.partition("-")[0]) or self.default

    def profile(self, name: str | None = None) -> Profile:
        """The profile of this name; None: the default. Raises BadInput for one that is not there."""
        found = self.profiles.get(self.default_profile if name is None else name)
        if found is None:
            raise BadInput(
                f"there is no profile {name!r} of GPU requests; known: {', '.join(self.profiles)}",
                "Choose one of these, or add it to vendors.yaml in the home.",
            )
        return found

    def share(self, kind: Kind, profile: Profile) -> Share | None:
        """How a part of such a device is asked for; None where only whole ones are given."""
        if kind.partition is not None:
            return None
        entry = kind.entry
        if entry is not None and entry.share is not None:
            return entry.share
        return profile.shares.get(kind.family.key, kind.family.share)

    def kind_of(self, resource_name: str, model: str | None) -> Kind | None:
        """What a request with this resource name asked for; None for a name that is not in the table."""
        found = self._kinds.get(resource_name)
        return None if found is None else replace(found, model=model)

    @cached_property
    def _by_name(self) -> dict[str, Family]:
        return {name: family for family in self.families.values() for name in (family.key, *family.aliases)}

    @cached_property
    def _partitions(self) -> dict[str, Kind]:
        return {
            name: Kind(family, partition=profile)
            for family in self.families.values()
            for profile in family.partitions
            for name in family.names_of(profile)
        }

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        kinds = {
            share.resource: Kind(self.families[key])
            for profile in self.profiles.values()
            for key, share in profile.shares.items()
            if share.resource is not None
        }
        for family in self.families.values():
            kinds |= {name: Kind(family) for name in family.resources()}
        return kinds | {kind.resource_name: kind for kind in self._partitions.values()}
