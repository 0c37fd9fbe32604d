"""The stages that make a version: each reads what the one before left in the staging folder.

A stage can be run again at any time before the version is sealed. Each one remembers from which state of the
stage before it was made, so a version is never sealed from stages that do not belong together.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from resources.data.arrivals.model import Arrival
from resources.data.making.imaging import UnreadableSample
from resources.data.making.inventory import FoundFile, Inventory, take_inventory
from resources.data.making.kinds import suffixes_of, view_of
from resources.data.making.pixels import PixelCache
from resources.data.making.similarity.album import Album, Looks
from resources.data.making.similarity.wordings import WordingFile, Wordings
from resources.data.making.source import LABELS_FILE, read_labels
from resources.data.making.sources.model import Source, files_of
from resources.data.making.sources.spreading import spread
from resources.data.making.sources.taking import take_from
from resources.data.manifest import (
    PIXELS_FILE,
    SAMPLES_FILE,
    VERSION_FILE,
    Collected,
    CollectedSample,
    Divided,
    SampleRow,
    Transformed,
    Validated,
    VersionDocument,
    digest_of,
    from_json,
    samples_to_csv,
    to_json,
)
from resources.data.model import (
    CollectReport,
    ConfirmedLabel,
    NearDuplicate,
    Quarantined,
    Split,
    SplitReport,
    TransformReport,
    ValidateReport,
)
from resources.data.spec import DatasetSpec
from resources.data.splitting import Division, Place, first_division, next_division
from resources.data.storage.objects import DamagedObject, StoredObject
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree, load_pixels, pixels_file
from resources.errors import BadInput, Conflict
from resources.files import write_atomically
from resources.marks import canonical, classes_in, flaw
from resources.terms import Label, SampleId, VersionKey

T = TypeVar("T")


@dataclass(frozen=True)
class Stages:
    """The making of one planned version."""

    spec: DatasetSpec
    version: VersionKey
    parent_version: VersionKey | None
    parent: SealedTree | None
    labels: Sequence[ConfirmedLabel]
    """The confirmed labels that the version takes up."""
    arrivals: Sequence[Arrival]
    """The samples that came by themselves and that it takes up."""
    repository: DatasetRepository

    def collect(self) -> CollectReport:
        """Stage 1. Raises :class:`BadInput` for a bad ``labels.csv`` or a declaration that changed."""
        self._refuse_another_declaration()
        self.repository.prepare()
        if self.spec.fill_source is not None:
            self.spec.fill_source(self.repository.source)
        inventory = take_inventory(
            self.repository.source,
            self.repository.objects,
            self.repository.root / ".source-index.json",
            suffixes_of(self.spec.kind),
        )
        source_labels = read_labels(self.repository.source)
        kept = self._kept()
        strays = [*inventory.strays, *_labels_of_nothing(source_labels, inventory, kept)]
        files = [
            replace(file, labels=(source_labels[file.name],)) if file.name in source_labels else file
            for file in inventory.files
        ]
        for source in self.spec.sources:
            taken = self._take_from(source)
            files += taken.files
            strays += taken.strays
        files += [FoundFile(one.name, one.sample, one.stored, metadata=one.metadata) for one in self.arrivals]
        samples = {sample.id: sample for sample in kept}
        duplicates = []
        said: dict[SampleId, set[str]] = {}
        for file in files:
            said.setdefault(file.id, set()).update(map(self._in_one_form, file.labels))
            counted = samples.setdefault(
                file.id,
                CollectedSample(
                    file.id,
                    file.stored.md5,
                    file.stored.size_bytes,
                    file.name,
                    (),
                    kept=False,
                    split=file.split,
                    metadata=file.metadata,
                ),
            )
            if counted.file != file.name:
                duplicates.append((file.name, counted.file))
        ordered = tuple(
            replace(one, labels=tuple(sorted(said.get(one.id, ()))))
            for one in sorted(samples.values(), key=lambda one: one.id)
        )
        report = CollectReport(
            files=len(files) + len(strays) - len(_labels_of_nothing(source_labels, inventory, kept)),
            samples=len(ordered),
            new_samples=len(ordered) - len(kept),
            duplicates=tuple(duplicates),
            digest=digest_of(*ordered, *strays),
        )
        self._hand_on("collected", Collected(ordered, tuple(strays), report))
        return report

    def validate(self) -> ValidateReport:
        """Stage 2: samples of the parent were validated when they came; the others are decoded here, once."""
        collected = self._handed_on(Collected, "collected")
        complaints = {
            one.id: found
            for one in collected.samples
            if not one.kept and (found := self._complaint_about_labels(one)) is not None
        }
        wanted = {one.id: one.md5 for one in collected.samples if one.id not in complaints}
        kept = frozenset(one.md5 for one in collected.samples if one.kept)
        looks, broken = self._compared(wanted, kept)
        if isinstance(looks, Wordings):
            complaints |= self._said_before(looks, collected.samples)
        good, quarantined = [], list(collected.strays)
        what = "text" if self.spec.kind.is_text else "image"
        for sample in collected.samples:
            if sample.id in broken and not sample.kept:
                complaints[sample.id] = Quarantined(
                    sample.file, str(broken[sample.id]), f"Put a whole {what} in its place, or remove it."
                )
            if sample.id in complaints:
                quarantined.append(complaints[sample.id])
            else:
                good.append(sample)
        report = ValidateReport(
            samples=len(good),
            quarantined=tuple(quarantined),
            digest=digest_of(collected.report.digest, *good, *quarantined),
            near_duplicates=len(looks.among(one.id for one in good)),
        )
        self._hand_on("validated", Validated(collected.report.digest, tuple(good), report))
        return report

    def transform(self) -> TransformReport:
        """Stage 3: the parent's pixels are taken over; of the others each is transformed once, ever."""
        import numpy as np

        validated = self._handed_on(Validated, "validated")
        view = view_of(self.spec)
        name = str(view)
        done: dict[SampleId, int] = {}
        if self.parent is not None and self.parent.document.transformed.transform == name:
            done = {row.id: position for position, row in enumerate(self.parent.rows)}
        height_px, width_px = self.spec.image_size_px
        pixels = np.zeros((len(validated.samples), height_px, width_px), dtype=np.uint8)
        others = {one.id: one.md5 for one in validated.samples if one.id not in done}
        made = PixelCache(self.repository.root, view).take(others, self.repository.objects.read)
        for position, sample in enumerate(validated.samples):
            if self.parent is not None and sample.id in done:
                pixels[position] = self.parent.pixels[done[sample.id]]
            else:
                pixels[position] = made[sample.id]
        stored = self.repository.objects.put(pixels_file(pixels))
        report = TransformReport(
            samples=len(validated.samples),
            transform=name,
            mean=float(pixels.mean()) if pixels.size else 0.0,
            deviation=float(pixels.std()) if pixels.size else 0.0,
            digest=digest_of(validated.report.digest, name, stored.md5),
        )
        self._hand_on(
            "transformed",
            Transformed(validated.report.digest, validated.samples, stored.md5, stored.size_bytes, report),
        )
        return report

    def split(self) -> SplitReport:
        """Stage 4. Raises :class:`BadInput` when a first version has too few samples with a label."""
        transformed = self._handed_on(Transformed, "transformed")
        self._refuse_stale(
            "transformed", transformed.made_from, self._handed_on(Validated, "validated").report
        )
        division = self._divide(transformed.samples)
        kept = [index for index, one in enumerate(transformed.samples) if one.id in division.places]
        pixels = StoredObject(transformed.pixels_md5, transformed.pixels_size_bytes)
        if len(kept) < len(transformed.samples):
            objects = self.repository.objects
            pixels = objects.put(pixels_file(load_pixels(objects, pixels.md5)[kept]))
        rows = []
        for sample in (transformed.samples[index] for index in kept):
            place = division.places[sample.id]
            row = SampleRow(
                sample.id,
                place.split,
                place.label,
                sample.md5,
                sample.size_bytes,
                sample.file,
                sample.metadata,
            )
            self.repository.objects.link(row.md5, self.repository.samples / row.file_name)
            rows.append(row)
        report = SplitReport(
            counts={split: sum(row.split is split for row in rows) for split in Split},
            balance={split: _balance(rows, split, self.spec) for split in (Split.TRAIN, Split.TEST)},
            newly_labelled=division.newly_labelled,
            corrected=division.corrected,
            held_back=len(division.held_back),
            split_rule=str(division.rule),
            digest=digest_of(transformed.report.digest, division.rule, *rows),
            like_test=len(division.like_test),
        )
        self._hand_on(
            "split",
            Divided(
                transformed.report.digest, tuple(rows), pixels.md5, pixels.size_bytes, division.rule, report
            ),
        )
        return report

    def divided(self) -> Divided:
        """What the split left. Raises :class:`Conflict` when it has not run."""
        return self._handed_on(Divided, "split")

    def write_tree(self) -> StoredObject:
        """Write the tree and its ``.dvc`` file. Raises :class:`Conflict` when the stages do not fit."""
        divided, objects = self.divided(), self.repository.objects
        collected = self._handed_on(Collected, "collected")
        validated = self._handed_on(Validated, "validated")
        transformed = self._handed_on(Transformed, "transformed")
        self._refuse_stale("validated", validated.made_from, collected.report)
        self._refuse_stale("transformed", transformed.made_from, validated.report)
        self._refuse_stale("split", divided.made_from, transformed.report)
        document = VersionDocument(
            dataset=self.spec.name,
            version=self.version,
            parent=self.parent_version,
            classes=self.spec.classes,
            image_size_px=self.spec.image_size_px,
            rule=divided.rule,
            collected=collected.report,
            validated=validated.report,
            transformed=transformed.report,
            divided=divided.report,
        )
        files = {row.path: StoredObject(row.md5, row.size_bytes) for row in divided.samples}
        files[PIXELS_FILE] = StoredObject(divided.pixels_md5, divided.pixels_size_bytes)
        files[SAMPLES_FILE] = objects.put(samples_to_csv(divided.samples))
        files[VERSION_FILE] = objects.put(to_json(document))
        missing = [path for path, stored in files.items() if not objects.holds(stored)]
        if missing:
            raise DamagedObject(
                f"{len(missing)} files of {self.spec.name} {self.version} are missing from {objects.cache} "
                f"or cut short, such as {missing[0]}"
            )
        old = set(self.parent.files.values()) if self.parent is not None else set()
        objects.sync([stored.md5 for stored in files.values() if stored.md5 not in old])
        tree = objects.put_tree({path: stored.md5 for path, stored in files.items()})
        objects.sync([tree.md5])
        size_bytes = sum(stored.size_bytes for stored in files.values())
        self.repository.write_pointer(self.version, tree, size_bytes=size_bytes, files=len(files))
        return tree

    def _refuse_another_declaration(self) -> None:
        if self.parent is None:
            return
        before = self.parent.document
        for what, was, now in (
            ("classes", before.classes, self.spec.classes),
            ("image size", before.image_size_px, self.spec.image_size_px),
        ):
            has_more_classes = what == "classes" and now[: len(was)] == was
            if was != now and not has_more_classes:
                raise BadInput(
                    f"{what} of {self.spec.name} are declared as {now}; {self.parent_version} has {was}, and "
                    f"{self.version} must have the same; classes may be added at the end",
                    f"Declare {was} again; for other ones declare a data set of another name.",
                )

    def _kept(self) -> list[CollectedSample]:
        rows = self.parent.rows if self.parent is not None else []
        return [
            CollectedSample(row.id, row.md5, row.size_bytes, row.source, (), kept=True, metadata=row.metadata)
            for row in rows
        ]

    def _take_from(self, source: Source) -> Inventory:
        imports = self.repository.imports
        imports.mkdir(exist_ok=True)
        journal = self.repository.root / f".source-{source.name}.jsonl"
        wanted = files_of(is_text=self.spec.kind.is_text)
        found = take_from(source, imports, self.repository.objects, journal, wanted=wanted)
        return spread(found, self.repository.objects) if self.spec.kind.is_text else found

    def _complaint_about_labels(self, sample: CollectedSample) -> Quarantined | None:
        place = str(self.repository.source / LABELS_FILE)
        if (first := sample.file.partition("/")[0]) in {source.name for source in self.spec.sources}:
            place = f"source {first}"
        if len(sample.labels) > 1:
            return Quarantined(
                sample.file,
                f"its content has several labels: {', '.join(sample.labels)}",
                f"Leave one of them in {place}.",
            )
        for label in sample.labels:
            if (wrong := flaw(self.spec.kind, label, self.spec.classes)) is not None:
                classes = ", ".join(self.spec.classes)
                told = f"its label {label!r} {wrong}; the classes are {classes}"
                if self.spec.kind.has_one_class:
                    told = f"its label {label!r} is none of the classes: {classes}"
                return Quarantined(sample.file, told, f"Mend its line in {place}.")
        return None

    def _in_one_form(self, label: str) -> str:
        try:
            return canonical(self.spec.kind, label)
        except ValueError:
            return label  # validating tells what is wrong with it

    def _divide(self, samples: Sequence[CollectedSample]) -> Division:
        wanted = {one.id: one.split for one in samples if one.split is not None}
        twins = [(pair.one, pair.other) for pair in self._near_duplicates(samples)]
        if self.parent is None:
            said = {one.id: Label(one.labels[0]) if one.labels else None for one in samples}
            return first_division(self.spec, said, twins, wanted)
        places = {row.id: Place(row.split, row.label) for row in self.parent.rows}
        arrivals = [one.id for one in samples]
        # What comes with a label was given to train with, so it is not held back for its hash.
        wanted |= {one.sample: Split.TRAIN.value for one in self.labels if one.sample not in places}
        document = self.parent.document
        first_classes = document.rule.first_classes or document.classes
        later_classes = [one for one in self.spec.classes if one not in first_classes]
        rule = replace(document.rule, first_classes=first_classes) if later_classes else document.rule
        return next_division(
            places, rule, arrivals, self.labels, twins, wanted, later_classes, self.spec.kind
        )

    def _near_duplicates(self, samples: Sequence[CollectedSample]) -> list[NearDuplicate]:
        wanted = {one.id: one.md5 for one in samples}
        kept = frozenset(one.md5 for one in samples if one.kept)
        looks, _ = self._compared(wanted, kept)
        return looks.among(wanted)

    def _compared(
        self, samples: Mapping[SampleId, str], kept: frozenset[str]
    ) -> tuple[Looks | Wordings, dict[SampleId, UnreadableSample]]:
        if self.spec.kind.is_text:
            return WordingFile(self.repository.root).take_in(samples, reader(self.repository, kept))
        return look_at_samples(self.repository, samples, kept)

    def _said_before(
        self, wordings: Wordings, samples: Sequence[CollectedSample]
    ) -> dict[SampleId, Quarantined]:
        """Texts that came by themselves and say what another one says: nobody is asked the same twice."""
        labelled = {one.sample for one in self.labels}
        came = {one.sample for one in self.arrivals} - labelled - {one.id for one in samples if one.kept}
        files = {one.id: one.file for one in samples}
        first_kept = sorted(samples, key=lambda one: (one.id in came, one.id))
        return {
            one: Quarantined(
                files[one],
                f"it says the same as {files[first]}, but for blanks, case and forms of Unicode",
                "Nothing: people are asked about one of them.",
            )
            for first, *others in wordings.groups(one.id for one in first_kept)
            for one in others
            if one in came
        }

    def _hand_on(self, stage: str, document: object) -> None:
        write_atomically(_staged(self.repository, self.version, stage), to_json(document))

    def _handed_on(self, kind: type[T], stage: str) -> T:
        return read_staged(self.repository, self.version, kind, stage)

    def _refuse_stale(
        self, stage: str, made_from: str, before: CollectReport | ValidateReport | TransformReport
    ) -> None:
        if made_from != before.digest:
            raise Conflict(
                f"{self.spec.name} {self.version} was {stage} before the stage ahead of it was run again, "
                "with another outcome",
                f"Materialize {self.spec.name}/{stage} for partition {self.version} again, and the rest.",
            )


