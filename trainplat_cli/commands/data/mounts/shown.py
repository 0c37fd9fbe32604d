"""What the mounts commands share: the service, and mount points and choices as documents and texts."""

from typing import Any

import click

from resources.data.mounts.choosing import Choice
from resources.data.mounts.model import Grant, Mount, Provider
from resources.data.mounts.service import MountService
from resources.home import Home
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


def mount_service() -> MountService:
    """The service on the home that the environment names."""
    home = Home.from_environment()
    return MountService(home, home.database())


def mount_document(mount: Mount) -> dict[str, Any]:
    """A mount point for machines."""
    return vars(mount) | {
        "mode": mount.mode.value,
        "needs": sorted(mount.needs),
        "variable": mount.variable,
    }


def provider_document(one: Provider) -> dict[str, Any]:
    """A provider for machines."""
    return vars(one) | {"kind": one.kind.value, "price_per_gib_month": float(one.price_per_gib_month)}


def grant_document(one: Grant) -> dict[str, Any]:
    """What a run has, for machines."""
    return {
        "mount": one.mount,
        "run": one.run_id,
        "provider": one.provider,
        "path": str(one.path),
        "given_at": one.given_at,
    }


def choice_document(choice: Choice) -> dict[str, Any]:
    """A choice for machines."""
    return {
        "provider": None if choice.provider is None else choice.provider.name,
        "reason": choice.reason,
        "passed": [vars(one) for one in choice.passed],
    }


def show_choice(choice: Choice) -> None:
    """The provider that is taken, and why not the others."""
    click.echo(f"{choice.reason}.")
    if choice.passed:
        show_table([_("not taken"), _("why")], [[one.provider, one.reason] for one in choice.passed])
