"""Numbers in a request: how many devices, which share, how much memory. Nothing is rounded or clamped."""

import re
from dataclasses import dataclass

from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.model import WHOLE_MILLI
from resources.gpu.requests.scanner import Scanner
from resources.texts import filled, mark

MOST_DEVICES = 10_000
"""A count above this is a slip of the finger, not a request."""
MOST_MEMORY_MIB = 16 * 1024 * 1024
"""The same for the memory of one device."""
NUMBER = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
SHARE = re.compile(r"0\.[0-9]{1,3}")
UNITS_MIB = {
    unit: mib
    for mib, units in ((1, "m mb mi mib"), (1024, "g gb gi gib"), (1024 * 1024, "t tb ti tib"))
    for unit in units.split()
}
"""What one of a unit of memory is worth. All of them are binary: 8G and 8GB are 8 GiB, as for the drivers."""
_MOST_DECIMALS = 3
_MOST_DIGITS = 20
"""Of a number; Python itself refuses to read numbers of thousands of digits."""


@dataclass(frozen=True)
class Quantity:
    """So many whole devices, or a share of one."""

    count: int
    milli: int = WHOLE_MILLI


def quantity(scanner: Scanner, number: re.Match[str]) -> Quantity:
    """The devices that ``number``, which was just read, asks for: a whole number, or a share of one device.

    Raises BadGpuRequest for one with more than three decimals, above one and not whole, too high, or zero
    with decimals: whoever wrote ``0.0`` may have meant a small share.
    """
    milli = thousandths(scanner, number)
    count, share = divmod(milli, WHOLE_MILLI)
    if count > MOST_DEVICES:
        raise _too_high(scanner, number)
    if milli == 0 and number[2] is not None:
        raise scanner.refuse(
            mark("a share above 0, or 0 without decimals"),
            at=number.start(),
            reason=mark("a share of nothing"),
            next_step=mark("Write 0 for no device, or a share such as 0.25."),
        )
    if count and share:
        raise scanner.refuse(
            mark("a whole number of devices, or a share below 1"),
            at=number.start(2) - 1,
            reason=mark("a share of more than one device"),
            next_step=filled(
                mark("Ask for whole devices, such as {count}, or for a share of one, such as 0.5."),
                count=count + 1,
            ),
        )
    return Quantity(1, share) if share else Quantity(count)


def thousandths(scanner: Scanner, number: re.Match[str]) -> int:
    """The number in thousandths. Raises BadGpuRequest for one with more decimals, or with too many digits."""
    whole, decimals = number[1], (number[2] or "").rstrip("0")
    if len(decimals) > _MOST_DECIMALS:
        raise scanner.refuse(
            filled(mark("at most {count} decimals"), count=_MOST_DECIMALS),
            at=number.start(2) + _MOST_DECIMALS,
            reason=mark("finer than a thousandth"),
        )
    if len(whole) > _MOST_DIGITS:
        raise _too_high(scanner, number)
    return int(whole) * WHOLE_MILLI + int(decimals.ljust(_MOST_DECIMALS, "0"))


def memory_mib(scanner: Scanner, number: re.Match[str], unit: str) -> int:
    """The MiB that ``number`` of ``unit`` are. Raises BadGpuRequest where that is not a whole number of them,
    none, or more than a device has.
    """
    milli_mib = thousandths(scanner, number) * UNITS_MIB[unit.lower()]
    if milli_mib % WHOLE_MILLI:
        raise scanner.refuse(
            mark("a whole number of MiB"), at=number.start(), reason=mark("memory finer than a MiB")
        )
    mib = milli_mib // WHOLE_MILLI
    if not 1 <= mib <= MOST_MEMORY_MIB:
        raise scanner.refuse(
            filled(mark("from 1 to {mib} MiB"), mib=MOST_MEMORY_MIB),
            at=number.start(),
            reason=mark("no memory that a device has"),
        )
    return mib


def _too_high(scanner: Scanner, number: re.Match[str]) -> BadGpuRequest:
    expected = filled(mark("at most {count} devices"), count=MOST_DEVICES)
    return scanner.refuse(expected, at=number.start(), reason=mark("more devices than anybody has"))
