import pytest
from dagster import DagsterInstance, DynamicPartitionsDefinition
from dagster._core.definitions.partitions.context import partition_loading_context

from resources.data.errors import UnknownVersion
from resources.data.partitions import versions_partitions
from resources.terms import FIRST_VERSION, DatasetName, VersionKey

DIGITS = versions_partitions(DatasetName("digits"))


def test_each_data_set_has_one_definition_named_after_it() -> None:
    other = versions_partitions(DatasetName("shapes"))
    assert isinstance(DIGITS, DynamicPartitionsDefinition)
    assert (DIGITS.name, other.name) == ("digits_versions", "shapes_versions")
    assert versions_partitions(DatasetName("digits")) == DIGITS


def test_only_the_first_version_and_those_that_were_planned_can_be_made() -> None:
    with DagsterInstance.ephemeral() as instance:
        DIGITS.register(instance, VersionKey("v1.1"))
        with partition_loading_context(dynamic_partitions_store=instance) as context:
            DIGITS.validate_partition_key(FIRST_VERSION, context)
            DIGITS.validate_partition_key("v1.1", context)
            with pytest.raises(UnknownVersion, match=r"digits has no version 'v9.9'") as unknown:
                DIGITS.validate_partition_key("v9.9", context)
    assert "v1.0, v1.1" in str(unknown.value)
