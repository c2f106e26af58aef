"""A loopback server that speaks OAI-PMH over a few invented records, and misbehaves when told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

NAMESPACES = 'xmlns="http://www.openarchives.org/OAI/2.0/"'


@dataclass(frozen=True)
class Record:
    """A record of the list; `created` empty: it is deleted."""

    arxiv_id: str
    stamp: str
    created: str = ""
    title: str = "Ponds freeze"
    sets: tuple[str, ...] = ("cs:cs:CL",)

    def xml(self) -> str:
        """As the protocol writes it."""
        deleted = "" if self.created else ' status="deleted"'
        header = (
            f"<header{deleted}><identifier>oai:arXiv.org:{self.arxiv_id}</identifier>"
            f"<datestamp>{self.stamp}</datestamp></header>"
        )
        if deleted:
            return f"<record>{header}</record>"
        return (
            f'<record>{header}<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{self.arxiv_id}</id>'
            f"<created>{self.created}</created><updated>{self.stamp}</updated><authors><author><keyname>Várga</keyname>"
            f"<forenames>Bo</forenames><suffix>Jr</suffix></author></authors><title>{escape(self.title)}</title>"
            f"<categories>cs.CL cs.AI</categories><comments>12 pages</comments>"
            f"<abstract>\n  Cold   nights\n  &amp; ice.\n</abstract></arXiv></metadata></record>"
        )


@dataclass
class OaiServer:
    """What is served, what was asked, and which requests go wrong."""

    records: list[Record]
    page: int = 2
    now: str = "2026-09-01T03:00:00Z"
    asked: list[dict[str, str]] = field(default_factory=list)
    faults: dict[int, tuple[int, str, dict[str, str]]] = field(default_factory=dict)
    """For the request of this number, from 1: status, body (`cut` is a list without its end) and headers."""
    epoch: int = 0
    """Tokens of another epoch have expired."""
    url: str = ""

    def answer(self, asked: dict[str, str]) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers for a request."""
        self.asked.append(asked)
        fault = self.faults.get(len(self.asked))
        if fault and fault[1] != "cut":
            return fault
        body = self.document(self.content(asked))
        return (200, body[: len(body) // 2], {}) if fault else (200, body, {})

    def document(self, content: str) -> str:
        """The whole answer."""
        return (
            f'<?xml version="1.0"?>\n<OAI-PMH {NAMESPACES}><responseDate>{self.now}</responseDate>{content}</OAI-PMH>\n'
        )

    def content(self, asked: dict[str, str]) -> str:
        """The list from `from` or the token on, or an error."""
        first, collection, skip = asked.get("from", ""), asked.get("set", ""), 0
        if "resumptionToken" in asked:
            epoch, first, collection, number = asked["resumptionToken"].split("|")
            if int(epoch) != self.epoch:
                return '<error code="badResumptionToken">gone</error>'
            skip = int(number)
        records = [r for r in self.records if r.stamp >= first and (not collection or collection in r.sets)]
        if not records:
            return '<error code="noRecordsMatch"/>'
        shown = "".join(record.xml() for record in records[skip : skip + self.page])
        more = skip + self.page < len(records)
        token = f"{self.epoch}|{first}|{collection}|{skip + self.page}" if more else ""
        return f"<ListRecords>{shown}<resumptionToken>{token}</resumptionToken></ListRecords>"


@contextmanager
def serving(records: list[Record], **options: Any) -> Iterator[OaiServer]:
    """A running server over these records, in the order in which they are listed."""
    state = OaiServer(records, **options)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            status, body, headers = state.answer(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/oai"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
