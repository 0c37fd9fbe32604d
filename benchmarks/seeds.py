"""Seeds as they are written on the command line."""


def parse_seeds(text: str) -> list[int]:
    """``42-51`` or ``7``."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))
