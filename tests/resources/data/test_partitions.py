from dagster import DynamicPartitionsDefinition

from resources.data.partitions import versions_partitions
from resources.terms import DatasetName


def test_each_data_set_has_one_definition_named_after_it() -> None:
    one, other = versions_partitions(DatasetName("digits")), versions_partitions(DatasetName("shapes"))
    assert isinstance(one, DynamicPartitionsDefinition)
    assert (one.name, other.name) == ("digits_versions", "shapes_versions")
    assert versions_partitions(DatasetName("digits")) == one
