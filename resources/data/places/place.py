"""A remote as a store of objects under DVC's names: look for one, send one, fetch one, drop one.

Every file is sent and fetched against its name, the MD5 of what it holds: S3 compares it itself
(``Content-MD5``), from other places what was written is read again before it gets its name.
"""

import base64
import errno
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar, cast

from resources.data.places.model import DamagedThere, Remote, RemoteProblem
from resources.data.storage.syncing import sync_file_system
from resources.data.trees.listing import TREE_SUFFIX
from resources.errors import BadInput, Denied
from resources.files import disk_problem, sync_file

TRIES = 4
FIRST_WAIT_S = 0.2
"""Before the second try; each wait is twice the one before."""
AT_ONCE_BYTES = 64 * 1024 * 1024
"""Larger files go to S3 in parts."""
CHUNK_BYTES = 1024 * 1024
CONNECT_S = 10
DROPPED_AT_ONCE = 1000
"""What S3 takes away in one request."""
MARK = "trainplat-remote.txt"
"""The name of the file that tells that a remote lies there: its disk is mounted."""
MARK_LENGTH = 80

_Result = TypeVar("_Result")
_CLOCK = ("RequestTimeTooSkewed", "RequestExpired")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InvalidToken")


class Place:
    """The objects of one remote, through fsspec. Threads may share it."""

    def __init__(self, remote: Remote, sleep: Callable[[float], None] = time.sleep) -> None:
        self.remote, self._sleep = remote, sleep
        self._files = _file_system(remote)
        self._is_s3 = remote.url.startswith("s3://")
        self.is_local = remote.url.startswith("file://")
        self._root = str(self._files._strip_protocol(remote.url)).rstrip("/")  # noqa: SLF001 - as fsspec's own code
        self.can_be_elsewhere = not self._is_s3
        """Whether its path may be there without it: a folder can be the mount point of a disk."""

    def size_of(self, name: str) -> int | None:
        """The size of an object in bytes; None where it is not there. One request, no listing."""
        return self._told(lambda: self._size(self._path(name)))

    def send(self, name: str, source: Path) -> int:
        """Bring an object there, whose size in bytes this is. Raises ValueError for a damaged ``source``."""
        if _md5_of(source) != name.removesuffix(TREE_SUFFIX):
            raise ValueError(name)
        digest, path = name.removesuffix(TREE_SUFFIX), self._path(name)
        if self.is_local and not Path(self._root, MARK).exists():
            raise RemoteProblem(
                f"remote {self.remote.name} is not at {self.remote.url} any more: its file {MARK} went",
                "Mount what lies there, then run the same thing again: what was sent is kept.",
            )
        self._told(lambda: self._put(path, source, "md5", digest), self._here(path))
        return source.stat().st_size

    def is_sound(self, name: str) -> bool:
        """Whether an object is there and is what its name says.

        S3 knows the MD5 of what came in one request, and is asked for it; all else is read.
        """
        digest, path = name.removesuffix(TREE_SUFFIX), self._path(name)
        try:
            return self._told(
                lambda: self._is_known(path, digest) or self._digest_there(path, "md5") == digest
            )
        except FileNotFoundError:
            return False

    def settle(self) -> None:
        """Return when what was sent will outlive a power cut there; S3 answers no earlier by itself."""
        if not self.is_local:
            return
        try:
            self._told(lambda: sync_file_system(Path(self._root)))
        except FileNotFoundError:
            raise self._gone() from None

    def fetch(self, name: str, target: Path) -> bool:
        """Write an object into ``target``, verified; False where it is not there.

        Raises :class:`DamagedThere` for one that is not what its name says.
        """
        try:
            self._told(lambda: self._files.get_file(self._path(name), os.fspath(target)), target)
        except FileNotFoundError:
            return False
        if _md5_of(target) != name.removesuffix(TREE_SUFFIX):
            target.unlink()
            raise DamagedThere(
                f"object {name} of remote {self.remote.name} is not what its name says",
                f"Send it again: trainplat data push DATASET --remote {self.remote.name} --again.",
            )
        return True

    def drop(self, name: str) -> None:
        """Take an object away, if it is there."""
        self._remove(self._path(name))

    def drop_many(self, names: Sequence[str]) -> None:
        """The same for many: with S3 a thousand in one request."""
        if not self._is_s3:
            for name in names:
                self.drop(name)
            return
        for start in range(0, len(names), DROPPED_AT_ONCE):
            bucket = self._root.partition("/")[0]
            keys = [self._path(name).partition("/")[2] for name in names[start : start + DROPPED_AT_ONCE]]
            listed = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            self._told(lambda: self._delete(bucket, listed))  # noqa: B023 - it is called at once

    def mark_found(self) -> str | None:
        """What the file :data:`MARK` says there; None where there is none, or an empty one."""
        try:
            found = self._told(lambda: self._files.cat_file(f"{self._root}/{MARK}"))
        except FileNotFoundError:
            return None
        return bytes(found).decode(errors="replace").strip()[:MARK_LENGTH] or None

    def leave_mark(self, text: str) -> str:
        """Leave the file there, all or nothing and to last, unless one is there; what it says then."""
        draft, path = f"{self._root}/.{MARK}.{token_hex(6)}.tmp", f"{self._root}/{MARK}"

        def act() -> None:
            if self.is_local:
                _leave(Path(draft), Path(path), f"{text}\n")
            elif self.mark_found() is None:
                self._write(draft, f"{text}\n".encode())
                with suppress(FileNotFoundError):  # an empty one: not every kind renames over what is there
                    self._files.rm_file(path)
                self._files.mv(draft, path)

        self._told(act, self._here(path))
        found = self.mark_found()
        if found is None:
            raise self._gone()
        return found

    def check(self) -> None:
        """Write, read and remove a small file. Raises what the others do, with what to do about it."""
        content = f"trainplat {token_hex(8)}".encode()
        path = f"{self._root}/.trainplat-check-{token_hex(6)}"

        def act() -> None:
            self._write(path, content)
            found = self._files.cat_file(path)
            self._files.rm_file(path)
            if found != content:
                raise DamagedThere(
                    f"remote {self.remote.name} gives back other bytes than it was given",
                    "Use another place; do not trust this one with data.",
                )

        try:
            self._told(act, self._here(path))
        except FileNotFoundError:
            raise self._gone() from None

    def _path(self, name: str) -> str:
        return f"{self._root}/files/md5/{name[:2]}/{name[2:]}"

    def _here(self, path: str) -> Path | None:
        """A path there as one of a disk of this machine; None where it is none."""
        return Path(path) if self.is_local else None

    def _size(self, path: str) -> int | None:
        try:
            if self._is_s3:  # fsspec's own look lists where it finds nothing
                bucket, _, key = path.partition("/")
                return int(self._files.call_s3("head_object", Bucket=bucket, Key=key)["ContentLength"])
            return int(self._files.size(path))
        except FileNotFoundError:
            return None

    def _is_known(self, path: str, digest: str) -> bool:
        """Whether S3 says that an object has this MD5."""
        if not self._is_s3:
            return False
        bucket, _, key = path.partition("/")
        return str(self._files.call_s3("head_object", Bucket=bucket, Key=key)["ETag"]).strip('"') == digest

    def _remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._told(lambda: self._files.rm_file(path))

    def _delete(self, bucket: str, listed: dict[str, Any]) -> None:
        answer = self._files.call_s3("delete_objects", Bucket=bucket, Delete=listed)
        if left := answer.get("Errors"):
            raise OSError(f"{len(left)} objects could not be taken away")

    def _put(self, path: str, source: Path, algorithm: str, digest: str, *, read_again: bool = False) -> None:
        """Bring a file there. It is read again, but where S3 compares it itself and nobody asks for it."""
        try:
            if not self._is_s3:
                draft = f"{path}.{token_hex(6)}.tmp"
                self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._files.put_file(os.fspath(source), draft)
                self._refuse_other(draft, algorithm, digest)
                self._files.mv(draft, path)
            elif source.stat().st_size <= AT_ONCE_BYTES:
                self._write(path, source.read_bytes())
                if read_again:
                    self._refuse_other(path, algorithm, digest)
            else:  # the parts have checksums of their own, and nothing compares the whole
                self._files.put_file(os.fspath(source), path)
                self._refuse_other(path, algorithm, digest)
        except FileNotFoundError:
            raise self._gone() from None

    def _refuse_other(self, path: str, algorithm: str, digest: str) -> None:
        if self._digest_there(path, algorithm) != digest:
            self._remove(path)
            raise OSError("what was written is not what is read")

    def _write(self, path: str, content: bytes) -> None:
        if not self._is_s3:
            self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(path, content)
            return
        bucket, _, key = path.partition("/")
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        self._files.call_s3("put_object", Bucket=bucket, Key=key, Body=content, ContentMD5=digest)

    def _digest_there(self, path: str, algorithm: str) -> str:
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with self._files.open(path, "rb") as file:
            while part := file.read(CHUNK_BYTES):
                digest.update(part)
        return digest.hexdigest()

    def _told(self, act: Callable[[], _Result], written: Path | None = None) -> _Result:
        """Do it, again after a while where that may help; what went wrong then, in words.

        ``written`` is what is written on a disk of this machine: it may be full. No message quotes what the
        other side said: it may quote a key.
        """
        for number in range(TRIES):
            try:
                return act()
            except (FileNotFoundError, DamagedThere, RemoteProblem):
                raise
            except Exception as problem:  # noqa: BLE001 - botocore raises many kinds
                if written is not None and getattr(problem, "errno", None) in _FULL:
                    raise disk_problem(cast(OSError, problem), written) from None
                told = self._in_words(problem)
                if told is not None:
                    raise told from None
                if number == TRIES - 1:
                    raise self._unreachable(problem) from None
                self._sleep(FIRST_WAIT_S * 2**number)
        raise AssertionError

    def _in_words(self, problem: Exception) -> Exception | None:
        """What no second try mends."""
        code, number = _code_of(problem), getattr(problem, "errno", None)
        if number in _FULL:
            return RemoteProblem(
                f"remote {self.remote.name} at {self.remote.url} takes nothing more: {os.strerror(number)}",
                "Make room there, or let it be written; then run the same thing again.",
            )
        if code in _CLOCK:
            return RemoteProblem(
                f"remote {self.remote.name} refuses requests: the clock of this machine is wrong by too much",
                "Set the clock (timedatectl), then run the same thing again.",
            )
        if code in _KEYS or isinstance(problem, PermissionError) or "Credential" in type(problem).__name__:
            if not self._is_s3:
                return Denied(
                    f"remote {self.remote.name} at {self.remote.url} cannot be used: permission denied",
                    "Make the folder readable and writable for this user.",
                )
            return Denied(
                f"remote {self.remote.name} refuses: the credentials are missing, wrong or too weak",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --profile of the remote, to ones that "
                "may list, read and write there.",
            )
        if "ProfileNotFound" in type(problem).__name__:
            return BadInput(
                f"remote {self.remote.name} names the profile {self.remote.profile!r}, unknown to AWS",
                "Add the profile to ~/.aws/config, or add the remote again without it.",
            )
        return None

    def _gone(self) -> RemoteProblem:
        if self.can_be_elsewhere:
            return RemoteProblem(
                f"remote {self.remote.name} is not at {self.remote.url} now: there is no such folder",
                "Mount or start what lies there, or make the folder again, then run the same thing again: "
                "what was sent is kept.",
            )
        return RemoteProblem(
            f"remote {self.remote.name} is gone: there is no {self.remote.url}",
            "Make the bucket again, or name another remote.",
        )

    def _unreachable(self, problem: Exception) -> RemoteProblem:
        at = self.remote.endpoint or os.environ.get("AWS_ENDPOINT_URL") or self.remote.url
        return RemoteProblem(
            f"remote {self.remote.name} does not answer at {at} after {TRIES} tries: "
            f"{type(problem).__name__}",
            "See whether it runs and the network is there, then run the same thing again: what was sent "
            "is kept.",
        )


