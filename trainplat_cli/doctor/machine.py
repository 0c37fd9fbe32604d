"""Checks of the machine and of what is installed on it."""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from resources.errors import TrainplatError
from resources.home import Home
from resources.texts import in_language
from trainplat_cli.doctor.model import Finding, Verdict, ill, well
from trainplat_cli.supervisor.parts import label_studio_program
from trainplat_cli.texts import _

PACKAGES = {
    "dagster": "dagster",
    "dagster_webserver": "dagster-webserver",
    "dagstermill": "dagstermill",
    "mlflow": "mlflow",
    "label_studio_sdk": "label-studio-sdk",
    "streamlit": "streamlit",
    "dvc": "dvc",
    "torch": "torch",
    "sklearn": "scikit-learn",
}
"""What the parts import, and the distribution that brings it."""

LITTLE_DISK_BYTES = 2 * 1024**3
NO_DISK_BYTES = 256 * 1024**2
SHOWN_DEVICES = 16


def python(_home: Home) -> Iterator[Finding]:
    """Python is 3.11."""
    found = platform.python_version()
    if sys.version_info[:2] == (3, 11):
        yield well("Python", f"{found} ({sys.executable})")
    else:
        yield Finding(
            "Python",
            Verdict.ILL,
            _("{found}; expected 3.11").format(found=found),
            _("Make the environment with Python 3.11: make setup"),
        )


def packages(_home: Home) -> Iterator[Finding]:
    """Everything that the parts import is installed. Nothing is imported for it."""
    missing = sorted(name for module, name in PACKAGES.items() if importlib.util.find_spec(module) is None)
    if missing:
        yield Finding(
            _("packages"),
            Verdict.ILL,
            _("missing: {names}").format(names=", ".join(missing)),
            _("Install them: make setup"),
        )
    else:
        found = ", ".join(f"{name} {metadata.version(name)}" for name in ("dagster", "mlflow", "torch"))
        yield well(_("packages"), found)


def label_studio(_home: Home) -> Iterator[Finding]:
    """Label Studio is installed in its own environment."""
    try:
        yield well("Label Studio", str(label_studio_program()))
    except TrainplatError as error:
        yield ill("Label Studio", error)


def devices(_home: Home) -> Iterator[Finding]:
    """What runs may hold: the devices that are found, and which of them are ill."""
    from resources.gpu.inventory.discover import discover_inventory

    subject = _("devices")
    try:
        inventory = discover_inventory()
    except TrainplatError as error:
        yield ill(subject, error)
        return
    found = inventory.for_runs.devices
    declared = len(inventory.devices) - len(found)
    shown = [f"{device.id} {device.model or ''}".strip() for device in found if device.fault is None]
    listed = ", ".join(shown[:SHOWN_DEVICES])
    if len(shown) > SHOWN_DEVICES:
        listed += " " + _("and {count} more").format(count=len(shown) - SHOWN_DEVICES)
    if declared:
        listed += "; " + _("on other machines {count} are declared").format(count=declared)
    if shown:
        yield well(subject, listed)
    else:
        yield Finding(subject, Verdict.ILL, _("none is well"), _("Mend those below."))
    for device in found:
        if device.fault is not None:
            step = _("It is not given out. `trainplat gpu doctor` tells more.")
            yield Finding(subject, Verdict.WARNING, f"{device.id}: {in_language(device.fault, _)}", step)


def disk(home: Home) -> Iterator[Finding]:
    """There is room on the disk of the home."""
    subject, place = _("disk space"), _existing(home.path)
    free = shutil.disk_usage(place).free
    detail = _("{free:.1f} GiB free on the disk of {home}").format(free=free / 1024**3, home=home.path)
    step = _("Free some space there, or move the home: TRAINPLAT_HOME names it.")
    if free < NO_DISK_BYTES:
        yield Finding(subject, Verdict.ILL, detail, step)
    elif free < LITTLE_DISK_BYTES:
        yield Finding(subject, Verdict.WARNING, detail, step)
    else:
        yield well(subject, detail)


def chromium(_home: Home) -> Iterator[Finding]:
    """A browser for the screenshots and the browser tests; nothing else needs it."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found:
        yield well("chromium", found)
    else:
        yield Finding(
            "chromium",
            Verdict.WARNING,
            _("not found; only `make screenshots` and the browser tests need it"),
            _("Debian: apt-get install chromium"),
        )


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if os.path.lexists(place))
