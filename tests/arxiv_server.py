"""A loopback server that speaks arXiv's query API over a few invented papers, and misbehaves when told to."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from retest.models import Paper

PAPERS = (
    Paper(
        arxiv_id="2501.00001",
        title="Small Ponds Freeze First",
        authors=("Ada Ilves", "Bo Varga"),
        published=date(2025, 1, 2),
        categories=("cs.CL", "cs.AI"),
        text="We watch forty ponds. The small ones freeze first; self-freezing was seen twice.",
    ),
    Paper(
        arxiv_id="2506.00002",
        title="Large Ponds Freeze Late",
        authors=("Cem Duru",),
        published=date(2025, 6, 3),
        categories=("cs.LG",),
        text="Large ponds freeze late, except where the wind is strong.",
        version=3,
        comment="12 pages",
    ),
    Paper(
        arxiv_id="2602.00003",
        title="Salt Changes Everything",
        published=date(2026, 2, 1),
        categories=("stat.ML",),
        text="With salt, ponds of any size stay open. This overturns the rule of size.",
    ),
    Paper(
        arxiv_id="cs/0112017",
        title="An Old Note on Ice",
        authors=("Eva Falk",),
        published=date(2001, 12, 14),
        categories=("cs.CL",),
        text="Ice is cold.",
    ),
)

TERM = re.compile(r'(?:ti|abs):("[^"]*"|[^\s()]+)')
WINDOW = re.compile(r"submittedDate:\[(\d{12}) TO (\d{12})\]")


@dataclass(frozen=True)
class Fault:
    """What to do with one request in place of answering it well."""

    kind: str
    """`status`, `body`, `error feed`, `cut`, `cut silently`, `short`, `empty`, `reset`, `slow` or `redirect`."""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class ArxivServer:
    """Answers over `papers`; the first of `faults` strikes the next request, and so on, `always` the rest."""

    def __init__(self, clock: FakeClock) -> None:
        self.papers: list[Paper] = list(PAPERS)
        self.faults: list[Fault | None] = []
        self.always: Fault | None = None
        self.queries: list[dict[str, str]] = []
        self.agents: list[str] = []
        self.arrivals: list[float] = []
        self.released = threading.Event()
        """Lets a `slow` answer end."""
        self._clock = clock
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def take(self, handler: BaseHTTPRequestHandler) -> Fault | None:
        """Note the request; the fault that strikes it."""
        query = parse_qs(urlsplit(handler.path).query)
        self.queries.append({name: values[0] for name, values in query.items()})
        self.agents.append(handler.headers.get("User-Agent", ""))
        self.arrivals.append(self._clock())
        return self.faults.pop(0) if self.faults else self.always

    def feed(self, query: dict[str, str], *, drop: int = 0) -> str:
        """The page that answers the query, without its last `drop` papers."""
        found = self._found(query)
        start, size = int(query.get("start", 0)), int(query.get("max_results", 10))
        page = found[start : start + size]
        return feed_of(page[: len(page) - drop], total=len(found), start=start)

    def _found(self, query: dict[str, str]) -> list[Paper]:
        if ids := query.get("id_list"):
            return [paper for paper in reversed(self.papers) if paper.arxiv_id in ids.split(",")]
        asked = query["search_query"]
        first, last = WINDOW.search(asked).groups()  # type: ignore[union-attr]
        words = [term.strip('"').lower() for term in TERM.findall(asked)]
        return [
            paper
            for paper in self.papers
            if first[:8] <= f"{paper.published:%Y%m%d}" <= last[:8]
            and (not words or any(word in f"{paper.title} {paper.text}".lower() for word in words))
        ]


def feed_of(papers: list[Paper], *, total: int, start: int = 0) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>\n" + "".join(map(entry_of, papers)) + "</feed>\n"
    )


def entry_of(paper: Paper) -> str:
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
    categories = "".join(f'<category term="{name}"/>' for name in sorted(paper.categories))
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.arxiv_id}v{paper.version}</id>\n"
        f"<title>{escape(paper.title.replace(' ', chr(10) + '  ', 1))}</title>\n"
        f"<updated>{paper.updated or paper.published}T12:00:00Z</updated>\n"
        f"<summary>  {escape(paper.text.replace('. ', '.' + chr(10)))}\n</summary>\n{categories}"
        f"<published>{paper.published}T12:00:00Z</published>\n<arxiv:comment>{paper.comment}</arxiv:comment>\n"
        f'<arxiv:primary_category term="{paper.categories[0]}"/>{authors}</entry>\n'
    )


ERROR_FEED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
    'xmlns="http://www.w3.org/2005/Atom"><opensearch:totalResults>1</opensearch:totalResults>'
    "<entry><id>https://arxiv.org/api/errors</id><title>Error</title>"
    "<summary>Invalid query string: 'ti:('</summary></entry></feed>"
)


def _handler(server: ArxivServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fault = server.take(self)
            query = server.queries[-1]
            if fault is None:
                return self.reply(200, server.feed(query))
            match fault.kind:
                case "status" | "body" | "redirect":
                    self.reply(fault.status, fault.body, fault.headers)
                case "error feed":
                    self.reply(fault.status, ERROR_FEED)
                case "cut":
                    self.reply(200, server.feed(query), cut=120, announced=True)
                case "cut silently":
                    self.reply(200, server.feed(query), cut=120)
                case "short":
                    self.reply(200, server.feed(query, drop=1))
                case "empty":
                    self.reply(200, feed_of([], total=0))
                case "slow":
                    server.released.wait(10)
                case "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
            return None

        def reply(
            self,
            status: int,
            text: str,
            headers: dict[str, str] | None = None,
            *,
            cut: int = 0,
            announced: bool = False,
        ) -> None:
            body = text.encode()
            sent = body[: len(body) - cut]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body if announced else sent)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def serving(clock: FakeClock) -> Iterator[ArxivServer]:
    server = ArxivServer(clock)
    server.start()
    try:
        yield server
    finally:
        server.stop()