def look_at_samples(
    repository: DatasetRepository, samples: Mapping[SampleId, str], kept: frozenset[str] = frozenset()
) -> tuple[Looks, dict[SampleId, UnreadableSample]]:
    """What ``samples`` (id to object name) look like, and those that cannot be decoded.

    Raises what :func:`reader` says. Only who holds the data set's lock may call this.
    """
    return Album(repository.root).take_in(samples, reader(repository, kept))


def reader(repository: DatasetRepository, kept: frozenset[str] = frozenset()) -> Callable[[str], bytes]:
    """Reads objects by their names.

    Raises :class:`DamagedObject`, but UnreadableSample for the objects in ``kept``: what is wrong with the
    parent is told by a check.
    """

    def read(md5: str) -> bytes:
        try:
            return repository.objects.read(md5)
        except DamagedObject as damage:
            if md5 not in kept:
                # Collecting trusts what has the right size; what is not there it reads from its source again.
                repository.objects.set_aside(md5)
                raise
            raise UnreadableSample(damage.problem) from damage

    return read


def read_staged(repository: DatasetRepository, version: VersionKey, kind: type[T], stage: str) -> T:
    """What a stage handed on. Raises :class:`Conflict` when it has not run."""
    try:
        return from_json(kind, _staged(repository, version, stage).read_bytes())
    except FileNotFoundError:
        raise Conflict(
            f"{repository.dataset} {version} is not {stage} yet",
            f"Materialize {repository.dataset}/{stage} for partition {version} first.",
        ) from None


def _staged(repository: DatasetRepository, version: VersionKey, stage: str) -> Path:
    return repository.staging(version) / f"{stage}.json"


def _labels_of_nothing(
    labels: dict[str, str], inventory: Inventory, kept: Sequence[CollectedSample]
) -> list[Quarantined]:
    there = {file.name for file in inventory.files} | {stray.file for stray in inventory.strays}
    there |= {sample.file for sample in kept}
    return [
        Quarantined(
            name,
            f"{LABELS_FILE} names it, but it is not in the folder",
            f"Add the file, or remove its line from {LABELS_FILE}.",
        )
        for name in labels
        if name not in there
    ]


def _balance(rows: Sequence[SampleRow], split: Split, spec: DatasetSpec) -> dict[Label, int]:
    labels = [row.label for row in rows if row.split is split and row.label is not None]
    counted = Counter(one for label in labels for one in classes_in(spec.kind, label))
    return {label: counted[label] for label in spec.classes}
