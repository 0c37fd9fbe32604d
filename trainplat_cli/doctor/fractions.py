"""Checks of how far fractions of GPUs are kept apart."""

import os
from collections.abc import Iterator

from resources.errors import TrainplatError
from resources.home import Home
from trainplat_cli.doctor.model import Finding, Verdict, ill, well
from trainplat_cli.texts import _


def fractions(home: Home) -> Iterator[Finding]:
    """Where there are NVIDIA GPUs: whether fractions of them are limited, or cooperative."""
    from resources.gpu.enforcement.mps import PROGRAM, Mps, program
    from resources.gpu.enforcement.sharing import can_be_limited
    from resources.gpu.inventory import nvml
    from resources.gpu.inventory.source import Missing

    if os.environ.get("TRAINPLAT_ACCELERATOR") == "cpu":
        return
    subject = _("fractions of GPUs")
    try:
        found = nvml.find()
    except TrainplatError as error:
        yield ill(subject, error)
        return
    if isinstance(found, Missing) or not found.devices:
        return
    unlimited = [device.id for device in found.devices if not can_be_limited(device)]
    if program() is None:
        yield Finding(
            subject,
            Verdict.WARNING,
            _("cooperative: {program} is not installed, so that runs are watched and not limited").format(
                program=PROGRAM
            ),
            _("Install the compute utilities of the NVIDIA driver, such as nvidia-compute-utils-580."),
        )
        return
    if unlimited:
        yield Finding(
            subject,
            Verdict.WARNING,
            _("cooperative on {devices}: MPS cannot limit what runs there").format(
                devices=", ".join(unlimited)
            ),
            _("Ask for whole devices there. MPS limits from Volta on, in any compute mode but PROHIBITED."),
        )
        return
    mps = Mps(home)
    running = mps.daemon() is not None
    if running and not mps.answers():
        yield Finding(
            subject,
            Verdict.ILL,
            _("the control daemon of MPS does not answer"),
            _("Look into {file}. It is ended with the last fraction that runs.").format(
                file=mps.logs / "control.log"
            ),
        )
        return
    limited = (
        _("limited by MPS, which runs") if running else _("limited by MPS, which runs with the first one")
    )
    yield well(subject, limited)
