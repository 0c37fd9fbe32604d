"""The versions of a data set as Dagster partitions."""

from dagster import DynamicPartitionsDefinition

from resources.terms import DatasetName


def versions_partitions(dataset: DatasetName) -> DynamicPartitionsDefinition:
    """The partitions of everything that is made from one version of ``dataset``: ``v1.0``, ``v1.1`` …"""
    return DynamicPartitionsDefinition(name=f"{dataset}_versions")
