"""Request strings: what a run writes to ask for devices."""

import re

from resources.errors import BadInput
from resources.gpu.inventory.model import Device
from resources.gpu.model import GpuRequest

MOST_DEVICES = 10_000
"""A count above this is a slip of the finger, not a request."""

_FULL_WIDTH = str.maketrans({"（": "(", "）": ")", "\u3000": " "})
_COUNT = re.compile(r"[0-9]+")
_MOST_DIGITS = 20
"""Of a count; Python itself refuses to read numbers of thousands of digits."""
_MODEL = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class BadGpuRequest(BadInput):
    """A request string that says nothing we can give. ``position`` counts from 1."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        super().__init__(
            f"GPU request {text!r}: at position {position} expected {expected}",
            "Write a whole number of devices, such as 1, or with a model, such as 2(V100); 0 asks for none.",
        )
        self.text = text
        self.position = position
        self.expected = expected


class ImpossibleGpuRequest(BadInput):
    """A request that this machine can never satisfy."""


def parse_request(text: str) -> GpuRequest:
    """``2`` or ``2(V100)``: a whole number of devices, and optionally which model.

    Blanks around the parts and full-width parentheses are allowed. Raises :class:`BadGpuRequest`, which
    names the position, for anything else; nothing is rounded or clamped.
    """
    plain = text.translate(_FULL_WIDTH)
    at = _skip_blanks(plain, 0)
    count = _COUNT.match(plain, at)
    if count is None:
        raise BadGpuRequest(text, at + 1, "a whole number of devices")
    if len(count[0]) > _MOST_DIGITS or int(count[0]) > MOST_DEVICES:
        raise BadGpuRequest(text, at + 1, f"at most {MOST_DEVICES} devices")
    at = _skip_blanks(plain, count.end())
    if at == len(plain):
        return GpuRequest(text, int(count[0]))
    if plain[at] != "(":
        raise BadGpuRequest(text, at + 1, "'(' and a model, or the end")
    at = _skip_blanks(plain, at + 1)
    model = _MODEL.match(plain, at)
    if model is None:
        raise BadGpuRequest(text, at + 1, "a model, such as V100")
    at = _skip_blanks(plain, model.end())
    if at == len(plain) or plain[at] != ")":
        raise BadGpuRequest(text, at + 1, "')'")
    at = _skip_blanks(plain, at + 1)
    if at != len(plain):
        raise BadGpuRequest(text, at + 1, "the end")
    return GpuRequest(text, int(count[0]), model[0].upper())


def largest(requests: list[GpuRequest]) -> GpuRequest | None:
    """The request that covers a run whose steps ask for these: the one with the highest count."""
    return max(requests, key=lambda request: (request.count, request.model or ""), default=None)


def refuse_impossible(request: GpuRequest, devices: tuple[Device, ...]) -> None:
    """Raise :class:`ImpossibleGpuRequest` where ``devices``, were all of them free, would not do."""
    matching = [device for device in devices if request.matches(device)]
    if request.count <= len(matching):
        return
    here = ", ".join(f"{device.id} ({device.model or 'CPU slot'})" for device in devices) or "no device"
    if request.model is not None and not matching:
        raise ImpossibleGpuRequest(
            f"GPU request {request.text!r} names the model {request.model}, which this machine does not "
            f"have; it has {here}",
            f"Ask without a model, such as {min(request.count, len(devices))}.",
        )
    kind = f" of model {request.model}" if request.model else ""
    raise ImpossibleGpuRequest(
        f"GPU request {request.text!r} asks for {request.count} devices{kind}; this machine has "
        f"{len(matching)}: {here}",
        f"Ask for at most {len(matching)}"
        + (", or declare more CPU slots with TRAINPLAT_CPU_SLOTS." if devices[0].is_cpu_slot else "."),
    )


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] == " ":
        at += 1
    return at
