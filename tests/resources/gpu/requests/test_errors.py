"""What a refusal of a request shows."""

from resources.gpu.requests.errors import MOST_SHOWN, BadGpuRequest, shown


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
