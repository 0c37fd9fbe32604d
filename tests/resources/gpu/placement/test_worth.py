"""What the score prefers."""

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, Shape
from resources.gpu.placement.worth import COVERAGE, worth_of
from tests.resources.gpu.placement.nodes import a_node, at, nodes_of

SEEDS = range(6)
"""Orders of the nodes under which a preference has to hold: without it some would go the other way."""


def test_a_share_goes_where_it_leaves_no_rest_that_nobody_asks_for() -> None:
    popular = {Shape(1, 600): 1.0, Shape(1, 400): 1.0, Shape(1): 2.0}
    for seed in SEEDS:
        cluster = Cluster(nodes_of(2, 1), popularity=popular, order_seed=seed)
        cluster.take(Shape(1, 200), at(0, 0))
        cluster.take(Shape(1, 600), at(1, 0))
        assert cluster.find(Shape(1, 400)) == at(1, 0)


def test_one_device_is_taken_where_it_breaks_no_set_that_is_asked_for_whole() -> None:
    popular = {Shape(8): 3.0, Shape(1): 1.0}
    for seed in SEEDS:
        cluster = Cluster([*nodes_of(1, 8), *nodes_of(1, 2)], popularity=popular, order_seed=seed)
        assert cluster.find(Shape(1)) == at(1, 0)


def test_a_request_for_many_cores_goes_where_cores_are_plenty() -> None:
    popular = {Shape(1, cpu_milli=8_000): 1.0}
    few, many = nodes_of(1, 4, cpu_milli=32_000), nodes_of(1, 2, cpu_milli=64_000)
    for seed in SEEDS:
        cluster = Cluster([*few, *many], popularity=popular, order_seed=seed)
        found = cluster.find(Shape(1, cpu_milli=24_000))
        assert found == at(1, 0)
        assert cluster.find(Shape(0, cpu_milli=24_000)) == at(1)


def test_what_can_run_anywhere_leaves_the_model_that_others_need() -> None:
    wanted, other = frozenset({"A100"}), nodes_of(1, 4, model="V100")
    popular = {Shape(1): 1.0, Shape(1, models=wanted): 2.0}
    for seed in SEEDS:
        cluster = Cluster([*nodes_of(1, 4), *other], popularity=popular, order_seed=seed)
        assert cluster.find(Shape(1)) == at(1, 0)
        assert cluster.find(Shape(1, models=wanted)) == at(0, 0)


def test_device_memory_that_popular_requests_need_is_not_spent_on_a_small_one() -> None:
    popular = {Shape(1, 500, memory_mib=60_000): 3.0, Shape(1, 500, memory_mib=10_000): 1.0}
    small, large = a_node("small", DeviceSpec("A", 24_000)), a_node("large", DeviceSpec("A", 80_000))
    for seed in SEEDS:
        cluster = Cluster([small, large], popularity=popular, order_seed=seed)
        assert cluster.find(Shape(1, 500, memory_mib=10_000)) == at(0, 0)


def test_what_is_learned_later_counts_from_then_on() -> None:
    for seed in SEEDS:
        cluster = Cluster([*nodes_of(1, 8), *nodes_of(1, 2)], order_seed=seed)
        cluster.find(Shape(1))
        cluster.learn({Shape(8): 3.0, Shape(1): 1.0})
        assert cluster.find(Shape(1)) == at(1, 0)


def test_without_requests_for_devices_there_is_nothing_to_price() -> None:
    assert worth_of({Shape(0, cpu_milli=1): 1.0}, ["A100"], [8000]) is None
    assert worth_of({Shape(1, models=frozenset({"H100"})): 1.0}, ["A100"], [8000]) is None
    assert worth_of({Shape(1): 0.0}, ["A100"], [8000]) is None


def test_rare_shapes_are_left_out_of_the_tables_and_tables_stay_small() -> None:
    many = {Shape(1, 1 + size, memory_mib=100 * size): 1.0 for size in range(100)}
    worth = worth_of({**many, Shape(1, 900): 10_000.0}, ["A100"], [8000])
    assert worth is not None
    assert worth.slope.shape == (1, 1, 2, 1)
    worth = worth_of(many, ["A100"], [8000])
    assert worth is not None
    assert worth.level_of[-1] == COVERAGE * 100
    assert len(worth.memory_steps) == 8
