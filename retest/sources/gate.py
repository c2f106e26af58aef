"""The gate under the `arxiv` package's session: what passes it is a request in its turn or a whole feed.

The package itself paces per client, retries at once, never times out, and takes an outage for an empty
answer: status 200 with "Rate exceeded.", an HTML page or an error feed becomes an empty list, a body cut
off in the middle a shorter abstract. Its `Client` asks through a `requests` session, so all of it can be
put right in a transport adapter, below the package.

Who may ask, and when, is kept by the `Turnstile` in two small files that all threads and processes share:

- one request at a time, the next one `delay` seconds after the end of the one before. Counting from the
  end is what guarantees the distance at the server: a request may have been long on its way.
- after a failed try nobody asks before the back-off, or the server's `Retry-After`, is over.
- after two requests in a row that spent all their tries, and when a server asks for a pause longer than our
  patience, the way is closed for `cooldown` seconds (or for the pause): every request fails at once, so that
  two hundred claims do not each wait through all tries. The first request after that is let through; another
  failure closes the way again, a success opens it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit
from xml.etree import ElementTree

import requests
from requests.adapters import HTTPAdapter

from retest.errors import OutputError, RetestError, SourceUnreachable

PROJECT_URL = "https://github.com/retest-audit/retest"

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
ATTEMPTS = 4
PATIENCE_SECONDS = 60.0
COOLDOWN_SECONDS = 60.0
LONGEST_CLOSURE = 3600.0
"""No `Retry-After` closes the way for longer: a nonsensical one must not cost a night."""
QUEUE_SECONDS = 600.0
OUTAGES_BEFORE_CLOSING = 2

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

Clock = Callable[[], float]
"""Seconds since the epoch: times are kept in a file, so a clock that starts with the process will not do."""
Sleep = Callable[[float], None]


def user_agent() -> str:
    """Who we are, with a place to complain."""
    try:
        release = version("retest")
    except PackageNotFoundError:
        release = "0"
    return f"retest/{release} ({PROJECT_URL}; research tool)"


class QueryRefused(RetestError):
    """The service answered, and what it says is that the query is wrong: asking again cannot help."""


# --- turns -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pace:
    """What the sharers of a turnstile know of each other; times are seconds since the epoch."""

    next_allowed_at: float = 0.0
    closed_until: float = 0.0
    outages: int = 0
    """Requests in a row that spent all their tries."""


class Turnstile:
    """One request at a time and `delay` seconds between two, for everybody who shares `home`.

    The lock is a transaction on an empty SQLite file: portable, and released by the system when its holder
    is killed. What is known of the pace stands in a JSON file beside it, so that it outlives a kill.
    """

    def __init__(
        self,
        home: Path,
        service: str,
        delay: float,
        *,
        clock: Clock = time.time,
        sleep: Sleep = time.sleep,
        cooldown: float = COOLDOWN_SECONDS,
    ) -> None:
        self.service = service
        self._gap = delay + 0.1 if delay >= 1 else delay
        self._clock, self._sleep, self._cooldown = clock, sleep, cooldown
        self._thread_lock = threading.Lock()
        name = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in service)
        self._lock_path, self._pace_path = home / f"gate-{name}.lock", home / f"gate-{name}.json"
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{home}: cannot be made ({error.strerror}); set RETEST_HOME to another folder"
            ) from error
        self._pace = Pace()

    @contextmanager
    def turn(self, patience: float) -> Iterator[None]:
        """Wait for our turn and hold it; refuse at once where the wait is known to exceed `patience`.

        The wait passes outside the lock: a process that slept inside would take the next turn as well, and
        the others, who can only look again from time to time, would starve.
        """
        with self._thread_lock:
            while True:
                with self._process_lock():
                    wait = self._wait(patience)
                    if wait < 0.001:  # finer than a clock of this size can be set
                        self._begin_gap()  # now as well as afterwards: we may be killed on the way
                        try:
                            yield
                        finally:
                            self._begin_gap()
                        return
                self._sleep(wait)

    def succeeded(self) -> None:
        """Within a turn: the service answers."""
        self._pace = replace(self._pace, outages=0, closed_until=0.0)

    def pause(self, seconds: float) -> None:
        """Within a turn: nobody asks for so long."""
        until = self._clock() + min(seconds, PATIENCE_SECONDS)
        self._pace = replace(self._pace, next_allowed_at=max(self._pace.next_allowed_at, until))

    def exhausted(self) -> None:
        """Within a turn: a request has spent all its tries."""
        self._pace = replace(self._pace, outages=self._pace.outages + 1)
        if self._pace.outages >= OUTAGES_BEFORE_CLOSING:
            self.close(self._cooldown)

    def close(self, seconds: float) -> None:
        """Within a turn: every request fails at once for so long."""
        until = self._clock() + min(seconds, LONGEST_CLOSURE)
        self._pace = replace(self._pace, closed_until=max(self._pace.closed_until, until))

    def _wait(self, patience: float) -> float:
        """Seconds until the next request is allowed."""
        self._pace = self._read()
        closed_for = self._pace.closed_until - self._clock()
        if 0 < closed_for <= LONGEST_CLOSURE:
            raise self._closed(closed_for)
        wait = self._pace.next_allowed_at - self._clock()
        if wait > PATIENCE_SECONDS + self._gap:  # never written: the clock has been set back
            wait = self._gap
            self._write(Pace(next_allowed_at=self._clock() + wait))
        if wait > max(patience, self._gap):
            raise self._closed(wait)
        return wait

    def _closed(self, seconds: float) -> SourceUnreachable:
        return SourceUnreachable(
            f"{self.service} failed to answer just now and is left alone for another {seconds:.0f} s;"
            " run again after that, or use --source catalogue"
        )

    def _begin_gap(self) -> None:
        until = self._clock() + self._gap
        self._pace = replace(self._pace, next_allowed_at=max(self._pace.next_allowed_at, until))
        self._write(self._pace)

    @contextmanager
    def _process_lock(self) -> Iterator[None]:
        with closing(self._open_lock()) as connection:
            yield
            connection.rollback()

    def _open_lock(self) -> sqlite3.Connection:
        """Take the lock; SQLite waits in steps of a second, so that Ctrl-C is heard."""
        try:
            connection = sqlite3.connect(self._lock_path, timeout=1.0, isolation_level=None, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise OutputError(f"{self._lock_path}: {error}; set RETEST_HOME to a folder you may write to") from error
        for _ in range(int(QUEUE_SECONDS)):
            try:
                connection.execute("BEGIN IMMEDIATE")
                return connection
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    connection.close()
                    message = f"{self._lock_path}: {error}; set RETEST_HOME to a folder you may write to"
                    raise OutputError(message) from error
        connection.close()
        raise SourceUnreachable(
            f"another retest has been asking {self.service} for {QUEUE_SECONDS / 60:.0f} minutes; wait, or end it"
        )

    def _read(self) -> Pace:
        try:
            kept = json.loads(self._pace_path.read_text())
            return Pace(float(kept["next_allowed_at"]), float(kept["closed_until"]), int(kept["outages"]))
        except FileNotFoundError:
            return Pace()
        except (ValueError, KeyError, TypeError):  # whatever it said: as if somebody had asked just now
            pace = Pace(next_allowed_at=self._clock() + self._gap)
            self._write(pace)
            return pace

    def _write(self, pace: Pace) -> None:
        beside = self._pace_path.with_suffix(".new")
        try:
            beside.write_text(json.dumps(asdict(pace)))
            beside.replace(self._pace_path)
        except OSError as error:
            message = f"{self._pace_path}: {error.strerror}; set RETEST_HOME to a folder you may write to"
            raise OutputError(message) from error


# --- feeds -----------------------------------------------------------------------------------------


def fault_of_feed(body: bytes, *, start: int, asked: int) -> str | None:
    """Why the body is not the whole page of a feed that was asked for; None where it is.

    `start` and `asked` are the request's `start` and `max_results`. The package parses with `recover=True`,
    which makes something of anything; here the XML must be sound to its last byte, its entries as many as its
    own total promises, and each of them one that the package would keep.
    """
    if body[:64].lstrip().lower().startswith(b"rate exceeded"):
        return '"Rate exceeded." in place of a feed'
    if b"<feed" not in body[:1000] or b"<!DOCTYPE" in body:
        return "a page that is not a feed"
    if not body.rstrip().endswith(b"</feed>"):
        return "a feed cut off before its end"
    try:
        feed = ElementTree.fromstring(body)
        total = int(feed.findtext(f"{_OPENSEARCH}totalResults", ""))
        entries = feed.findall(f"{_ATOM}entry")
        whole = all(_is_paper(entry) for entry in entries)
    except (ElementTree.ParseError, ValueError):
        return "a garbled feed"
    expected = max(0, min(asked, total - start))
    if len(entries) != expected:
        return f"a feed with {len(entries)} of {expected} papers"
    return None if whole else "a feed with an entry that is no paper"


def _is_paper(entry: ElementTree.Element) -> bool:
    """Whether the package keeps the entry; ValueError for a date that it would stumble over."""
    for name in ("published", "updated"):
        datetime.fromisoformat(entry.findtext(_ATOM + name, "").strip().replace("Z", "+00:00"))
    return "/abs/" in entry.findtext(f"{_ATOM}id", "")


def complaint_of(body: bytes) -> str | None:
    """What an error feed says is wrong with the query; None for any other body."""
    try:
        entry = ElementTree.fromstring(body).find(f"{_ATOM}entry")
    except ElementTree.ParseError:
        return None
    if entry is None or entry.findtext(f"{_ATOM}title", "").strip() != "Error":
        return None
    if "/abs/" in entry.findtext(f"{_ATOM}id", ""):
        return None  # a paper may be called that
    return " ".join(entry.findtext(f"{_ATOM}summary", "").split()) or "no reason given"


def service_of(url: str) -> str:
    """Whose pace a request counts for: all of arXiv's hosts are one service, as its terms of use have it."""
    place = urlsplit(url)
    host = place.hostname or ""
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        return "arXiv"
    return f"{host}:{place.port}" if place.port else host


