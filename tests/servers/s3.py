"""A bucket of S3 for tests: moto's server on loopback, which keeps all in memory, one for a session."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx
import pytest

from tests.environment import unmeasured

READY_TIMEOUT_S = 60.0
KEY, SECRET = "tests-key", "tests-secret"


@dataclass(frozen=True)
class Bucket:
    """A bucket of a test's own."""

    name: str
    endpoint: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"s3://{self.name}"

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        self._client().put_object(Bucket=self.name, Key=key, Body=content)

    def make(self) -> None:
        """Make it, if it is not there."""
        self._client().create_bucket(Bucket=self.name)

    def contents(self, prefix: str = "") -> dict[str, bytes]:
        """Every object below a prefix, by key."""
        client = self._client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return {key: client.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._client().delete_object(Bucket=self.name, Key=key)

    def drop(self) -> None:
        """Remove the bucket with all that is in it."""
        for key in self.contents():
            self.remove(key)
        self._client().delete_bucket(Bucket=self.name)

    def _client(self) -> Any:
        import boto3  # type: ignore[import-untyped]

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of the server."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=unmeasured(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    endpoint = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(endpoint, process)
        yield endpoint
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, and the environment that leads to it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = Bucket(f"tests-{token_hex(6)}", s3_server)
    made.make()
    return made


def _wait_until_it_answers(endpoint: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"moto's server ended with {process.returncode}")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{endpoint}/moto-api/", timeout=2).status_code < 500:
                return
        time.sleep(0.05)
    raise TimeoutError(f"moto's server does not answer at {endpoint}")
