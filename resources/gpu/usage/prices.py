"""The prices of the home."""

from functools import cache
from pathlib import Path

from resources.gpu.policy.price import BadPrices, Prices, parse_prices
from resources.home import Home


def home_prices() -> Prices | None:
    """The prices in ``prices.yaml`` of the home of the environment; None where there is no such file.

    Raises :class:`BadPrices` for one that cannot be read. The file is read again when it has changed.
    """
    path = Home.from_environment().prices_file
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _loaded(path, status.st_mtime_ns, status.st_size, status.st_ino)


@cache
def _loaded(path: Path, _changed_ns: int, _size: int, _inode: int) -> Prices | None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise BadPrices(f"{path} is not text in UTF-8: {problem.reason}", "Save it as UTF-8.") from problem
    return parse_prices(text, str(path))
