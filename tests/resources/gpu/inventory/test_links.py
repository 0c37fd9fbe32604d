from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.inventory.links import groups

VERTICES = st.integers(0, 12)
LINKS = st.lists(st.tuples(VERTICES, VERTICES), max_size=15)


def test_devices_are_grouped_over_any_number_of_links_and_over_what_is_no_device() -> None:
    assert groups([0, 1, 2, 3, 4], [(0, 1), (1, 9), (9, 3), (2, 7)]) == {0: 0, 1: 0, 3: 0}
    assert groups([0, 1, 2, 3], [(2, 3), (1, 0)]) == {0: 0, 1: 0, 2: 1, 3: 1}
    assert groups([0, 1], []) == {}
    assert groups([0], [(0, 0)]) == {}


@given(LINKS, st.randoms())
def test_the_order_of_the_links_and_their_direction_change_nothing(links, random) -> None:  # type: ignore[no-untyped-def]
    other = [link if random.random() < 0.5 else link[::-1] for link in links]
    random.shuffle(other)
    assert groups(range(8), other) == groups(range(8), links)


@given(LINKS)
def test_linked_devices_are_in_one_group_of_at_least_two(links) -> None:  # type: ignore[no-untyped-def]
    found = groups(range(13), links)
    for one, other in links:
        if one != other:
            assert found[one] == found[other]
    counts = [list(found.values()).count(number) for number in set(found.values())]
    assert all(count >= 2 for count in counts)
    assert sorted(set(found.values())) == list(range(len(counts)))
