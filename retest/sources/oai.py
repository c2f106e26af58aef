"""Harvests arXiv's records over OAI-PMH: page by page behind the gate, resumable, each page whole or not at all.

The rules are arXiv's (https://info.arxiv.org/help/oa/index.html) and the protocol's
(https://www.openarchives.org/OAI/openarchivesprotocol.html). Three of them shaped this module:

- a datestamp is the day of a record's last modification, so a harvest from a day brings old papers as well,
  and the day of v1 is the record's own `created`;
- a list comes in pages, each with a token for the next; a token lives for a day, and says nothing by itself;
- errors come with status 200. `noRecordsMatch` is an answer; `badResumptionToken` means to begin anew.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit
from xml.etree import ElementTree

import requests

from retest.addresses import is_loopback
from retest.errors import InputError, RetestError, SourceUnreachable
from retest.models import Paper
from retest.sources.arxiv import bare_id, polite_delay
from retest.sources.gate import Clock, Fault, Gate, Sleep, Turnstile, service_of
from retest.sources.store import HarvestState, Store

OAI_URL = "https://oaipmh.arxiv.org/oai"
READ_SECONDS = 240.0
"""A page of a thousand records and more takes arXiv minutes on a bad day (183 s were seen before a 503)."""
EARLIEST = date(2007, 5, 24)
"""arXiv's datestamps begin here; an earlier `from` is an error, so that none is sent."""
OVERLAP = timedelta(days=1)
"""The next harvest begins a day early: the server's clock is UTC, and its datestamps may be those of New York."""

PHYSICS = frozenset(
    "astro-ph cond-mat gr-qc hep-ex hep-lat hep-ph hep-th math-ph nlin nucl-ex nucl-th physics quant-ph".split()  # noqa: SIM905
)
"""Archives whose sets stand under `physics`; every other archive is its own group."""

_CATEGORY = re.compile(r"(?P<archive>[a-z]+(?:-[a-z]+)?)(?:\.(?P<subject>[A-Za-z-]+))?")
_PMH = "{http://www.openarchives.org/OAI/2.0/}"
_ARXIV = "{http://arxiv.org/OAI/arXiv/}"
_EMPTY, _STALE = "noRecordsMatch", "badResumptionToken"


# --- what is asked for -----------------------------------------------------------------------------


def set_of(category: str) -> str:
    """The OAI set of an arXiv category or archive: `cs.CL` is `cs:cs:CL`, `hep-th` is `physics:hep-th`; `all` is no set.

    Raises InputError for what has not the form of a category.
    """
    if category == "all":
        return ""
    matched = _CATEGORY.fullmatch(category)
    if matched is None:
        raise InputError(
            f"--categories {category}: not an arXiv category; write them like cs.CL,cs.LG,stat.ML, or all for every one"
        )
    archive, subject = matched["archive"], matched["subject"]
    group = "physics" if archive in PHYSICS else archive
    if subject:
        return f"{group}:{archive}:{subject}"
    return f"{group}:{archive}" if group != archive else archive


def sets_of(categories: str) -> list[str]:
    """The sets of a list of categories with commas between, each once, sorted; `all` makes the others needless."""
    wanted = sorted({set_of(part.strip()) for part in categories.split(",") if part.strip()})
    if not wanted:
        raise InputError("--categories: none given; write them like cs.CL,cs.LG,stat.ML, or all for every one")
    return [""] if "" in wanted else wanted


# --- what comes back -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One page of a list of records."""

    papers: tuple[Paper, ...]
    deleted: tuple[str, ...]
    """Ids of records that arXiv has withdrawn from its list."""
    first_stamp: str
    last_stamp: str
    """The smallest and the largest datestamp on it; empty where it holds no record."""
    token: str
    """Where the next page begins; empty on the last one."""
    answered: str
    """The server's clock when it answered."""


class TokenExpired(RetestError):
    """The server no longer knows where we were."""


def fault_of_list(body: bytes) -> str | None:
    """Why the body is not a whole OAI-PMH document; None where it is."""
    if body[:64].lstrip().lower().startswith(b"rate exceeded"):
        return '"Rate exceeded." in place of a list'
    # A document type could declare entities that expand without end; OAI-PMH has none.
    if b"<OAI-PMH" not in body[:1000] or b"<!DOCTYPE" in body:
        return "a page that is no OAI-PMH answer"
    if not body.rstrip().endswith(b"</OAI-PMH>"):
        return "a list cut off before its end"
    try:
        ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return "a garbled list"
    return None


