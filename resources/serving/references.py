"""How people name a model: ``digits``, ``digits:champion``, ``digits:v1.3``, ``digits:7``, ``digits:3fa4c1``.

A tag that people gave is looked up first, then what the platform calls so, a data version, a number, the
beginning of a digest; last, what somebody called so in MLflow.
"""

import difflib
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound, Unavailable
from resources.home import Home
from resources.registry.client import CANDIDATE, CHALLENGER, CHAMPION
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.serving import tag_store
from resources.serving.replicas.model import Variant
from resources.terms import Actor, DatasetName

OURS = (CHAMPION, CHALLENGER, CANDIDATE)
VARIANTS = tuple(one.value for one in Variant if one not in (Variant.AS_TRAINED, Variant.OUTLOOK))
"""Those that can be deployed."""
SHORTEST_DIGEST = 6
MOST_SHOWN = 100
"""So many characters are told of what is no reference."""

_NAME = re.compile(r"""(?![ .])[^/:+'"\\\x00-\x1f\x7f]{1,100}(?<! )""")
"""Any name of MLflow's that no address, folder or filter takes for something else."""
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NUMBER = re.compile(r"[1-9]\d{0,8}")
_VERSION = re.compile(r"v[1-9]\d*\.\d+")
_DIGEST = re.compile(rf"[0-9a-f]{{{SHORTEST_DIGEST},64}}")
_FORM = "name[:tag][+variant], such as digits, digits:champion, digits:v1.3, digits:7 or digits:7+int8"


@dataclass(frozen=True)
class ModelReference:
    """Which model is meant, before anybody looked."""

    name: DatasetName
    tag: str = CHAMPION
    variant: str = ""

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.name}:{self.tag}" + (f"+{self.variant}" if self.variant else "")


def parse_reference(text: str) -> ModelReference:
    """What ``text`` names. Raises :class:`BadInput` for what has not the form of a reference."""
    told, plus, variant = text.strip().partition("+")
    name, colon, tag = told.partition(":")
    if name and (_NAME.fullmatch(name) is None or ":" in variant):  # the plus is one of the name's then
        raise BadInput(
            f"a model cannot be asked by the name {_shown(text if plus else name)!r}; expected at most 100 "
            "characters, none of them / : + \\ or a quote, and no dot or blank first",
            "Give a model of MLflow's another name there: MlflowClient().rename_registered_model(old, new).",
        )
    if not name or (colon and _TAG.fullmatch(tag) is None):
        raise BadInput(f"model {_shown(text)!r} is none that can be; expected {_FORM}", "Correct it.")
    if plus and variant not in (*VARIANTS, Variant.OUTLOOK):
        raise BadInput(
            f"variant {variant!r} of {text!r} is unknown; expected {' or '.join(VARIANTS)}, or none",
            f"Write {told}, or {told}+{VARIANTS[0]}.",
        )
    return ModelReference(DatasetName(name), tag or CHAMPION, variant)


def may_be_asked(name: str) -> bool:
    """Whether a model of this name can be asked, deployed and served."""
    return _NAME.fullmatch(name) is not None