# --- the gate --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A try that came to nothing."""

    reason: str
    retry_after: float | None = None
    """Seconds, where the server names them."""
    is_final: bool = False
    """Asking again would be answered the same."""


class Gate(HTTPAdapter):
    """A transport adapter for the query API, to be mounted on the session of the one `arxiv.Client`.

    `send` returns a whole feed, or raises: `SourceUnreachable` when all tries are spent, `QueryRefused` when
    the service finds fault with the query. The client must neither pace nor retry (`delay_seconds=0,
    num_retries=0`); it catches neither of the two.
    """

    def __init__(
        self,
        turnstile: Turnstile,
        *,
        attempts: int = ATTEMPTS,
        patience: float = PATIENCE_SECONDS,
        backoff: float = 3.0,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        clock: Clock = time.time,
    ) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.requests = 0
        """How many requests went out, tries that failed included."""
        self._turnstile = turnstile
        self._attempts, self._patience, self._backoff = attempts, patience, backoff
        self._timeout = (connect_seconds, read_seconds)
        self._clock = clock

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One question, asked in its turn and as often as makes sense; `stream` and `timeout` are ours to set."""
        request.headers["User-Agent"] = user_agent()  # the package sends its own, from a private global
        for attempt in range(1, self._attempts + 1):
            with self._turnstile.turn(self._patience):
                answer = self._ask(request, verify=verify, cert=cert, proxies=proxies)
                if not isinstance(answer, Fault):
                    self._turnstile.succeeded()
                    return self._accepted(answer)
                self._take(answer, attempt)
        raise AssertionError("the last attempt returns or raises")

    def _ask(self, request: requests.PreparedRequest, **options: object) -> requests.Response | Fault:
        self.requests += 1
        try:
            response = super().send(request, stream=False, timeout=self._timeout, **options)  # type: ignore[arg-type]
            body = response.content  # read within the turn: only then has the request ended
        except requests.Timeout:
            return Fault("no answer in time")
        except requests.exceptions.ChunkedEncodingError:
            return Fault("an answer cut off on its way")
        except requests.ConnectionError as error:
            return Fault(f"no connection ({_cause(error)})")
        except requests.exceptions.ContentDecodingError:
            return Fault("a garbled answer")
        return self._judged(request, response, body)

    def _judged(
        self, request: requests.PreparedRequest, response: requests.Response, body: bytes
    ) -> requests.Response | Fault:
        """The response where it answers our question: a whole feed, a complaint, a move within the host."""
        status = response.status_code
        if response.is_redirect:
            return self._moved(request, response)
        if status == 400:
            return response
        if status != 200:
            may_pass = status == 429 or status >= 500
            return Fault(f"status {status}", _retry_after(response, self._clock()), is_final=not may_pass)
        asked = parse_qs(urlsplit(request.url or "").query)
        start, page = int(asked.get("start", ["0"])[0]), int(asked.get("max_results", ["10"])[0])
        fault = fault_of_feed(body, start=start, asked=page)
        if fault is None or complaint_of(body):
            return response
        return Fault(fault, _retry_after(response, self._clock()))

    def _moved(self, request: requests.PreparedRequest, response: requests.Response) -> requests.Response | Fault:
        """A redirect is followed by the session, through this gate again, as long as the host stays the same."""
        target = urljoin(request.url or "", response.headers.get("location", ""))
        if urlsplit(target).hostname == urlsplit(request.url or "").hostname:
            return response
        return Fault(f"a redirect to {target}, which is not followed", is_final=True)

    def _accepted(self, response: requests.Response) -> requests.Response:
        """The response, unless it is a complaint about the query."""
        if response.is_redirect:
            return response
        complaint = complaint_of(response.content)
        if response.status_code == 200 and complaint is None:
            return response
        asked = parse_qs(urlsplit(response.url).query)
        question = " ".join(asked.get("search_query", []) + asked.get("id_list", []))
        raise QueryRefused(
            f"{self._turnstile.service} does not understand the query {question!r}: {complaint or 'no reason given'};"
            f" that is a fault of the query, not an outage: please report it at {PROJECT_URL}/issues"
        )

    def _take(self, fault: Fault, attempt: int) -> None:
        """Draw the consequence of a failed try: a pause for everybody, or the end."""
        backoff = min(self._backoff * 2 ** (attempt - 1), self._patience)
        pause = backoff if fault.retry_after is None else fault.retry_after
        if not fault.is_final:
            self._turnstile.pause(pause)
        if not (fault.is_final or attempt == self._attempts or pause > self._patience):
            return
        self._turnstile.exhausted()
        if pause > self._patience:
            self._turnstile.close(pause)
        tries = "the one try failed" if attempt == 1 else f"{attempt} tries failed, the last"
        wish = f" and the wish for a pause of {fault.retry_after:.0f} s" if fault.retry_after else ""
        raise SourceUnreachable(
            f"{self._turnstile.service} could not be asked: {tries} with {fault.reason}{wish};"
            " run again later, or use --source catalogue"
        )


def _retry_after(response: requests.Response, now: float) -> float | None:
    """Seconds; the header holds either those or an HTTP date. Nonsense counts as no header."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - now)


def _cause(error: BaseException) -> str:
    """What the system says, from under the wrappings of requests and urllib3."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