def page_of(body: bytes) -> Page:
    """The page that a whole document holds. Raises TokenExpired, or SourceUnreachable for any other complaint."""
    document = ElementTree.fromstring(body)
    answered = (document.findtext(f"{_PMH}responseDate") or "").strip()
    error = document.find(f"{_PMH}error")
    if error is not None:
        return _answer_to(error, answered)
    listed = document.find(f"{_PMH}ListRecords")
    if listed is None:
        raise SourceUnreachable("the OAI-PMH service answered without a list; check RETEST_OAI_URL, or run again later")
    records = listed.findall(f"{_PMH}record")
    stamps = sorted(filter(None, (_text(record, f"{_PMH}header/{_PMH}datestamp")[:10] for record in records)))
    return Page(
        papers=tuple(filter(None, map(_paper, records))),
        deleted=tuple(filter(None, map(_deleted, records))),
        first_stamp=stamps[0] if stamps else "",
        last_stamp=stamps[-1] if stamps else "",
        token=(listed.findtext(f"{_PMH}resumptionToken") or "").strip(),
        answered=answered,
    )


def _answer_to(error: ElementTree.Element, answered: str) -> Page:
    code, reason = error.get("code", ""), " ".join("".join(error.itertext()).split())
    if code == _EMPTY:
        return Page((), (), "", "", "", answered)
    if code == _STALE:
        raise TokenExpired("the harvest cannot go on where it was: the server has forgotten its place; run it again")
    raise SourceUnreachable(
        f"the OAI-PMH service refuses the harvest ({code}: {reason or 'no reason given'}); check --categories and --from"
    )


def _deleted(record: ElementTree.Element) -> str | None:
    header = record.find(f"{_PMH}header")
    if header is None or header.get("status") != "deleted":
        return None
    return bare_id(_text(header, f"{_PMH}identifier").rpartition("arXiv.org:")[2])


def _paper(record: ElementTree.Element) -> Paper | None:
    """The record as ours; None for a deleted one. The format `arXiv` knows no version: it counts as the first."""
    told = record.find(f"{_PMH}metadata/{_ARXIV}arXiv")
    if told is None:
        return None
    arxiv_id = bare_id(_text(told, f"{_ARXIV}id"))
    created, title = _text(told, f"{_ARXIV}created"), _text(told, f"{_ARXIV}title")
    if arxiv_id is None or not created or not title:
        raise SourceUnreachable(
            "the OAI-PMH service sent a record without id, day or title; run again later, and report it if it stays"
        )
    return Paper(
        arxiv_id=arxiv_id,
        title=title,
        authors=tuple(filter(None, map(_author, told.iter(f"{_ARXIV}author")))),
        published=date.fromisoformat(created),
        updated=date.fromisoformat(_text(told, f"{_ARXIV}updated") or created),
        categories=tuple(_text(told, f"{_ARXIV}categories").split()),
        text=_text(told, f"{_ARXIV}abstract"),
        comment=_text(told, f"{_ARXIV}comments"),
    )


def _author(author: ElementTree.Element) -> str:
    parts = (_text(author, _ARXIV + name) for name in ("forenames", "keyname", "suffix"))
    return " ".join(filter(None, parts))


