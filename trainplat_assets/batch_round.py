"""Batch inference over a data version, with data, learning, registry and deployments joined."""

from collections.abc import Iterator
from dataclasses import dataclass

from resources.data.model import ImageSet, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.learning.model import LookSettings
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.serving.batch import Answer, Batch, BatchFiles
from resources.serving.deployments.service import DeploymentService
from resources.terms import VersionKey
from trainplat_assets.who_looks import Look, Looked, looked

AT_ONCE = 4096
"""Samples that a model is given at a time: bounds the memory."""


@dataclass(frozen=True)
class BatchRound:
    """The batch of one version. It can be run again: what is answered stays."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    registry: RegistryService

    def model(self) -> ModelVersion:
        """What is live, else the champion. Raises :class:`NotFound` where there is neither."""
        name = self.spec.name
        live = DeploymentService(self.data.home, self.data.database).state(name).live
        model = None if live is None else self.registry.model(name, live.number)
        model = model or self.registry.champion(name)
        if model is None:
            raise NotFound(
                f"{name} has no model that is live, and no champion",
                f"Run {name}_round for a version first.",
            )
        return model

    def known(self, model: ModelVersion) -> Batch | None:
        """What the model answered already."""
        return BatchFiles(self.data.home).read(self.spec.name, self.version, model)

    def answer(self, model: ModelVersion, *, device: str, threads: int) -> Looked[Batch]:
        """Let the model answer all samples of the version, and keep it: by the model server where one runs,
        else here on ``device``.
        """
        how = LookSettings(device=device, threads=threads, needs_embeddings=False)
        found = looked(
            self.data.home, self.registry, model, self.spec.kind, lambda look: list(self._answers(look, how))
        )
        batch = BatchFiles(self.data.home).write(self.spec.name, self.version, model, found.result)
        return Looked(batch, found.by, found.why)

    def _answers(self, look: Look, how: LookSettings) -> Iterator[Answer]:
        for split in Split:
            for part in _parts(self.data.images(self.spec.name, self.version, split)):
                seen = look(part.images, self.spec.classes, how)
                known = part.answers or (None,) * len(part.ids)
                said = zip(part.ids, seen.guesses, seen.sureness.tolist(), known, strict=True)
                for sample, guess, sure, right in said:
                    yield Answer(sample, split.value, guess, sure, right)


def _parts(images: ImageSet) -> Iterator[ImageSet]:
    for begin in range(0, len(images.ids), AT_ONCE):
        part = slice(begin, begin + AT_ONCE)
        yield ImageSet(
            images.ids[part],
            images.images[part],
            None,
            None if images.answers is None else images.answers[part],
        )
