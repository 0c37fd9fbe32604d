"""A push to S3 after 1 % of the files changed: what it sends, and what it asks."""

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.data.files import change_one_percent, make_small
from benchmarks.data.tools import Ours
from benchmarks.stack import say

MOST_FILES = 5_000
"""The server keeps everything in memory and answers one request after the other."""
BUCKET = "measured"
KEYS = {
    "AWS_ACCESS_KEY_ID": "measured",
    "AWS_SECRET_ACCESS_KEY": "measured",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def push_contest(files: int) -> dict[str, float]:
    """Objects, bytes and requests of a push of 1 % changed files to a server of S3 on this machine."""
    files = min(files, MOST_FILES)
    with (
        tempfile.TemporaryDirectory(prefix="trainplat-benchmark-") as folder,
        s3_server() as (address, asked),
    ):
        data, ours = (
            Path(folder) / "data",
            Ours(Path(folder) / "home", {**KEYS, "AWS_ENDPOINT_URL": address}),
        )
        make_small(data, files)
        ours.begin()
        ours.do("remote", "add", "bucket", f"s3://{BUCKET}/objects")
        ours.commit(data)
        say(f"first push of {files} files")
        ours.do("push", "measured")
        change_one_percent(data, seed=1)
        ours.commit(data)
        asked.clear()
        cost = ours.do("push", "measured")
    lists = asked.pop("list", 0)
    return {
        "push1_files": float(files),
        "push1_changed": float(len(range(1, files, 100))),
        "push1_sent_objects": float(asked["PUT"]),
        "push1_requests": float(sum(asked.values()) + lists),
        "push1_list_requests": float(lists),
        "push1_ours_cpu_s": cost.cpu_s,
    }


@contextmanager
def s3_server() -> Iterator[tuple[str, Counter[str]]]:
    """A server of S3 with one bucket, and what it was asked: by method, and lists by themselves."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log_request(self, *_: Any) -> None:
            """Say nothing of each request."""

    asked: Counter[str] = Counter()
    answer: _Application = DomainDispatcherApplication(create_backend_app)

    def counted(environment: dict[str, Any], begin: Callable[..., Any]) -> Iterable[bytes]:
        is_list = environment["REQUEST_METHOD"] == "GET" and "list-type" in environment["QUERY_STRING"]
        asked["list" if is_list else environment["REQUEST_METHOD"]] += 1
        return answer(environment, begin)

    server = make_server("127.0.0.1", 0, counted, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with closing(HTTPConnection("127.0.0.1", server.server_port)) as connection:
            connection.request("PUT", f"/{BUCKET}")
            connection.getresponse()
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
