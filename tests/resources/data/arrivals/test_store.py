from resources.data.arrivals import store
from resources.data.arrivals.model import Arrival
from resources.data.storage.objects import StoredObject
from resources.database.engine import Database
from resources.terms import DatasetName, SampleId, VersionKey
from tests.resources.data.shapes import NOW

SHAPES, OTHER = DatasetName("shapes"), DatasetName("other")


def arrival(number: int, dataset: DatasetName = SHAPES, problem: str | None = None) -> Arrival:
    return Arrival(
        dataset,
        SampleId(f"{number:064x}"),
        f"camera/{number}.png",
        StoredObject(f"{number:032x}", number),
        NOW,
        problem,
        None,
    )


def test_what_waits_goes_into_one_version_and_what_is_of_no_use_into_none(any_database: Database) -> None:
    came = [arrival(1), arrival(2, problem="the file is empty"), arrival(3), arrival(1, OTHER)]
    with any_database.write() as connection:
        store.add(connection, came)
        assert store.waiting_count(connection, SHAPES) == 2
        assert store.assign(connection, SHAPES, VersionKey("v1.1")) == 2
        store.add(connection, [arrival(4)])
        assert store.assign(connection, SHAPES, VersionKey("v1.2")) == 1
    with any_database.read() as connection:
        taken = store.of_version(connection, SHAPES, VersionKey("v1.1"))
        assert [one.sample for one in taken] == [came[0].sample, came[2].sample]
        assert taken[0].stored == came[0].stored
        assert taken[0].arrived_at == NOW
        assert [one.problem for one in store.left_out(connection, SHAPES)] == ["the file is empty"]
        assert store.waiting_count(connection, SHAPES) == 0
        assert store.waiting_count(connection, OTHER) == 1
        assert len(store.known_samples(connection, SHAPES)) == 4
