from dataclasses import dataclass
from enum import StrEnum

import pytest

from resources.gpu.enforcement.isolation import Level, isolation
from resources.gpu.enforcement.sharing import ComputeMode, Sharing
from resources.gpu.inventory.model import DeviceId


class Mode(StrEnum):
    WHOLE = "whole"
    FRACTION = "fraction"
    SHARED = "shared"


@dataclass(frozen=True)
class Card:
    id: DeviceId


@dataclass(frozen=True)
class Asked:
    mode: Mode = Mode.FRACTION
    milli: int = 250
    memory_mib: int | None = 8192


CARD, INSTANCE = Card(DeviceId("cuda:0")), Card(DeviceId("cuda:0:1"))
V100 = Sharing(CARD.id, (7, 0), ComputeMode.DEFAULT)
P100 = Sharing(CARD.id, (6, 0), ComputeMode.DEFAULT)
CLOSED = Sharing(CARD.id, (7, 0), ComputeMode.PROHIBITED)


@pytest.mark.parametrize(
    ("device", "asked", "sharing", "has_mps", "rule", "level"),
    [
        (CARD, Asked(Mode.WHOLE, 1000, None), V100, True, "I1", Level.ALONE),
        (INSTANCE, Asked(Mode.WHOLE, 1000, None), None, False, "I2", Level.ISOLATED),
        (CARD, Asked(), V100, True, "I3", Level.LIMITED),
        (CARD, Asked(memory_mib=None), V100, True, "I4", Level.COOPERATIVE),
        (CARD, Asked(), V100, False, "I5", Level.COOPERATIVE),
        (CARD, Asked(), P100, True, "I6", Level.COOPERATIVE),
        (CARD, Asked(), CLOSED, True, "I6", Level.COOPERATIVE),
        (CARD, Asked(), None, True, "I6", Level.COOPERATIVE),
        (INSTANCE, Asked(), V100, True, "I6", Level.COOPERATIVE),
        (Card(DeviceId("cpu:0")), Asked(), None, True, "I6", Level.COOPERATIVE),
        (CARD, Asked(Mode.SHARED, 1000, None), V100, True, "I7", Level.COOPERATIVE),
    ],
)
def test_what_keeps_a_run_apart_follows_from_device_request_and_driver(
    device: Card, asked: Asked, sharing: Sharing | None, has_mps: bool, rule: str, level: Level
) -> None:
    found = isolation(device, asked, sharing, has_mps=has_mps)
    assert (found.reason.rule, found.level) == (rule, level)
    assert device.id in found.reason.text


def test_the_sentence_names_the_limits() -> None:
    assert isolation(CARD, Asked(), V100, has_mps=True).reason.text == (
        "MPS limits each process to 8192 MiB and to 25 % of the multiprocessors of cuda:0; "
        "a fault of a neighbour may still end the run."
    )
