"""What a refusal of a request shows."""

import pytest

from resources.gpu.requests.errors import MOST_SHOWN, BadGpuRequest, shown
from resources.gpu.requests.grammar import parse_request
from resources.texts import in_language, translator

MISTAKES = (
    *(
        "",
        "x",
        "V100",
        "nvidia",
        "1.5",
        "0.0",
        "0.1234",
        "99999",
        "1)",
        "1(",
        "1()",
        "1(V100",
        "1(V100)(",
        "1 V100",
    ),
    *(
        "1(,V100)",
        "1(npu,)",
        "1(foo,V100)",
        "1(npu,nvidia)",
        "1(npu,910B,x)",
        "1(mig-9g.x)",
        "1(mig)",
        "1(80GB)",
    ),
    *(
        "1(7)",
        f"1({'A' * 70})",
        "8G",
        "8G,2",
        "8,0.5",
        "8.0001G,0.5",
        "0G,0.5",
        "0.5(mig-1g.5gb)",
        "0.5(gaudi)",
    ),
    *(
        "1:A100",
        "A100:80GB:40GB",
        "80GB:A100",
        "A100:V100",
        "A100,2:1",
        "npu:910B:x:y",
        ":",
        "２",
        "-2",
        "9" * 300,
    ),
    *("0.3(npu,910B)", "8G,0.5(npu,910B)"),
)


def test_control_characters_are_shown_and_not_printed() -> None:
    assert shown("1\x1b[2J\n") == r"'1\x1b[2J\n'"


def test_a_long_text_is_cut_and_its_length_told() -> None:
    assert shown("9" * 5000) == f"'{'9' * MOST_SHOWN}'… (5000 characters)"


def test_a_refusal_says_the_text_why_where_and_what_was_expected() -> None:
    refusal = BadGpuRequest("1.5", 2, "a whole number", reason="a share of more than one device")
    assert refusal.problem == (
        "GPU request '1.5': a share of more than one device; at position 2 expected a whole number"
    )
    assert "0 asks for none" in refusal.next_step


@pytest.mark.parametrize("text", MISTAKES)
def test_each_mistake_is_told_in_chinese_with_what_was_written_as_it_is(text: str) -> None:
    with pytest.raises(BadGpuRequest) as refused:
        parse_request(text)
    refusal, chinese = refused.value, translator("zh_CN")
    for told in (refusal.problem, refusal.next_step, refusal.reason, refusal.expected):
        in_chinese = in_language(told, chinese)
        assert in_chinese != told or told == "')'", told
    assert shown(text) in in_language(refusal.problem, chinese)
