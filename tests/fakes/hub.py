"""A Hugging Face hub of one file, on loopback, with the faults of the real network on demand."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Request:
    """One request as the hub saw it."""

    method: str
    path: str
    range: str | None


@dataclass
class Hub:
    """What the hub serves, which faults it has, and what it was asked."""

    content: bytes
    endpoint: str = ""
    """Address; set once the hub runs."""
    etag: str | None = None
    """Etag it states; ``None`` is the sha256 of the content."""
    status: int = 200
    """Status of every answer; 404 stands for a file that is not there."""
    break_after: int | None = None
    """Bytes after which the first download breaks off."""
    silent: threading.Event | None = None
    """Answers wait for this event."""
    requests: list[Request] = field(default_factory=list)
    """Every request so far."""

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each download."""
        return [request.range for request in self.requests if request.method == "GET"]


@contextlib.contextmanager
def running_hub(hub: Hub) -> Iterator[Hub]:
    """The hub while it can be reached under ``hub.endpoint``."""

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # server_close waits for the answers, so that no socket is left open
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        if hub.silent:
            hub.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        content = self._answer()
        hub = self.served
        if hub.break_after is not None and content:
            content, hub.break_after = content[: hub.break_after], None
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)

    def _answer(self) -> bytes:
        hub = self.served
        asked = self.headers.get("Range")
        hub.requests.append(Request(self.command, self.path, asked))
        if hub.silent:
            hub.silent.wait()
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        content = hub.content[start:] if hub.status == 200 else b""
        etag = hub.etag or hashlib.sha256(hub.content).hexdigest()
        with contextlib.suppress(ConnectionError):
            self.send_response(206 if start and hub.status == 200 else hub.status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", COMMIT)
            if hub.status == 404:
                self.send_header("X-Error-Code", "EntryNotFound")
            if hub.status == 200:
                self.send_header("ETag", f'"{etag}"')
                self.send_header("X-Linked-Etag", f'"{etag}"')
                self.send_header("X-Linked-Size", str(len(hub.content)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
            self.end_headers()
        return content

    def log_message(self, *_: object) -> None:
        pass
