"""Files that grow by lines while others read them."""

from pathlib import Path


def whole_lines(path: Path, begin: int = 0) -> tuple[list[bytes], int]:
    """The lines from byte ``begin`` on that have their end, and where to read on from.

    A line that is being written, or that a kill cut off, is left for later. No file: nothing yet.
    """
    try:
        with path.open("rb") as file:
            file.seek(begin)
            text = file.read()
    except FileNotFoundError:
        return [], begin
    whole = text[: text.rfind(b"\n") + 1]
    return whole.splitlines(), begin + len(whole)
