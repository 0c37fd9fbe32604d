"""A structure search around the champion of a data set, and the version that trains what it chose."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from resources.data.model import Split, VersionRecord
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import Conflict, NotFound
from resources.learning.model import EpochPoint
from resources.learning.structure.kept import PREFIX, Found, Searches
from resources.learning.structure.model import Outcome, Problem, Told
from resources.learning.structure.search import Limits, Search
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, Actor, VersionKey
from resources.train_settings import TrainSettings
from trainplat_assets.labels import labels_of


@dataclass(frozen=True)
class StructureRound:
    """Each step can be run again: a search goes on where it was, and what it chose is planned once."""

    spec: DatasetSpec
    data: DataService
    registry: RegistryService
    actor: Actor
    settings: TrainSettings | None = None
    """How it trains; None for what the data set declares."""

    @cached_property
    def version(self) -> VersionKey:
        """The newest version with a decision: its labels are searched with."""
        decisions = self.registry.decisions(self.spec.name)
        if not decisions:
            raise NotFound(
                f"{self.spec.name} has no champion yet to search around",
                f"Run {self.spec.name}_round for partition {FIRST_VERSION} first.",
            )
        return decisions[-1].version

    @cached_property
    def champion(self) -> ModelVersion:
        """The champion after that version."""
        found = self.registry.champion_after(self.spec.name, self.version)
        if found is None:
            raise NotFound(
                f"the champion after {self.spec.name} {self.version} is not registered any more",
                f"Run {self.spec.name}_round for partition {self.version} again.",
            )
        return found

    @property
    def name(self) -> str:
        """Of the search: another version or another champion makes another one."""
        return f"{self.spec.name}-{self.version}-{self.champion.number}"

    def search(
        self,
        limits: Limits,
        *,
        device: str,
        threads: int,
        tell: Callable[[Told], None],
        alive: Callable[[EpochPoint], None] | None = None,
    ) -> Outcome:
        """Search, or go on; the test set is not looked at. What is chosen is kept for its training."""
        train = self.data.images(self.spec.name, self.version, Split.TRAIN)
        champion, seed = self.registry.weights(self.champion), self.spec.seed_in_use()
        pool = self.data.images(self.spec.name, self.version, Split.POOL).images
        problem = Problem(
            train.images,
            labels_of(train),
            self.spec.classes,
            champion,
            self.settings or self.spec.training,
            seed,
            pool=pool if len(pool) else None,
        )
        searches = Searches(self.data.home)
        outcome = Search(
            problem,
            searches.storage(self.spec.name),
            self.name,
            limits,
            device=device,
            threads=threads,
            tell=tell,
            alive=alive,
        ).run()
        if outcome.chosen is not None:
            searches.keep(Found(self.name, self.champion.number, outcome.chosen.candidate))
        return outcome

    def plan(self) -> VersionRecord:
        """Plan the version that trains what was chosen in full; its round measures it as any other.

        Raises :class:`Conflict` where a version came meanwhile whose round is not decided.
        """
        newest = self.data.versions(self.spec.name)[-1]
        base = f"{PREFIX}{self.name}"
        if newest.starts_from != base and self.registry.decision(self.spec.name, newest.version) is None:
            raise Conflict(
                f"{self.spec.name} {newest.version} came meanwhile, and its round is not decided",
                "When it is, search again: what was measured is kept, so it only plans.",
            )
        return self.data.plan_retraining(self.spec, base, self.actor)
