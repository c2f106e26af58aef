"""A loopback server that speaks chat completions: feed it answers, read back what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True)
class Sent:
    """One answer as it goes over the wire."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    held: bool = False
    """Never sent: the server keeps the request open until it is closed."""


Answering = Callable[[dict[str, Any]], Sent]
"""Takes the request's body."""

AT_ONCE = {"retry-after-ms": "1"}
"""The client takes `Retry-After: 0` for none given and backs off half a second; this it obeys."""


def said(
    content: object,
    *,
    finish: str = "stop",
    refusal: str | None = None,
    usage: dict[str, Any] | None = None,
) -> Sent:
    """A completion whose text is `content`, as JSON where it is not text already."""
    text = content if content is None or isinstance(content, str) else json.dumps(content)
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text, "refusal": refusal},
    }
    return completion([choice], usage)


def completion(choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> Sent:
    """A completion with these choices."""
    value = {"id": "c", "object": "chat.completion", "created": 0, "model": "scripted", "choices": choices}
    return Sent(body=json.dumps(value | ({"usage": usage} if usage else {})).encode())


def failed(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> Sent:
    """An error in the form that OpenAI and its like give it."""
    body = {"error": {"message": message, "type": "invalid_request_error", **more}}
    return Sent(status=status, body=json.dumps(body).encode(), headers=headers or {})


class ChatServer:
    """Answers in order with `answers`, or with whatever a function makes of each request."""

    def __init__(self, answers: Sequence[Sent] | Answering) -> None:
        self.asked: list[dict[str, Any]] = []
        """Bodies of the requests, in order."""
        self.headers: list[dict[str, str]] = []
        """Their headers, names in lower case."""
        self._answers = answers
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ChatServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()

    def text(self, index: int) -> str:
        """All messages of a request, one below the other."""
        return "\n\n".join(message["content"] for message in self.asked[index]["messages"])

    def _next(self, body: dict[str, Any], headers: dict[str, str]) -> Sent:
        with self._lock:
            self.asked.append(body)
            self.headers.append(headers)
            number = len(self.asked) - 1
        if callable(self._answers):
            return self._answers(body)
        if number < len(self._answers):
            return self._answers[number]
        return failed(400, f"the script has {len(self._answers)} answers and was asked once more")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for head and body, or each answer waits for the client's delayed ACK

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = server._next(json.loads(raw), {name.lower(): value for name, value in self.headers.items()})
                if answer.held:
                    server._closed.wait()
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_: object) -> None:
                """Keeps the test's output quiet."""

        return Handler