def _shown(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


class ReferenceService:
    """What references mean, from our tables; MLflow is asked only about an alias that they do not know."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.registry = RegistryService(home, database, clock)

    def resolve(self, reference: ModelReference) -> ModelVersion:
        """The version that is meant. Raises NotFound, with names or tags that are near, and Conflict for the
        beginning of several digests.
        """
        known = self.known(reference.name)
        found = self.resolve_here(reference)
        if found is None:
            number = self._alias_of_mlflow(reference)
            found = next((one for one in known if one.number == number), None)
        if found is None:
            raise self._no_such_tag(reference, known)
        return found

    def resolve_here(self, reference: ModelReference) -> ModelVersion | None:
        """The same without MLflow; None where there is no such name or tag. Raises Conflict as that does."""
        known = self.registry.models(reference.name)
        tag = reference.tag
        number = self.tags(reference.name).get(tag)
        if number is not None:
            found = [one for one in known if one.number == number]
        elif _VERSION.fullmatch(tag):
            found = [one for one in known if one.dataset_version == tag][-1:]
        else:
            by_number = [one for one in known if _NUMBER.fullmatch(tag) and one.number == int(tag)]
            found = by_number or [
                one for one in known if _DIGEST.fullmatch(tag) and one.weights_sha256.startswith(tag)
            ]
        if len({one.weights_sha256 for one in found}) > 1:
            raise Conflict(
                f"{reference.name} has {len(found)} models whose digest begins with {tag}: "
                f"{', '.join(one.weights_sha256[:12] for one in found)}",
                "Give more of its digest, or its number.",
            )
        return found[-1] if found else None

    def known(self, name: DatasetName) -> list[ModelVersion]:
        """All versions of a model by number. Raises :class:`NotFound` where there is none."""
        found = self.registry.models(name)
        if not found:
            raise self._no_such_name(name)
        return found

    def tags(self, name: DatasetName) -> dict[str, int]:
        """All tags of a model and the numbers that they stand for: ours, and those that people made."""
        with self.database.read() as connection:
            found = dict(tag_store.tags_of(connection, name))
        ours = {
            CHAMPION: self.registry.champion(name),
            CHALLENGER: self.registry.challenger(name),
            CANDIDATE: self.registry.candidate(name),
        }
        found |= {tag: model.number for tag, model in ours.items() if model is not None}
        return found

    def tag(self, model: ModelVersion, tag: str, actor: Actor) -> None:
        """Let ``tag`` be ``model`` from now on; MLflow's alias follows where it answers."""
        if _TAG.fullmatch(tag) is None or any(form.fullmatch(tag) for form in (_NUMBER, _VERSION, _DIGEST)):
            raise BadInput(
                f"tag {tag!r} cannot be given; expected letters, digits, dots and dashes that read as no "
                "number, no version and no digest",
                "Choose a tag such as best-so-far.",
            )
        if tag in OURS:
            raise BadInput(
                f"tag {tag} is given by the platform itself",
                f"Choose another one; for champion: trainplat model promote {model.dataset}:{model.number}",
            )
        with self.database.write() as connection:
            now = self.clock()
            if tag_store.put_tag(connection, model.dataset, tag, model.number, now, actor):
                detail = f"model {model.number}, {model.weights_sha256[:12]}"
                record(connection, AuditRow(now, actor, "model.tag", f"{model.dataset}:{tag}", detail))
        with suppress(Unavailable):
            self.registry.alias(model, tag)

    def untag(self, name: DatasetName, tag: str, actor: Actor) -> None:
        """Take a tag away; its model stays. Raises :class:`NotFound` where there is none."""
        with self.database.write() as connection:
            if not tag_store.drop_tag(connection, name, tag):
                raise NotFound(
                    f"{name} has no tag {tag} that was given by people", "See: trainplat model list"
                )
            record(connection, AuditRow(self.clock(), actor, "model.untag", f"{name}:{tag}", ""))
        with suppress(Unavailable):
            self.registry.alias_gone(name, tag)

    def _alias_of_mlflow(self, reference: ModelReference) -> int | None:
        try:
            return self.registry.number_of_alias(reference.name, reference.tag)
        except Unavailable:
            return None

    def _no_such_name(self, name: DatasetName) -> NotFound:
        names = sorted({one.dataset for one in self.registry.models()})
        return NotFound(
            f"no model is named {name!r}{_near(name, names)}",
            f"See `trainplat model list`; a model is made by the job {name}_round of its data set."
            if names
            else "Make one first: `trainplat demo` makes some, else the job NAME_round of a data set.",
        )

    def _no_such_tag(self, reference: ModelReference, known: list[ModelVersion]) -> NotFound:
        tags = [*self.tags(reference.name), *(one.dataset_version for one in known)]
        numbers = [str(one.number) for one in known]
        near = _near(reference.tag, tags + numbers)
        return NotFound(
            f"model {reference.name} has no version or tag {reference.tag!r}{near}",
            f"See its tags: trainplat model list {reference.name}",
        )


def _near(given: str, known: Iterable[str]) -> str:
    """What somebody may have meant; else the first few that there are."""
    names = list(dict.fromkeys(known))
    found = difflib.get_close_matches(given, names, n=3, cutoff=0.5) or names[:8]
    return f"; there is {', '.join(found)}" if found else ""
