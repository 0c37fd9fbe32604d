"""Which devices hang together: connected components over their links."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

_Vertex = TypeVar("_Vertex", bound=Hashable)


def groups(devices: Sequence[_Vertex], links: Iterable[tuple[_Vertex, _Vertex]]) -> dict[_Vertex, int]:
    """The number of the group of each device that others can be reached from, over any number of links.

    A link may lead to something that is no device, such as a switch. Groups are numbered from 0 in the
    order of their first devices; a device that reaches no other one is in none.
    """
    leads_to: dict[_Vertex, _Vertex] = {}

    def root(vertex: _Vertex) -> _Vertex:
        while leads_to.get(vertex, vertex) != vertex:
            vertex = leads_to[vertex]
        return vertex

    for one, other in links:
        leads_to[root(one)] = root(other)
    members: dict[_Vertex, list[_Vertex]] = {}
    for device in devices:
        members.setdefault(root(device), []).append(device)
    real = [group for group in members.values() if len(group) > 1]
    return {device: number for number, group in enumerate(real) for device in group}
