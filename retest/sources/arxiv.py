"""arXiv as a paper source: its query API, asked through the `arxiv` package behind our gate."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import arxiv  # type: ignore[import-untyped]
import requests

from retest.addresses import is_loopback
from retest.errors import InputError, SourceUnreachable
from retest.models import Hit, Paper, Query, Value
from retest.sources.gate import Clock, Gate, Sleep, Turnstile, service_of
from retest.sources.store import Store

QUERY_URL = "https://export.arxiv.org/api/query"
POLITE_DELAY = 3.0
"""Seconds between requests that arXiv's terms of use ask for: https://info.arxiv.org/help/api/tou.html"""

LOOKUP_BATCH = 100
LARGEST_PAGE = 300
"""Small pages: arXiv asks to refine queries rather than to page, and a long answer breaks off more often."""
LONGEST_QUERY = 1000
"""Characters; the service, or a proxy before it, refuses long addresses."""

FIRST_DAY = date(1991, 1, 1)
"""arXiv began that August."""
EVERYTHING = "submittedDate:[199101010000 TO 209912312359]"
"""The canary: a query that any arXiv answers unless it is out of order."""

_ARXIV_ID = re.compile(r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>\d+))?")
_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)*")
"""A point between digits belongs to the word, as in arXiv's own tokeniser: `3.5`."""
_OPERATORS = frozenset({"and", "or", "not", "andnot", "to"})


OVERLAP = timedelta(days=30)
"""How far back the next night asks again: papers appear late and out of order (moderation takes up to weeks)."""
ENDS_KEPT, SPANS_KEPT = 2, 12
"""Of how many nights the spans are remembered, and how many in all."""


class Earlier(Value):
    """A span of days over which the same terms were asked about before, with what was found."""

    after: date
    before: date
    arxiv_ids: tuple[str, ...]


def _days_of(query: Query) -> tuple[date, date]:
    return query.after or date.min, query.before


def _latest_before(query: Query, spans: Iterable[Earlier]) -> Earlier | None:
    """The span that reaches furthest before the query's end, of those that begin no later and leave no gap."""
    after, before = _days_of(query)
    fitting = [s for s in spans if s.after <= after <= s.before < before]
    return max(fitting, key=lambda s: (s.before, s.after), default=None)


