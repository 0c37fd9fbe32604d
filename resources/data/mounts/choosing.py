"""Which provider a mount point is on: pure, and each one that was not taken says why.

1. A provider that was named is the only one that counts.
2. It has the mode: main memory is for scratch only, and S3 is not for scratch.
3. It has every feature that is needed.
4. It answers, and can be written where the mode needs it.
5. It has room for the size.
6. Of those left the cheapest is taken, for its size and a month; of two that cost the same the first by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from resources.data.mounts.model import FEATURES, GIB_MIB, MODES, Mount, Provider


@dataclass(frozen=True)
class Look:
    """A provider as it is now."""

    provider: Provider
    free_mib: int | None
    """What is free there, less what is promised; None where there is no limit."""
    problem: str | None = None
    """Why it cannot be used now; None where it can."""


@dataclass(frozen=True)
class Passed:
    """A provider that was not taken, and why."""

    provider: str
    reason: str


@dataclass(frozen=True)
class Choice:
    """What was taken, and why not the others."""

    provider: Provider | None
    """None: no provider meets the request."""
    reason: str
    passed: tuple[Passed, ...]


def choose(mount: Mount, looks: Sequence[Look]) -> Choice:
    """The cheapest provider that meets the request."""
    passed, fit = list[Passed](), list[Look]()
    for look in looks:
        reason = why_not(mount, look)
        if reason is None:
            fit.append(look)
        else:
            passed.append(Passed(look.provider.name, reason))
    fit.sort(key=lambda one: (cost(mount, one.provider), one.provider.name))
    if not fit:
        return Choice(None, _none(mount, looks, passed), tuple(passed))
    best = fit[0].provider
    price = cost(mount, best)
    for one in fit[1:]:
        dearer = cost(mount, one.provider)
        said = (
            "costs the same, and comes later by name"
            if dearer == price
            else f"costs {_money(dearer)} a month"
        )
        passed.append(Passed(one.provider.name, said))
    why = "the only one that meets the request" if len(fit) == 1 else f"the cheapest of {len(fit)}"
    return Choice(best, f"{best.name} is {why}: {_money(price)} a month", tuple(passed))


def why_not(mount: Mount, look: Look) -> str | None:
    """Why a provider does not meet the request; None where it does."""
    provider = look.provider
    if mount.provider is not None and mount.provider != provider.name:
        return f"{mount.provider} was named"
    if mount.mode not in MODES[provider.kind]:
        return f"a {provider.kind} is not for the mode {mount.mode}"
    if lacking := sorted(mount.needs - FEATURES[provider.kind]):
        return f"a {provider.kind} is not {', '.join(lacking)}"
    if look.problem is not None:
        return look.problem
    if look.free_mib is not None and look.free_mib < mount.size_mib:
        return f"{max(0, look.free_mib)} MiB are free there, {mount.size_mib} are needed"
    return None


def cost(mount: Mount, provider: Provider) -> Decimal:
    """What the mount point costs there for a month."""
    return provider.price_per_gib_month * mount.size_mib / GIB_MIB


def _none(mount: Mount, looks: Sequence[Look], passed: Sequence[Passed]) -> str:
    if mount.provider is not None and all(one.provider.name != mount.provider for one in looks):
        known = ", ".join(one.provider.name for one in looks) or "none"
        return f"there is no provider {mount.provider}; there are: {known}"
    if mount.provider is not None:
        return next(f"{one.provider}: {one.reason}" for one in passed if one.provider == mount.provider)
    return "; ".join(f"{one.provider}: {one.reason}" for one in passed) or "there is no provider"


def _money(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.0001')).normalize():f}"
