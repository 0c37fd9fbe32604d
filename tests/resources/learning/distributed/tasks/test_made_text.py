"""Texts that are made here: what is held out of them is never among what is trained on."""

import pytest
import torch

from resources.learning.distributed.tasks.made_text import NOTES, TEXTS, labelled
from resources.learning.distributed.tasks.sentences import Sentences
from resources.learning.distributed.tasks.sentences import Settings as OfSentences
from resources.learning.distributed.tasks.text import Settings, Text


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("characters", [40_000, 400_000])
def test_no_line_that_is_held_out_was_trained_on(name: str, characters: int) -> None:
    task = Text(Settings(text=name, characters=characters))
    trained, held_out = (bytes(part.numpy()).decode().splitlines() for part in (task._train, task._test))
    assert len("\n".join([*trained, *held_out])) >= characters - 2
    assert len(held_out[1:-1]) >= 15
    assert not set(trained) & set(held_out[1:-1])


def test_notes_are_all_different_and_of_classes_of_about_the_same_size() -> None:
    assert len({text for _, text in labelled(NOTES)}) == NOTES
    labels = [label for label, _ in labelled(2000)]
    assert all(600 < labels.count(label) < 740 for label in set(labels))
    assert len(set(labels)) == 3


@pytest.mark.parametrize("longest", [20, 96])
def test_no_text_that_is_held_out_is_read_like_one_that_was_trained_on(longest: int) -> None:
    task = Sentences(OfSentences(longest=longest))
    trained, held_out = ({bytes(one) for one in part["seen"].numpy()} for part in (task._train, task._test))
    assert not trained & held_out
    share = len(task._test["seen"]) / (task.count + len(task._test["seen"]))
    assert 0.1 < share < 0.3
    assert set(task._test["labels"].tolist()) == {0, 1, 2}
    assert torch.equal(task._test["seen"][0], task.read(labelled(1)[0][1]))
