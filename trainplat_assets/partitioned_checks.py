"""Asset checks of one version at a time.

Dagster calls the ``partitions_def`` of a check a preview and warns of it; this is the one place that asks
for it, so that a change of it is met in one place.
"""

import warnings
from collections.abc import Callable
from typing import Any

from dagster import AssetChecksDefinition, AssetKey, PartitionsDefinition, PreviewWarning, asset_check


def partitioned_check(
    asset: AssetKey, *, name: str, description: str, partitions: PartitionsDefinition[str], blocking: bool
) -> Callable[[Callable[..., Any]], AssetChecksDefinition]:
    """``asset_check`` with partitions: its function's context knows the ``partition_key``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)
        decorate = asset_check(
            asset=asset, name=name, description=description, blocking=blocking, partitions_def=partitions
        )

    def quietly(function: Callable[..., Any]) -> AssetChecksDefinition:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PreviewWarning)
            return decorate(function)

    return quietly
