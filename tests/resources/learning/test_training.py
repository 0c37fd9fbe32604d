import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from resources.continual import MethodName
from resources.errors import BadInput, Unavailable
from resources.learning.continual.buffer import buffer_of
from resources.learning.continual.lesson import Lesson
from resources.learning.evaluation import evaluate
from resources.learning.model import EpochPoint, Progress, TrainedWeights
from resources.learning.network import from_bytes
from resources.learning.training import train
from resources.terms import Label
from tests.resources.learning.examples import CLASSES, CONTINUAL, QUICK, bars, going_on

IMAGES, LABELS = bars(24)


def test_a_training_learns_what_the_images_show() -> None:
    seen: list[EpochPoint] = []
    settings = replace(QUICK, epochs=20)
    done = train(IMAGES, LABELS, CLASSES, settings, seed=0, progress=seen.append)
    assert tuple(seen) == done.curve
    assert [point.epoch for point in seen] == list(range(1, 21))
    assert seen[-1].loss < seen[0].loss
    assert evaluate(done.weights, *bars(40, seed=1), CLASSES).accuracy > 0.9


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(two_threads: None) -> None:
    one, same, other = (train(IMAGES, LABELS, CLASSES, QUICK, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one.weights != other.weights


def test_a_training_leaves_the_random_numbers_and_threads_of_others_alone(two_threads: None) -> None:
    import torch

    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    train(IMAGES, LABELS, CLASSES, QUICK, seed=0, threads=1)
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.get_num_threads() == 2


def test_an_incremental_training_goes_on_from_earlier_weights() -> None:
    base = train(IMAGES, LABELS, CLASSES, QUICK, seed=0)
    more = train(*bars(30), CLASSES, QUICK, seed=0, start=base.weights)
    assert len(more.curve) == QUICK.incremental_epochs
    assert more.curve[0].loss < base.curve[0].loss


def test_a_training_with_more_classes_grows_the_head_and_learns_them() -> None:
    base = train(IMAGES, LABELS, CLASSES, QUICK, seed=0)
    wider = (*CLASSES, Label("nothing"))
    images, labels = np.concatenate([IMAGES, IMAGES[:12] // 4]), np.concatenate([LABELS, np.full(12, 2)])
    settings = replace(QUICK, incremental_epochs=20)
    more = train(images, labels, wider, settings, seed=0, start=base.weights)
    assert evaluate(more.weights, images, labels, wider).accuracy > 0.9
    assert evaluate(base.weights, images, labels, wider).recalls[wider[2]] == 0
    assert from_bytes(more.weights).head.sizes == (2, 1)


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5, 6])
def test_a_stopped_training_resumes_to_the_same_bits(tmp_path: Path, stop_after: int) -> None:
    class Stopped(Exception):
        pass

    def stop(point: EpochPoint) -> None:
        if point.epoch == stop_after:
            raise Stopped

    checkpoint = tmp_path / "checkpoint.pt"
    whole = train(IMAGES, LABELS, CLASSES, QUICK, seed=0)
    with pytest.raises(Stopped):
        train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=checkpoint, progress=stop)
    resumed = train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=checkpoint)
    assert resumed.resumed_from_epoch == stop_after // 2 * 2
    assert (resumed.weights, resumed.curve) == (whole.weights, whole.curve)


def test_a_training_under_kill_9_resumes_to_the_same_bits(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from resources.learning.training import train\n"
        "from tests.resources.learning.examples import CLASSES, QUICK, bars\n"
        "def stop(point):\n"
        "    if point.epoch == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "train(*bars(24), CLASSES, QUICK, seed=0, checkpoint=Path(sys.argv[1]), progress=stop)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(checkpoint)], env=os.environ, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    resumed = train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=checkpoint)
    assert resumed.resumed_from_epoch == 4
    assert resumed.weights == train(IMAGES, LABELS, CLASSES, QUICK, seed=0).weights


@pytest.fixture(scope="module")
def champion() -> TrainedWeights:
    """Trained on the first 24 of 36 bars, with a buffer of them."""
    known = np.ones(24, dtype=np.bool_)
    first = Lesson(CONTINUAL, going_on().ids[:24], known, takes_all=True)
    images, labels = bars(36)
    return train(images[:24], labels[:24], CLASSES, QUICK, seed=0, lesson=first)


