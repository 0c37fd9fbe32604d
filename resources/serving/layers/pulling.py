"""Pulling a model: each layer by its digest, verified; what has come of a killed pull is gone on with."""

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import NotFound
from resources.home import Home
from resources.registry.client import WEIGHTS_FILE
from resources.registry.service import RegistryService
from resources.serving.layers.model import Layer, Manifest, Role, Watch
from resources.serving.layers.origins import (
    SIGNATURE_FILE,
    FolderOrigin,
    Found,
    Origin,
    ServerOrigin,
    found_here,
)
from resources.serving.layers.store import LayerStore
from resources.serving.references import ModelReference, ReferenceService
from resources.terms import Actor


def _unwatched(role: Role, digest: str, done_bytes: int, total_bytes: int) -> None:
    """Nobody looks."""


class PullService:
    """The pulled models of one home. Every act can be repeated without harm."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.store = LayerStore(home.models)

    def pull(
        self, reference: ModelReference, actor: Actor, server: str | None = None, watch: Watch = _unwatched
    ) -> Manifest:
        """Bring a version's layers here, from this home's MLflow or from ``server``.

        A layer that is here already is not brought again. Raises :class:`Unavailable` where the server does
        not answer, and :class:`BadInput` for weights that are not those that were registered.
        """
        origin, found = self._origin(reference, server)
        layers = (
            self._weights(origin, found, watch),
            self._small(Role.SIGNATURE, origin.read(found, SIGNATURE_FILE), watch),
            self._small(Role.CONFIG, found.config, watch),
        )
        manifest = Manifest(
            found.name, found.number, found.dataset_version, origin.address, layers, self.clock()
        )
        self.store.put(manifest)
        with self.database.write() as connection:
            subject = f"{found.name}:{found.number}"
            told = f"{manifest.size_bytes} bytes from {origin.address or 'this home'}"
            record(connection, AuditRow(manifest.pulled_at, actor, "model.pull", subject, told))
        return manifest

    def _origin(self, reference: ModelReference, server: str | None) -> tuple[Origin, Found]:
        if server is not None:
            there = ServerOrigin(server)
            return there, there.find(reference)
        model = ReferenceService(self.home, self.database, self.clock).resolve(reference)
        folder = RegistryService(self.home, self.database, self.clock).files(model)
        if folder is not None:
            return FolderOrigin(folder), found_here(model)
        own = self.home.addresses().mlflow
        if own is None:
            raise NotFound(
                f"the files of {model.uri} are not in this home: {model.source}",
                "Start the stack with `trainplat up`, or restore them from a copy.",
            )
        return ServerOrigin(own, is_own=True), found_here(model)

    def _weights(self, origin: Origin, found: Found, watch: Watch) -> Layer:
        digest = found.weights_sha256
        with self.store.filling(digest) as part:
            if self.store.has(digest):
                size_bytes = self.store.path(digest).stat().st_size
                watch(Role.WEIGHTS, digest, size_bytes, size_bytes)
                return Layer(Role.WEIGHTS, digest, size_bytes)
            begin = part.stat().st_size if part.exists() else 0
            with part.open("ab") as file:
                for piece in origin.stream(found, WEIGHTS_FILE, begin):
                    if piece.at != file.tell():
                        file.truncate(piece.at)  # the server began anew
                        file.seek(piece.at)
                    file.write(piece.content)
                    watch(Role.WEIGHTS, digest, piece.at + len(piece.content), piece.total_bytes)
            return self.store.settle(Role.WEIGHTS, digest)

    def _small(self, role: Role, content: bytes, watch: Watch) -> Layer:
        layer = self.store.keep(role, content)
        watch(role, layer.digest, layer.size_bytes, layer.size_bytes)
        return layer
