from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.enforcement.cores import Core, choose_cores, numbers_in, read_topology

TWO_NODES = tuple(Core(number, number // 4) for number in range(8))


@pytest.mark.parametrize(
    ("taken", "cpu_milli", "chosen"),
    [
        ({}, 1, (0,)),
        ({}, 1000, (0,)),
        ({}, 1001, (0, 1)),
        ({0: 1000}, 2000, (1, 2)),
        ({0: 1000}, 4000, (4, 5, 6, 7)),
        ({0: 1000, 4: 1000}, 5000, (1, 2, 3, 5, 6)),
        (dict.fromkeys(range(7), 1000), 1000, (7,)),
        (dict.fromkeys(range(8), 1000) | {3: 500}, 1000, (3,)),
        ({}, 64_000, tuple(range(8))),
    ],
)
def test_the_least_taken_cores_of_one_node_are_chosen(
    taken: dict[int, int], cpu_milli: int, chosen: tuple[int, ...]
) -> None:
    assert choose_cores(taken, cpu_milli, TWO_NODES) == chosen


def test_a_small_lease_leaves_the_free_node_to_a_large_one() -> None:
    assert choose_cores({0: 1000, 1: 1000}, 2000, TWO_NODES) == (2, 3)


@pytest.mark.parametrize(("cpu_milli", "topology"), [(0, TWO_NODES), (1000, ())])
def test_no_core_is_no_choice(cpu_milli: int, topology: tuple[Core, ...]) -> None:
    with pytest.raises(ValueError, match="expected some"):
        choose_cores({}, cpu_milli, topology)


@given(
    taken=st.dictionaries(st.integers(0, 15), st.integers(0, 3).map(lambda n: n * 500)),
    nodes=st.lists(st.integers(0, 2), min_size=1, max_size=16),
    cpu_milli=st.integers(1, 20_000),
)
def test_no_choice_of_as_many_cores_has_less_taken(
    taken: dict[int, int], nodes: list[int], cpu_milli: int
) -> None:
    topology = tuple(Core(number, node) for number, node in enumerate(nodes))
    chosen = choose_cores(taken, cpu_milli, topology)
    assert len(set(chosen)) == len(chosen) == min(len(topology), -(-cpu_milli // 1000))
    loads = sorted(taken.get(core.number, 0) for core in topology)
    assert sum(taken.get(number, 0) for number in chosen) == sum(loads[: len(chosen)])


def test_the_topology_is_what_the_kernel_tells(tmp_path: Path) -> None:
    for node, listed in ((0, "0-1,4\n"), (1, "2-3\n")):
        (tmp_path / f"node{node}").mkdir()
        (tmp_path / f"node{node}/cpulist").write_text(listed)
    (tmp_path / "node2").mkdir()
    found = read_topology(frozenset({1, 2, 4, 9}), tmp_path)
    assert found == (Core(1, 0), Core(2, 1), Core(4, 0), Core(9, 0))


def test_an_empty_list_of_the_kernel_has_no_numbers() -> None:
    assert numbers_in("\n") == ()