def test_a_base_model_with_a_lesson_has_the_same_weights_and_a_memory(champion: TrainedWeights) -> None:
    images, labels = bars(36)
    assert champion.weights == train(images[:24], labels[:24], CLASSES, QUICK, seed=0).weights
    kept = buffer_of(champion.memory)
    assert kept is not None
    assert kept.kept is not None
    assert (len(kept), kept.seen, set(kept.kept.tasks.tolist())) == (12, 24, {0})


@pytest.mark.parametrize("name", list(MethodName))
def test_going_on_by_each_method_is_made_of_the_new_images_and_resumes_to_the_same_bits(
    tmp_path: Path, champion: TrainedWeights, name: MethodName
) -> None:
    class Stopped(Exception):
        pass

    def stop(point: EpochPoint) -> None:
        if point.epoch == 3:
            raise Stopped

    checkpoint = tmp_path / "checkpoint.pt"
    lesson = going_on(replace(CONTINUAL, method=name), champion.memory)

    def trained(progress: Progress | None = None, at: Path | None = None) -> TrainedWeights:
        start = champion.weights
        return train(
            *bars(36), CLASSES, QUICK, seed=0, start=start, lesson=lesson, checkpoint=at, progress=progress
        )

    whole = trained()
    with pytest.raises(Stopped):
        trained(stop, checkpoint)
    resumed = trained(at=checkpoint)
    assert resumed.resumed_from_epoch == 2
    assert (resumed.weights, resumed.curve, resumed.memory) == (whole.weights, whole.curve, whole.memory)
    images, labels = bars(36)
    only_new = train(images[24:], labels[24:], CLASSES, QUICK, seed=0, start=champion.weights)
    assert (whole.weights == only_new.weights) is (name in (MethodName.NAIVE, MethodName.JOINT))


def test_joint_training_that_goes_on_has_the_weights_of_plain_training(champion: TrainedWeights) -> None:
    lesson = replace(going_on(), takes_all=True, memory=champion.memory)
    joint = train(*bars(36), CLASSES, QUICK, seed=0, start=champion.weights, lesson=lesson)
    plain = train(*bars(36), CLASSES, QUICK, seed=0, start=champion.weights)
    assert (joint.weights, joint.curve) == (plain.weights, plain.curve)
    kept = buffer_of(joint.memory)
    assert kept is not None
    assert kept.kept is not None
    assert set(kept.kept.tasks.tolist()) == {0, 1}, "a later version goes on by replay"


def test_a_training_with_a_buffer_under_kill_9_resumes_to_the_same_losses(
    tmp_path: Path, champion: TrainedWeights
) -> None:
    checkpoint, weights, memory = (tmp_path / name for name in ("checkpoint.pt", "weights", "memory"))
    weights.write_bytes(champion.weights)
    memory.write_bytes(champion.memory or b"")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from resources.learning.training import train\n"
        "from tests.resources.learning.examples import CLASSES, QUICK, bars, going_on\n"
        "checkpoint, weights, memory = map(Path, sys.argv[1:])\n"
        "def stop(point):\n"
        "    if point.epoch == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "lesson = going_on(memory=memory.read_bytes())\n"
        "train(*bars(36), CLASSES, QUICK, seed=0, start=weights.read_bytes(), lesson=lesson,"
        " checkpoint=checkpoint, progress=stop)\n"
    )
    given = [sys.executable, "-c", program, str(checkpoint), str(weights), str(memory)]
    killed = subprocess.run(given, env=os.environ, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    lesson, start = going_on(memory=champion.memory), champion.weights
    resumed = train(*bars(36), CLASSES, QUICK, seed=0, start=start, lesson=lesson, checkpoint=checkpoint)
    whole = train(*bars(36), CLASSES, QUICK, seed=0, start=start, lesson=lesson)
    assert resumed.resumed_from_epoch == 2
    assert [point.loss for point in resumed.curve] == [point.loss for point in whole.curve]
    assert (resumed.weights, resumed.memory) == (whole.weights, whole.memory)


def test_a_checkpoint_of_another_buffer_is_not_taken_up(tmp_path: Path, champion: TrainedWeights) -> None:
    checkpoint, start = tmp_path / "checkpoint.pt", champion.weights

    def trained(memory: bytes | None) -> TrainedWeights:
        lesson = going_on(memory=memory)
        return train(*bars(36), CLASSES, QUICK, seed=0, start=start, lesson=lesson, checkpoint=checkpoint)

    assert trained(champion.memory).resumed_from_epoch == 0
    assert trained(None).resumed_from_epoch == 0
    assert trained(None).resumed_from_epoch == QUICK.incremental_epochs


def test_a_lesson_of_other_images_is_refused() -> None:
    with pytest.raises(BadInput, match="the lesson is of 36 images; 24 are given"):
        train(IMAGES, LABELS, CLASSES, QUICK, seed=0, lesson=going_on())


@pytest.mark.parametrize("change", ["seed", "labels", "settings", "start", "damage", "layout"])
def test_a_checkpoint_of_another_training_is_not_taken_up(tmp_path: Path, change: str) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    base = train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=checkpoint).weights
    labels = LABELS[::-1].copy() if change == "labels" else LABELS
    settings = replace(QUICK, learning_rate=0.01) if change == "settings" else QUICK
    start = base if change == "start" else None
    if change == "damage":
        checkpoint.write_bytes(checkpoint.read_bytes()[:-200])
    if change == "layout":
        _rename_a_layer(checkpoint)
    given = (IMAGES, labels, CLASSES, settings)
    done = train(*given, seed=int(change == "seed"), start=start, checkpoint=checkpoint)
    assert done.resumed_from_epoch == 0
    assert done.weights == train(*given, seed=int(change == "seed"), start=start).weights


