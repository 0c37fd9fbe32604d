"""The versions of a data set as Dagster partitions."""

from dagster import DagsterInstance, DynamicPartitionsDefinition
from dagster._core.definitions.partitions.context import PartitionLoadingContext, partition_loading_context

from resources.data.errors import UnknownVersion
from resources.terms import FIRST_VERSION, DatasetName, VersionKey

SUFFIX = "_versions"


class VersionPartitions(DynamicPartitionsDefinition):
    """``v1.0``, ``v1.1`` …: Dagster's dynamic partitions, and a first version that any instance can make.

    The sensor registers what it plans. Who makes the first version by hand, before any daemon ran, need not
    have heard of that.
    """

    def validate_partition_key(self, partition_key: str, context: PartitionLoadingContext) -> None:
        """Raises UnknownVersion, with the known versions, for a version that nobody planned."""
        with partition_loading_context(new_ctx=context):
            if partition_key == FIRST_VERSION or self.has_partition_key(partition_key):
                return
            known = list(dict.fromkeys([FIRST_VERSION, *map(VersionKey, self.get_partition_keys())]))
        raise UnknownVersion(
            DatasetName(str(self.name).removesuffix(SUFFIX)), VersionKey(partition_key), known
        )

    def register(self, instance: DagsterInstance, version: VersionKey) -> None:
        """Make the version known to the instance, so that its pages show it."""
        instance.add_dynamic_partitions(str(self.name), [version])


def versions_partitions(dataset: DatasetName) -> VersionPartitions:
    """The partitions of everything that is made from one version of ``dataset``: ``v1.0``, ``v1.1`` …"""
    return VersionPartitions(name=f"{dataset}{SUFFIX}")
