"""Layers on the disk: a file for each digest, verified when it comes in; a manifest for each version.

``models/blobs/sha256-…`` and ``models/manifests/<name>/<number>.json``. What is half there ends in ``.part``
and is gone on with. A manifest is written last: a version that has one is whole.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from resources.errors import BadInput
from resources.files import sync_file, told_of_disk, write_atomically
from resources.serving.layers.model import Layer, Manifest, Role
from resources.terms import DatasetName

LOCK_TIMEOUT_S = 600.0


class LayerStore:
    """The pulled models of one home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where a layer lies, or would."""
        return self.folder / "blobs" / f"sha256-{digest}"

    def part(self, digest: str) -> Path:
        """Where what has come of a layer lies while it comes."""
        return self.folder / "blobs" / f"sha256-{digest}.part"

    def has(self, digest: str) -> bool:
        """Whether a layer is there, whole."""
        return self.path(digest).exists()

    def keep(self, role: Role, content: bytes) -> Layer:
        """Keep a layer that is at hand."""
        digest = sha256(content).hexdigest()
        if not self.has(digest):
            write_atomically(self.path(digest), content)
        return Layer(role, digest, len(content))

    def settle(self, role: Role, digest: str) -> Layer:
        """Make a layer of what has come. Raises :class:`BadInput` for another content, which is dropped."""
        part = self.part(digest)
        with part.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        if found != digest:
            part.unlink()
            raise BadInput(
                f"the {role} that came have the digest {found[:12]}; expected {digest[:12]}: they were "
                "changed or damaged where they lie, or on the way",
                "Pull again; where it happens again, restore the model's files in MLflow from a copy.",
            )
        sync_file(part)
        size_bytes = part.stat().st_size
        part.rename(self.path(digest))
        return Layer(role, digest, size_bytes)

    @contextmanager
    def filling(self, digest: str) -> Iterator[Path]:
        """The file that a layer comes into, for one process at a time."""
        part = self.part(digest)
        part.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(part.with_suffix(".lock"), timeout=LOCK_TIMEOUT_S), told_of_disk(part):
            yield part

    def put(self, manifest: Manifest) -> None:
        """Let a version be one that is pulled."""
        write_atomically(self._manifest(manifest.name, manifest.number, manifest.origin), manifest.to_json())

    def manifests(self, name: DatasetName | None = None) -> list[Manifest]:
        """All that are pulled, by name and number."""
        found = sorted((self.folder / "manifests").glob(f"{name or '*'}/*.json"))
        return sorted(
            (Manifest.from_json(path.read_text()) for path in found),
            key=lambda one: (one.name, one.origin, one.number),
        )

    def verified(self, layer: Layer) -> Path:
        """The file of a layer. Raises :class:`BadInput`, and drops it, where it is damaged or gone."""
        path = self.path(layer.digest)
        if path.exists():
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() == layer.digest:
                    return path
            path.unlink()
        raise BadInput(
            f"the {layer.role} {layer.digest[:12]} in {self.folder} are damaged or gone",
            "Pull the model again.",
        )

    def drop(self, manifest: Manifest) -> None:
        """Remove a version, and the layers that no other one has."""
        self._manifest(manifest.name, manifest.number, manifest.origin).unlink(missing_ok=True)
        kept = {layer.digest for one in self.manifests() for layer in one.layers}
        for layer in manifest.layers:
            if layer.digest not in kept:
                self.path(layer.digest).unlink(missing_ok=True)

    def _manifest(self, name: DatasetName, number: int, origin: str) -> Path:
        suffix = f"@{quote(origin, safe='')}" if origin else ""
        return self.folder / "manifests" / name / f"{number}{suffix}{os.extsep}json"