class ArxivSource:
    """The query API with a library in front: what was asked for the same `as_of` is never asked again.

    arXiv's records change once a day, so `as_of` is part of what an answer is remembered by. Requests are
    the scarce thing: one per search, one per hundred ids, all of them through one connection. Methods may
    be called from several threads at once.
    """

    name = "arxiv"
    until = None

    def __init__(
        self,
        store: Store,
        *,
        home: Path,
        as_of: date,
        base_url: str = QUERY_URL,
        delay: float = POLITE_DELAY,
        clock: Clock = time.time,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._store, self._as_of = store, as_of
        self._url = query_url(base_url)
        self._service = service_of(self._url)
        delay = polite_delay(self._url, delay)
        turnstile = Turnstile(home, self._service, delay, clock=clock, sleep=sleep)
        self._gate = Gate(turnstile, backoff=max(delay, 0.5), clock=clock)
        self._probe_gate = Gate(turnstile, attempts=1, patience=10.0, read_seconds=10.0, clock=clock)
        self._client, self._probe_client = _client(self._url, self._gate), _client(self._url, self._probe_gate)
        self._client_lock = threading.Lock()
        self._landed: set[str] = set()
        """Ids whose records came over the wire in this run: as fresh as a lookup could make them."""
        self._canary_sang = False

    @property
    def requests(self) -> int:
        return self._gate.requests + self._probe_gate.requests

    def probe(self) -> None:
        """One cheap question, one try, 10 s: raises `SourceUnreachable` where arXiv does not answer it."""
        with self._client_lock:
            self._hear_canary(self._probe_client)

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        """The papers with these ids, a hundred per request; what is no arXiv id is unknown without asking.

        Versions are stripped, so the answer's keys carry none.
        """
        wanted = list(dict.fromkeys(filter(None, map(bare_id, arxiv_ids))))
        if any(self._unasked(wanted)):
            with self._client_lock:
                unasked = list(self._unasked(wanted))  # fewer by now where another thread was first
                for first in range(0, len(unasked), LOOKUP_BATCH):
                    self._look_up(unasked[first : first + LOOKUP_BATCH])
        unknown = {arxiv_id for arxiv_id in wanted if self._store.recall(self._id_key(arxiv_id)) == []}
        return self._store.get(arxiv_id for arxiv_id in wanted if arxiv_id not in unknown)

    def search(self, query: Query) -> list[Hit]:
        """Papers that arXiv finds most relevant to any of the terms, in its order: one request, asked once.

        A query without a word in it, or without a day, matches nothing and is not sent.
        """
        spans = self._spans(query)
        asked = next((s for s in spans if (s.after, s.before) == _days_of(query)), None)
        if asked is not None:
            return _ranked(self._store.get(asked.arxiv_ids).values(), query)
        earlier = _latest_before(query, spans)
        papers = self._answer(query) if earlier is None else self._since(earlier, query)
        self._note_span(query, papers, spans)
        return _ranked(papers, query)

    def _since(self, earlier: Earlier, query: Query) -> list[Paper]:
        """What was known, and what arXiv has from a month before that on."""
        first_new = max(query.after or date.min, earlier.before - OVERLAP)
        fresh = self._answer(query.model_copy(update={"after": first_new}))
        known = {paper.arxiv_id for paper in fresh}
        return [*fresh, *(p for i, p in self._store.get(earlier.arxiv_ids).items() if i not in known)]

    def _answer(self, query: Query) -> list[Paper]:
        """What arXiv answers to exactly this query, asked at most once for an `as_of`."""
        asked = wire_query(query)
        size = min(query.limit, LARGEST_PAGE)
        if not asked or size < 1:
            return []
        key = f"search {self._as_of} {self._url} {size} {asked}"
        papers = self._recalled(key)
        if papers is None:
            with self._client_lock:
                papers = self._recalled(key)  # another thread may have asked meanwhile
                if papers is None:
                    papers = self._fetch(arxiv.Search(query=asked, max_results=size), size)
                    self._store.remember(key, [paper.arxiv_id for paper in papers])
        return papers

    def _spans(self, query: Query) -> list[Earlier]:
        """The spans over which the same terms were asked about before."""
        return [Earlier.model_validate_json(row) for row in self._store.recall(self._span_key(query)) or ()]

    def _note_span(self, query: Query, papers: Sequence[Paper], spans: Sequence[Earlier]) -> None:
        """Remembers what is known of these terms up to `query.before`: the next night asks from there."""
        after, before = _days_of(query)
        span = Earlier(after=after, before=before, arxiv_ids=tuple(paper.arxiv_id for paper in papers))
        ends = sorted({before, *(s.before for s in spans)})[-ENDS_KEPT:]
        kept = [s for s in spans if s.before in ends and (s.after, s.before) != (after, before)]
        self._store.remember(self._span_key(query), [s.model_dump_json() for s in (*kept, span)][-SPANS_KEPT:])

    def _span_key(self, query: Query) -> str:
        return f"span {self._url} {query.limit} {' | '.join(query.terms)}"

    def find(self, query: Query) -> list[Hit]:
        return self._store.find(query)

    def _look_up(self, batch: Sequence[str]) -> None:
        # The page is as large as the batch, for the package asks again for what a smaller page left over.
        found = self._fetch(arxiv.Search(id_list=list(batch), max_results=len(batch)), len(batch))
        known = {paper.arxiv_id for paper in found}
        for arxiv_id in batch:
            self._store.remember(self._id_key(arxiv_id), [arxiv_id] if arxiv_id in known else [])

    def _unasked(self, arxiv_ids: Iterable[str]) -> Iterator[str]:
        for arxiv_id in arxiv_ids:
            if arxiv_id not in self._landed and self._recalled(self._id_key(arxiv_id)) is None:
                yield arxiv_id

    def _id_key(self, arxiv_id: str) -> str:
        return f"id {self._as_of} {self._url} {arxiv_id}"

    def _recalled(self, key: str) -> list[Paper] | None:
        """The answer as it was; None where it was never given, or where its records are gone."""
        arxiv_ids = self._store.recall(key)
        if arxiv_ids is None:
            return None
        papers = self._store.get(arxiv_ids)
        return list(papers.values()) if len(papers) == len(arxiv_ids) else None

    def _fetch(self, search: arxiv.Search, size: int) -> list[Paper]:
        """One request's papers, landed in the store."""
        papers = self._ask(self._client, search, size)
        if not papers and not self._canary_sang:
            self._hear_canary(self._client)
        self._store.add(papers)
        self._landed.update(paper.arxiv_id for paper in papers)
        return papers

    def _hear_canary(self, client: arxiv.Client) -> None:
        """Once per run: an arXiv out of order answers every query with a sound, empty feed."""
        if not self._ask(client, arxiv.Search(query=EVERYTHING, max_results=1), 1):
            raise SourceUnreachable(
                f"{self._service} is out of order: it finds no paper at all; run again later, or use --source catalogue"
            )
        self._canary_sang = True

    def _ask(self, client: arxiv.Client, search: arxiv.Search, size: int) -> list[Paper]:
        client.page_size = size
        try:
            return [paper_of(result) for result in client.results(search)]
        except (requests.RequestException, arxiv.ArxivError) as error:
            raise SourceUnreachable(
                f"{self._service} could not be asked ({error}); run again later, or use --source catalogue"
            ) from error


def _client(url: str, gate: Gate) -> arxiv.Client:
    """A client that leaves pace and patience to the gate."""
    client = arxiv.Client(delay_seconds=0, num_retries=0)
    client.query_url_format = url.replace("{", "{{").replace("}", "}}") + "?{}"
    session = client._session  # the package offers no other way to its transport
    session.max_redirects = 3
    session.trust_env = not is_loopback(url)  # a proxy cannot reach our own loopback
    session.mount("https://", gate)
    session.mount("http://", gate)
    return client


def _ranked(papers: Iterable[Paper], query: Query) -> list[Hit]:
    """The papers inside the query's days, for arXiv's date filter has failed before; scored by their order."""
    inside = [paper for paper in papers if (query.after or date.min) <= paper.published <= query.before]
    return [Hit(paper=paper, score=float(len(inside) - place)) for place, paper in enumerate(inside)]


def paper_of(result: arxiv.Result) -> Paper:
    """The package's result as our record; white space is collapsed, every other character kept."""
    matched = _ARXIV_ID.match(result.entry_id.partition("/abs/")[2])
    if matched is None:
        raise SourceUnreachable(f"arXiv answered with a paper that has no arXiv id: {result.entry_id}; run again later")
    categories = dict.fromkeys(filter(None, [result.primary_category, *result.categories]))
    return Paper(
        arxiv_id=matched["id"],
        title=_one_line(result.title),
        authors=tuple(_one_line(author.name) for author in result.authors),
        published=result.published.date(),
        updated=result.updated.date(),
        categories=tuple(categories),
        text=_one_line(result.summary),
        version=int(matched["version"] or 1),
        comment=_one_line(result.comment or ""),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def bare_id(text: str) -> str | None:
    """The arXiv id without its version; None where the text is none."""
    matched = _ARXIV_ID.fullmatch(text.strip())
    return matched["id"] if matched else None


def wire_query(query: Query) -> str:
    """The query in arXiv's language; empty where it has no word or no day.

    Every word gets its field, for a bare one would also match author names. The parentheses carry the
    meaning: operators group to the right, so `a OR b AND c` is `a OR (b AND c)`. Terms that no longer
    fit are left out from the end, where the least telling stand.
    """
    after = query.after or FIRST_DAY
    if after > query.before:
        return ""
    window = f"submittedDate:[{after:%Y%m%d}0000 TO {query.before:%Y%m%d}2359]"
    parts: list[str] = []
    length = len(f"() AND {window}")
    for term in dict.fromkeys(filter(None, map(wire_term, query.terms))):
        part = f"ti:{term} OR abs:{term}"
        length += len(part) + len(" OR ")
        if length > LONGEST_QUERY:
            break
        parts.append(part)
    return f"({' OR '.join(parts)}) AND {window}" if parts else ""


def wire_term(term: str) -> str:
    """A term with nothing in it that arXiv could take for syntax: plain words, quoted where there are several."""
    folded = unicodedata.normalize("NFKD", term).replace("’", "'").lower()
    folded = folded.replace("'s ", " ").removesuffix("'s").encode("ascii", "ignore").decode()
    words = _WORD.findall(folded)
    if len(words) > 1:
        return f'"{" ".join(words)}"'
    return words[0] if words and words[0] not in _OPERATORS else ""


def query_url(text: str) -> str:
    """The address of the query API, which `RETEST_ARXIV_URL` may give without its path."""
    place = urlsplit(text)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise InputError(f'RETEST_ARXIV_URL: "{text}" is no http address; give one like {QUERY_URL}')
    return urlunsplit((place.scheme, place.netloc, place.path.rstrip("/") or "/api/query", "", ""))


def polite_delay(url: str, delay: float) -> float:
    """Seconds between requests: as many as are asked for, but no fewer than arXiv's rule beyond loopback."""
    return max(0.0 if is_loopback(url) else POLITE_DELAY, delay)