def _file_system(remote: Remote) -> Any:
    scheme = remote.url.partition("://")[0]
    if scheme == "s3":
        import s3fs  # type: ignore[import-untyped]

        return s3fs.S3FileSystem(
            endpoint_url=remote.endpoint,
            profile=remote.profile,
            use_listings_cache=False,
            skip_instance_cache=True,
            config_kwargs={"connect_timeout": CONNECT_S, "retries": {"max_attempts": 1}},
        )
    from fsspec.core import url_to_fs  # type: ignore[import-untyped]

    try:
        return url_to_fs(remote.url, use_listings_cache=False)[0]
    except OSError as problem:  # some kinds connect at once
        raise RemoteProblem(
            f"remote {remote.name} does not answer at {remote.url}: {type(problem).__name__}",
            "See whether it runs and the network is there, then run the same thing again.",
        ) from None
    except (ValueError, ImportError, TypeError) as problem:
        raise BadInput(
            f"remote {remote.name} is of the kind {scheme!r}, which is not known here",
            "Use s3 or file, or install the package of fsspec that knows this kind.",
        ) from problem


def _leave(draft: Path, path: Path, text: str) -> None:
    """Write a file unless one is there that says something, so that it outlives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        draft.write_text(text)
        sync_file(draft)
        try:
            os.link(draft, path)  # of two processes the first one's stays
        except OSError:  # one is there, or this file system has no second names
            if not path.is_file() or not path.read_text(errors="replace").strip():
                draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_file(path)
    sync_file(path.parent)


def _code_of(problem: BaseException | None) -> str | None:
    while problem is not None:
        response = getattr(problem, "response", None)
        if isinstance(response, dict):
            return str(response.get("Error", {}).get("Code"))
        problem = problem.__cause__ or problem.__context__
    return None


def _md5_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
