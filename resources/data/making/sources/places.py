"""Files by path or address: on this disk, on S3, on the web."""

import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from resources.data.making.sources.model import (
    MAX_FILE_BYTES,
    EntryProblem,
    too_large,
    without_secrets,
)
from resources.errors import BadInput, Unavailable

SCHEMES = ("s3", "http", "https")


def scheme_of(reference: str) -> str | None:
    """The kind of an address; None for a path. Raises :class:`EntryProblem` for one that is not known."""
    scheme, separator, _ = reference.partition("://")
    if not separator:
        return None
    if scheme not in SCHEMES:
        raise EntryProblem(
            f"its address is of the kind {scheme!r}; expected {', '.join(SCHEMES)} or a path",
            "Mend its address, or copy it to one of these places.",
        )
    return scheme


@dataclass(frozen=True)
class Places:
    """Reads what paths below ``base`` and addresses name, with the credentials of the environment."""

    base: Path
    source: str
    """Whose places these are, for messages."""

    def stamp(self, reference: str) -> str:
        """Changes with the content; empty where only reading it tells. Raises :class:`EntryProblem`."""
        scheme = scheme_of(reference)
        if scheme is None:
            status = self._path(reference).stat()
            return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
        if scheme == "s3":
            return stamp_of(self._told(reference, lambda: self.s3.info(reference)))
        return self._stamp_on_the_web(reference)

    def read(self, reference: str) -> bytes:
        """The content. Raises :class:`EntryProblem` where it cannot be had, Unavailable where nothing can."""
        scheme = scheme_of(reference)
        if scheme is None:
            path = self._path(reference)
            if (size_bytes := path.stat().st_size) > MAX_FILE_BYTES:
                raise too_large(size_bytes)
            return path.read_bytes()
        if scheme == "s3":
            content: bytes = self._told(reference, lambda: self.s3.cat_file(reference))
            return content
        return self._from_the_web(reference)

    @cached_property
    def s3(self) -> Any:
        """The file system of S3, without a cache of listings."""
        return s3_file_system()

    def _path(self, reference: str) -> Path:
        path = (self.base / reference).resolve()
        if not path.is_relative_to(self.base.resolve()):
            raise EntryProblem(
                f"its path leads out of {self.base}", "Name files below that folder, or move the table."
            )
        if not path.is_file():
            raise EntryProblem(
                "there is no file at its path", "Add the file, or remove its line from the table."
            )
        return path

    def _stamp_on_the_web(self, url: str) -> str:
        import httpx

        _mask_addresses_in_logs()
        try:
            answer = httpx.head(url, follow_redirects=True, timeout=60)
        except (httpx.HTTPError, httpx.InvalidURL):
            return ""
        told = [answer.headers.get(name, "") for name in ("etag", "last-modified", "content-length")]
        return "-".join(told) if answer.status_code < 400 and (told[0] or told[1]) else ""

    def _from_the_web(self, url: str) -> bytes:
        import httpx

        _mask_addresses_in_logs()
        try:
            with httpx.stream("GET", url, follow_redirects=True, timeout=60) as answer:
                if answer.status_code >= 400:
                    raise EntryProblem(
                        f"{without_secrets(url)} answers {answer.status_code}", "Mend its address."
                    )
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > MAX_FILE_BYTES:
                        raise too_large(len(content))
                return bytes(content)
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise EntryProblem(
                f"{without_secrets(url)} does not answer: {type(problem).__name__}",
                "See whether the address is right and reachable from here, then collect again.",
            ) from None  # the original message may quote a signed address

    def _told(self, reference: str, act: Any) -> Any:
        return told(self.source, without_secrets(reference), act)


def s3_file_system() -> Any:
    """S3 as s3fs has it; keys, region and AWS_ENDPOINT_URL are those of the environment and AWS's files."""
    import s3fs  # type: ignore[import-untyped]

    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


def told(source: str, shown: str, act: Any) -> Any:
    """Do ``act`` on a place; what goes wrong with one entry is its problem, what goes wrong with all is told.

    No message quotes what the other side said: it may quote a key.
    """
    try:
        return act()
    except FileNotFoundError:
        raise EntryProblem(
            f"there is nothing at {shown}", "Mend its address, or remove its line from the table."
        ) from None
    except PermissionError:
        raise Unavailable(
            f"source {source} may not read {shown}: the credentials are missing, wrong or too weak",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, that may list and read it.",
        ) from None
    except Exception as problem:  # botocore raises many kinds, and names keys in some
        if isinstance(problem, (BadInput, Unavailable, EntryProblem)):
            raise
        raise Unavailable(
            f"source {source} cannot reach {shown}: {type(problem).__name__}",
            "See whether the address is right and the network is there, then collect again: what was fetched "
            "is kept.",
        ) from None


def _mask_addresses_in_logs() -> None:
    logging.getLogger("httpx").addFilter(_masked)  # a second time it changes nothing


def _masked(record: logging.LogRecord) -> bool:
    """Httpx tells each address that it asks, with the signature in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(without_secrets(str(one)) if "://" in str(one) else one for one in record.args)
    return True


def stamp_of(info: dict[str, Any]) -> str:
    """What a listing says about a file: its ETag where there is one, and its size and time."""
    changed = info.get("LastModified") or info.get("mtime") or info.get("created") or ""
    return f"{info.get('ETag', '')}-{info.get('size')}-{changed}"
