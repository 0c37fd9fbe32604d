"""Where in a text of YAML, or JSON, each value stands."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from resources.pipelines.problems import Span

Place = tuple[int | str, ...]


@dataclass(frozen=True)
class Positions:
    """The places of one document."""

    root: yaml.Node

    def of_value(self, place: Place) -> tuple[Place, Span]:
        """The value at a place, or what is nearest above it."""
        node, found = self.root, list[int | str]()
        for part in place:
            below = _below(node, part)
            if below is None:
                break
            node = below[1]
            found.append(part)
        return tuple(found), _span(node)

    def of_key(self, place: Place) -> Span:
        """The name of a value, for one that nobody knows; else the value's own place."""
        above, node = place[:-1], self.root
        for part in above:
            below = _below(node, part)
            if below is None:
                return _span(node)
            node = below[1]
        below = _below(node, place[-1]) if place else None
        return _span(node if below is None else below[0])

    def said_twice(self) -> Iterator[tuple[str, Span]]:
        """Names that a mapping has more than once, each but its first time."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.SequenceNode):
                waiting.extend(node.value)
            if isinstance(node, yaml.MappingNode):
                known = set[str]()
                for key, value in node.value:
                    name = str(key.value)
                    if name in known:
                        yield name, _span(key)
                    known.add(name)
                    waiting.append(value)


def _below(node: yaml.Node, part: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None


def _span(node: yaml.Node) -> Span:
    begin, end = node.start_mark, node.end_mark
    width = end.column - begin.column if end.line == begin.line else 1
    return Span(begin.line + 1, begin.column + 1, max(1, width))
