"""Whole devices on nodes: a gang goes on one node if one can hold it, else over as few as it takes."""

Places = dict[int, int]
"""How many devices on which node."""


class Nodes:
    """Free devices by node."""

    def __init__(self, gpus: int, per_node: int = 8) -> None:
        self._free = [per_node] * (gpus // per_node) + ([gpus % per_node] if gpus % per_node else [])

    @property
    def free(self) -> int:
        """Free devices in all."""
        return sum(self._free)

    def take(self, gpus: int) -> Places:
        """Devices for a gang: the tightest node that holds all of it, else the emptiest nodes."""
        if gpus > self.free:
            raise ValueError(f"{gpus} devices asked, {self.free} free; expected a start that fits")
        fitting = [node for node, free in enumerate(self._free) if free >= gpus]
        if fitting:
            node = min(fitting, key=lambda one: (self._free[one], one))
            self._free[node] -= gpus
            return {node: gpus}
        places: Places = {}
        for node in sorted(range(len(self._free)), key=lambda one: (-self._free[one], one)):
            here = min(self._free[node], gpus - sum(places.values()))
            if here:
                places[node] = here
                self._free[node] -= here
        return places

    def give_back(self, places: Places) -> None:
        """Free what ``take`` gave."""
        for node, gpus in places.items():
            self._free[node] += gpus
