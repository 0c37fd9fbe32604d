"""How many examples a property test draws: few in ``make test``, many in ``make test-slow``.

:func:`enter` is called before any test module is imported.
"""

from hypothesis import HealthCheck, settings

FEW, MANY = 25, 100


def enter(*, many: bool) -> None:
    """Let tests that say nothing else draw few or many."""
    # A machine that is busy breaks no law, so no example has a deadline.
    settings.register_profile("ours", max_examples=MANY if many else FEW, deadline=None)
    settings.load_profile("ours")


def drawing(part: float = 1.0, *, function_scoped: bool = False, derandomize: bool = False) -> settings:
    """For a test that is to draw more or less than others: ``part`` times as many, and at least three."""
    suppressed = [HealthCheck.too_slow]
    if function_scoped:
        suppressed.append(HealthCheck.function_scoped_fixture)
    return settings(
        max_examples=max(3, round(settings().max_examples * part)),
        suppress_health_check=suppressed,
        derandomize=derandomize,
    )