def _rename_a_layer(checkpoint: Path) -> None:
    """What a checkpoint of an earlier version of the network looks like to a later one."""
    import torch

    content = torch.load(checkpoint, weights_only=True)
    name = next(reversed(content["network"]))
    content["network"]["was_called_otherwise"] = content["network"].pop(name)
    torch.save(content, checkpoint)


def test_how_often_it_is_saved_does_not_make_a_training_another_one(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    first = train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=checkpoint)
    rarely = replace(QUICK, checkpoint_every_epochs=50)
    again = train(IMAGES, LABELS, CLASSES, rarely, seed=0, checkpoint=checkpoint)
    assert again.resumed_from_epoch == QUICK.epochs
    assert again.weights == first.weights


@pytest.mark.needs("root")
def test_a_checkpoint_on_a_full_disk_says_so_and_the_training_goes_on_once_there_is_room(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "trainplat-test", str(disk)], check=True)
    try:
        with pytest.raises(Unavailable, match="is full"):
            train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=disk / "checkpoint.pt")
        assert list(disk.iterdir()) == []
        subprocess.run(["mount", "-o", "remount,size=1m", str(disk)], check=True)
        done = train(IMAGES, LABELS, CLASSES, QUICK, seed=0, checkpoint=disk / "checkpoint.pt")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
    assert len(done.curve) == QUICK.epochs


@pytest.mark.parametrize(
    ("images", "labels", "named"),
    [
        (IMAGES.astype(np.float32), LABELS, "array of float32"),
        (IMAGES[0], LABELS, r"shape \(6, 6\)"),
        (IMAGES[:0], LABELS[:0], "0 samples came with 0 labels"),
        (IMAGES, LABELS[:5], "24 samples came with 5 labels"),
        (IMAGES, LABELS + 1, r"the labels \[2\] are outside the 2 classes"),
    ],
)
def test_images_and_labels_that_do_not_fit_are_refused(
    images: NDArray[Any], labels: NDArray[Any], named: str
) -> None:
    with pytest.raises(BadInput, match=named):
        train(images, labels, CLASSES, QUICK, seed=0)


def test_weights_of_other_classes_or_image_sizes_are_refused() -> None:
    base = train(IMAGES, LABELS, CLASSES, replace(QUICK, epochs=1), seed=0).weights
    with pytest.raises(BadInput, match="knows the classes top, left; the data set has left, top"):
        train(IMAGES, LABELS, CLASSES[::-1], QUICK, seed=0, start=base)
    with pytest.raises(BadInput, match="images of 6 x 6 pixels"):
        train(np.zeros((2, 5, 6), np.uint8), LABELS[:2], CLASSES, QUICK, seed=0, start=base)
    with pytest.raises(BadInput, match="7 bytes are not the weights of a model"):
        train(IMAGES, LABELS, CLASSES, QUICK, seed=0, start=b"nothing")
