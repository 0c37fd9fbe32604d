"""Which samples a buffer keeps: a reservoir, or representatives of each class and task. Pure functions."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from resources.continual import ContinualSettings, Fill
from resources.learning.continual.buffer import Buffer, Covered, Remembered, inputs_of

TRIES = 2
"""How often centres are sought; the best ones count."""


def fill(
    buffer: Buffer,
    offered: Remembered,
    settings: ContinualSettings,
    seed: int,
    covered: Covered = inputs_of,
) -> Buffer:
    """The buffer after ``offered`` came by. Deterministic: the same arguments keep the same samples."""
    if settings.fill is Fill.RESERVOIR:
        return reservoir(buffer, offered, seed)
    return representatives(buffer, offered, settings.unsure_share, covered)


def reservoir(buffer: Buffer, offered: Remembered, seed: int) -> Buffer:
    """Each sample ever offered is kept with the same probability.

    Algorithm R: Vitter, "Random sampling with a reservoir", ACM Trans. Math. Softw. 11 (1985). ``seed`` must
    differ from call to call.
    """
    random = np.random.default_rng([seed, buffer.seen])
    held = len(buffer)
    places = list(range(held))
    seen = buffer.seen
    for row in range(len(offered)):
        if len(places) < buffer.capacity:
            places.append(held + row)
        elif (place := int(random.integers(seen + 1))) < buffer.capacity:
            places[place] = held + row
        seen += 1
    return Buffer(buffer.capacity, seen, _all(buffer, offered).take(np.array(places, dtype=np.int64)))


def representatives(
    buffer: Buffer, offered: Remembered, unsure_share: float = 1.0, covered: Covered = inputs_of
) -> Buffer:
    """As many of each class and task as there is room for, those nearest to the centres of their groups.

    Of what is offered, only the share that the model is least sure of is chosen from, if that fills the room.
    Groups with fewer samples than their share leave the rest to the others. What was dropped earlier does not
    come back: an old group's representatives are chosen among those that were kept.
    """
    everything = _all(buffer, offered)
    points = covered(everything)
    # A sample of many places is one of the last class that is marked in it.
    labels = everything.labels if everything.labels.ndim == 1 else everything.labels.max(axis=1)
    groups = sorted({(int(t), int(k)) for t, k in zip(everything.tasks, labels, strict=True)})
    rows = [np.flatnonzero((everything.tasks == t) & (labels == k)) for t, k in groups]
    shares = shares_of([len(group) for group in rows], buffer.capacity)
    chosen = []
    for group, share in zip(rows, shares, strict=True):
        old, new = group[group < len(buffer)], group[group >= len(buffer)]
        unsure = least_sure(everything.logits[new], max(share - len(old), math.ceil(unsure_share * len(new))))
        candidates = np.concatenate([old, new[unsure]])
        chosen.append(candidates[nearest_to_centres(points[candidates], share)])
    kept = everything.take(np.concatenate([*chosen, np.zeros(0, dtype=np.int64)]))
    return Buffer(buffer.capacity, buffer.seen + len(offered), kept)


def bounded(buffer: Buffer, settings: ContinualSettings, seed: int, covered: Covered = inputs_of) -> Buffer:
    """The buffer with the bound that ``settings`` give: what is too much for it goes."""
    if buffer.kept is None or len(buffer) <= settings.buffer_size:
        return replace(buffer, capacity=settings.buffer_size)
    less = fill(Buffer.empty(settings.buffer_size), buffer.kept, settings, seed, covered)
    return replace(less, seen=buffer.seen)


def least_sure(logits: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The ``count`` rows, in their order, whose two likeliest classes are nearest to each other."""
    if logits.ndim == 3:  # as unsure as at the place it is least sure of
        top = np.sort(np.where(np.isnan(logits), -np.inf, logits), axis=2)
        apart = np.subtract(
            top[..., -1], top[..., -2], where=np.isfinite(top[..., -2]), out=np.full(top.shape[:2], np.inf)
        )
        return np.sort(np.argsort(apart.min(axis=1), kind="stable")[:count]).astype(np.int64)
    top = np.sort(logits, axis=1)
    margins = top[:, -1] - top[:, -2] if logits.shape[1] > 1 else np.zeros(len(logits))
    return np.sort(np.argsort(margins, kind="stable")[:count]).astype(np.int64)


def shares_of(sizes: Sequence[int], room: int) -> list[int]:
    """How many of each group fit, as even as can be; the latest groups get what cannot be split evenly."""
    shares = [0] * len(sizes)
    while room > 0:
        hungry = [place for place, size in enumerate(sizes) if shares[place] < size]
        if not hungry:
            break
        if room < len(hungry):
            hungry = hungry[-room:]
        portion = max(1, room // len(hungry))
        for place in hungry:
            given = min(portion, sizes[place] - shares[place])
            shares[place] += given
            room -= given
    return shares


def nearest_to_centres(inputs: NDArray[np.generic], count: int) -> NDArray[np.int64]:
    """``count`` different rows, each nearest to one centre of k-means, which is drawn from a fixed seed."""
    points = np.asarray(inputs, dtype=np.float64).reshape(len(inputs), -1)
    if count >= len(points):
        return np.arange(len(points), dtype=np.int64)
    if count <= 0:
        return np.zeros(0, dtype=np.int64)
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    different = len(np.unique(points, axis=0))  # there cannot be more centres
    with threadpool_limits(1):  # several threads add up in any order, and the last bits differ
        centres = KMeans(min(count, different), n_init=TRIES, random_state=0).fit(points).cluster_centers_
    distances = np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    rows = np.zeros(count, dtype=np.int64)
    for place in range(count):
        rows[place] = distances[:, place % len(centres)].argmin()
        distances[rows[place]] = np.inf
    return rows


def _all(buffer: Buffer, offered: Remembered) -> Remembered:
    return offered if buffer.kept is None else buffer.kept.join(offered)
