"""Commands for people to copy."""

import pytest

from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.commands import allocate_command
from resources.gpu.requests.grammar import parse_request


@pytest.mark.parametrize(
    ("text", "terms", "command"),
    [
        ("2(H100)", Terms(), "trainplat gpu allocate NAME '2(H100)'"),
        ("1", Terms(nodes=(("rack", "a1"),)), "trainplat gpu allocate NAME '1' --nodes rack=a1"),
        (
            "16",
            Terms(
                cpu_milli=1500, host_memory_mib=2048, span=Span.NODES, nodes=(("rack", "a1"), ("zone", "b"))
            ),
            "trainplat gpu allocate NAME '16' --cpus 1.5 --memory 2048M --span nodes --nodes rack=a1,zone=b",
        ),
    ],
)
def test_a_command_asks_for_all_that_the_request_asks_for(text: str, terms: Terms, command: str) -> None:
    assert allocate_command(parse_request(text), terms) == command