def _text(element: ElementTree.Element, path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


# --- asking ----------------------------------------------------------------------------------------


class ListGate(Gate):
    """The gate with another idea of a whole body: the pace, the tries and the patience are the query API's."""

    def _judged(
        self, request: requests.PreparedRequest, response: requests.Response, body: bytes
    ) -> requests.Response | Fault:
        if response.status_code == 400:
            return Fault("status 400", is_final=True)
        if response.status_code != 200:
            return super()._judged(request, response, body)
        fault = fault_of_list(body)
        return Fault(fault) if fault else response

    def _accepted(self, response: requests.Response) -> requests.Response:
        return response


class OaiClient:
    """Lists of records from one OAI-PMH service, one page per request."""

    def __init__(
        self, url: str, turnstile: Turnstile, *, backoff: float = 3.0, attempts: int = 4, clock: Clock = time.time
    ) -> None:
        self.url = oai_url(url)
        self._gate = ListGate(turnstile, attempts=attempts, backoff=backoff, read_seconds=READ_SECONDS, clock=clock)
        self._session = requests.Session()
        self._session.max_redirects = 3
        self._session.trust_env = not is_loopback(self.url)
        self._session.mount("https://", self._gate)
        self._session.mount("http://", self._gate)

    @property
    def requests(self) -> int:
        """How many requests went out, tries that failed included."""
        return self._gate.requests

    def page(self, collection: str, first: date, token: str = "") -> Page:
        """The page at `token`, or the first one of the records changed since `first`.

        No `until` is ever sent: arXiv's server is slow where it must bound a list. Raises TokenExpired,
        SourceUnreachable.
        """
        asked = {"verb": "ListRecords"}
        if token:
            asked["resumptionToken"] = token
        else:
            asked["metadataPrefix"] = "arXiv"
            if first >= EARLIEST:
                asked["from"] = first.isoformat()
            if collection:
                asked["set"] = collection
        try:
            return page_of(self._session.get(f"{self.url}?{urlencode(asked)}").content)
        except requests.RequestException as error:
            raise SourceUnreachable(
                f"{service_of(self.url)} could not be asked ({error}); run again later: the harvest goes on where it was"
            ) from error


def open_client(url: str, home: Path, delay: float, clock: Clock = time.time, sleep: Sleep = time.sleep) -> OaiClient:
    """A client that shares its pace with everybody who asks arXiv from the folder `home`."""
    url = oai_url(url)
    delay = polite_delay(url, delay)
    turnstile = Turnstile(home, service_of(url), delay, clock=clock, sleep=sleep)
    return OaiClient(url, turnstile, backoff=max(delay, 0.5), clock=clock)


def oai_url(text: str) -> str:
    """The base address, which `RETEST_OAI_URL` may give without its path."""
    place = urlsplit(text)
    if place.scheme not in ("http", "https") or not place.hostname:
        raise InputError(f'RETEST_OAI_URL: "{text}" is no http address; give one like {OAI_URL}')
    return urlunsplit((place.scheme, place.netloc, place.path.rstrip("/") or "/oai", "", ""))


# --- harvesting ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Landed:
    """What one page came to."""

    collection: str
    page: int
    seen: int
    """Records on the page, of whatever age."""
    kept: int
    """Of those: new to the store, or changed."""
    removed: int
    reached: str
    """The largest datestamp so far."""


def harvest(client: OaiClient, store: Store, collection: str, since: date) -> Iterator[Landed]:
    """Bring the papers of a set that were first submitted on or after `since` into the store, page by page.

    A page is in the store before its place is noted: whoever is killed between the two asks for one page
    twice, and misses none. A finished harvest leaves the day at which the next one begins.
    """
    key = (client.url, collection, since)
    state = store.harvest_state(*key) or HarvestState()
    number = 0
    while True:
        number += 1
        try:
            page = client.page(collection, _first_day(state, since), state.token)
        except TokenExpired:
            if not state.token:
                raise
            state = _without_token(state)
            store.keep_harvest_state(*key, state)
            continue
        kept = store.add(paper for paper in page.papers if paper.published >= since)
        removed = store.remove(page.deleted)
        state = _after(state, page)
        store.keep_harvest_state(*key, state)
        yield Landed(collection, number, len(page.papers) + len(page.deleted), kept, removed, state.reached)
        if not state.token:
            return


def _first_day(state: HarvestState, since: date) -> date:
    """The day from which a list is asked for: where a lost one broke off, else where the last one began, else `since`."""
    if state.reached:
        return date.fromisoformat(state.reached)
    if state.finished:
        return max(since, date.fromisoformat(state.finished[:10]) - OVERLAP)
    return since


def _without_token(state: HarvestState) -> HarvestState:
    """The place to begin anew: the last day that came, as long as the days came in order; else the beginning."""
    return HarvestState(
        token="", begun=state.begun, reached=state.reached if state.in_order else "", finished=state.finished
    )


def _after(state: HarvestState, page: Page) -> HarvestState:
    """The state once the page is in the store."""
    begun = state.begun or page.answered
    if not page.token:
        return HarvestState(finished=begun)
    in_order = state.in_order and (not page.first_stamp or page.first_stamp >= state.reached)
    return HarvestState(
        token=page.token,
        begun=begun,
        reached=max(state.reached, page.last_stamp),
        in_order=in_order,
        finished=state.finished,
    )
