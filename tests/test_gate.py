"""The gate: requests in their turn, whole feeds only, and an outage that never passes for an empty answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
import requests
from arxiv_server import ArxivServer, FakeClock, Fault, feed_of, serving

from retest.errors import OutputError, RetestError, SourceUnreachable
from retest.sources.gate import Gate, QueryRefused, Turnstile, complaint_of, fault_of_feed, service_of

WHOLE = {
    "search_query": "(ti:ponds OR abs:ponds) AND submittedDate:[199101010000 TO 202612312359]",
    "max_results": "10",
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[ArxivServer]:
    with serving(clock) as running:
        yield running


@pytest.fixture
def ask(server: ArxivServer, clock: FakeClock, tmp_path: Path) -> Callable[..., requests.Response]:
    """Ask through a gate of its own, all of which share one home."""

    def asking(params: dict[str, str] = WHOLE, delay: float = 3.0, **options: float) -> requests.Response:
        turnstile = Turnstile(tmp_path, "arXiv", delay, clock=clock, sleep=clock.sleep)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", Gate(turnstile, clock=clock, **options))  # type: ignore[arg-type]
            return session.get(f"{server.url}/api/query", params=params)

    return asking


Ask = Callable[..., requests.Response]

OUTAGES = {
    "429": Fault("status", 429, "Rate exceeded."),
    "503": Fault("status", 503, "first byte timeout"),
    "200 Rate exceeded": Fault("body", 200, "Rate exceeded."),
    "200 HTML": Fault("body", 200, "<!DOCTYPE html>\n<html><body>Down for maintenance</body></html>"),
    "200 and nothing": Fault("body", 200, ""),
    "cut, length announced": Fault("cut"),
    "cut, length hidden": Fault("cut silently"),
    "a paper missing": Fault("short"),
    "all papers missing": Fault("body", 200, feed_of([], total=2)),
    "reset": Fault("reset"),
}


@pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES)
def test_outage_never_becomes_an_answer(server: ArxivServer, ask: Ask, fault: Fault) -> None:
    server.always = fault
    with pytest.raises(
        SourceUnreachable, match=r"^arXiv could not be asked: 4 tries failed, the last with .*catalogue$"
    ):
        ask()
    assert len(server.queries) == 4


@pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES)
def test_hiccup_is_asked_again_until_the_answer_is_whole(
    server: ArxivServer, ask: Ask, clock: FakeClock, fault: Fault
) -> None:
    server.faults = [fault, fault]
    assert b"Small" in ask().content
    assert len(server.queries) == 3
    assert clock.slept == pytest.approx([3.1, 6.0])


def test_silence_is_an_outage_too(server: ArxivServer, ask: Ask) -> None:
    server.always = Fault("slow")
    with pytest.raises(SourceUnreachable, match="no answer in time"):
        ask(read_seconds=0.05, attempts=2)


def test_nobody_listening_is_an_outage_too(server: ArxivServer, ask: Ask) -> None:
    server.stop()
    with pytest.raises(SourceUnreachable, match=r"no connection \(Connection refused\)"):
        ask()


def test_requests_are_apart_and_say_who_asks(server: ArxivServer, ask: Ask) -> None:
    for _ in range(3):
        ask()
    gaps = [later - earlier for earlier, later in zip(server.arrivals, server.arrivals[1:], strict=False)]
    assert gaps == pytest.approx([3.1, 3.1])
    assert all(agent.startswith("retest/") and "https://" in agent for agent in server.agents)


def test_first_request_waits_for_nobody(server: ArxivServer, ask: Ask, clock: FakeClock) -> None:
    ask()
    assert clock.slept == []


def test_threads_share_one_connection_and_one_pace(
    server: ArxivServer, ask: Ask, clock: FakeClock, tmp_path: Path
) -> None:
    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gaps = [later - earlier for earlier, later in zip(server.arrivals, server.arrivals[1:], strict=False)]
    assert len(gaps) == 4
    assert min(gaps) > 3.099, "and longer where two slept at once, for each of them moves this clock"


def test_wait_leaves_the_way_free_for_other_processes(clock: FakeClock, tmp_path: Path) -> None:
    other = Turnstile(tmp_path, "arXiv", 3, clock=clock, sleep=clock.sleep)

    def let_the_other_in(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            with other.turn(60):
                pass

    ours = Turnstile(tmp_path, "arXiv", 3, clock=clock, sleep=let_the_other_in)
    with ours.turn(60):
        pass
    with ours.turn(60):
        assert clock.slept == pytest.approx([3.1, 3.1])


def test_gap_survives_a_process_that_is_killed_while_it_asks(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from retest.sources.gate import Turnstile\n"
        "with Turnstile(Path(sys.argv[1]), 'arXiv', 3, clock=lambda: 1000.0).turn(60): print('in', flush=True); input()"
    )
    held = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert held.stdout is not None and held.stdin is not None
    with held, held.stdout, held.stdin:
        assert held.stdout.readline() == "in\n"
        held.kill()
        held.wait()
    clock = FakeClock(1000.5)
    with Turnstile(tmp_path, "arXiv", 3, clock=clock, sleep=clock.sleep).turn(60):
        assert clock.now == pytest.approx(1003.1)


def test_clock_set_back_does_not_stop_the_work(ask: Ask, clock: FakeClock) -> None:
    ask()
    clock.now -= 86_400
    ask()
    assert clock.slept == pytest.approx([3.1])


def test_damaged_pace_file_costs_one_gap(ask: Ask, clock: FakeClock, tmp_path: Path) -> None:
    (tmp_path / "gate-arXiv.json").write_text("{half a")
    ask()
    assert clock.slept == pytest.approx([3.1])


@pytest.mark.parametrize("wish", ["20", formatdate(1_790_000_020, usegmt=True)], ids=["seconds", "date"])
def test_wish_for_a_pause_is_granted(server: ArxivServer, ask: Ask, clock: FakeClock, wish: str) -> None:
    server.faults = [Fault("status", 429, "Rate exceeded.", {"Retry-After": wish})]
    ask()
    assert server.arrivals[1] - server.arrivals[0] == pytest.approx(20)


def test_wish_for_a_pause_of_nothing_still_keeps_the_gap(server: ArxivServer, ask: Ask) -> None:
    server.faults = [Fault("status", 503, "", {"Retry-After": "0"})]
    ask()
    assert server.arrivals[1] - server.arrivals[0] == pytest.approx(3.1)


def test_wish_for_a_long_pause_ends_the_request_and_closes_the_way_for_so_long(
    server: ArxivServer, ask: Ask, clock: FakeClock
) -> None:
    server.faults = [Fault("status", 503, "", {"Retry-After": "900"})]
    with pytest.raises(SourceUnreachable, match="the one try failed with status 503 and the wish for a pause of 900 s"):
        ask()
    clock.now += 890
    with pytest.raises(SourceUnreachable, match="left alone for another 10 s"):
        ask()
    assert clock.slept == [] and len(server.queries) == 1
    clock.now += 11
    assert ask().ok


def test_error_of_the_query_is_named_and_not_asked_again(server: ArxivServer, ask: Ask) -> None:
    for status in (400, 200):
        server.faults = [Fault("error feed", status)]
        with pytest.raises(QueryRefused, match=r"Invalid query string: 'ti:\('") as refused:
            ask()
        assert isinstance(refused.value, RetestError) and not isinstance(refused.value, SourceUnreachable)
    assert len(server.queries) == 2


def test_refusal_for_good_is_not_asked_again(server: ArxivServer, ask: Ask) -> None:
    server.always = Fault("status", 403, "Forbidden")
    with pytest.raises(SourceUnreachable, match="the one try failed with status 403"):
        ask()
    assert len(server.queries) == 1


def test_redirect_is_followed_within_the_host_only(server: ArxivServer, ask: Ask) -> None:
    server.faults = [Fault("redirect", 301, "", {"Location": f"{server.url}/api/query?max_results=0&id_list=x"})]
    assert ask().ok
    assert server.arrivals[1] - server.arrivals[0] == pytest.approx(3.1)
    server.faults = [Fault("redirect", 302, "", {"Location": "http://elsewhere.example/api/query"})]
    with pytest.raises(SourceUnreachable, match=r"a redirect to http://elsewhere\.example/api/query"):
        ask()


def test_after_two_outages_the_rest_of_the_run_fails_at_once(server: ArxivServer, ask: Ask, clock: FakeClock) -> None:
    server.always = Fault("status", 503)
    for _ in range(2):
        with pytest.raises(SourceUnreachable, match="4 tries failed"):
            ask()
    slept = len(clock.slept)
    for _ in range(20):
        with pytest.raises(SourceUnreachable, match="left alone for another 60 s"):
            ask()
    assert len(clock.slept) == slept and len(server.queries) == 8


def test_after_the_cooldown_one_failure_closes_the_way_again_and_one_success_opens_it(
    server: ArxivServer, ask: Ask, clock: FakeClock
) -> None:
    server.always = Fault("status", 503)
    for _ in range(3):
        with pytest.raises(SourceUnreachable, match="4 tries failed"):
            ask()
        clock.now += 61
    server.always = None
    assert ask().ok
    server.always = Fault("status", 503)
    for _ in range(2):
        with pytest.raises(SourceUnreachable, match="4 tries failed"):
            ask()


def test_impatient_request_gives_up_where_a_pause_is_on(server: ArxivServer, ask: Ask, clock: FakeClock) -> None:
    server.faults = [Fault("status", 503, "", {"Retry-After": "50"})]
    with pytest.raises(SourceUnreachable):
        ask(attempts=1)
    with pytest.raises(SourceUnreachable, match="left alone for another 50 s"):
        ask(attempts=1, patience=10.0)
    assert clock.slept == []


def test_home_that_cannot_be_written_is_an_error_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="set RETEST_HOME"):
        Turnstile(tmp_path / "file" / "home", "arXiv", 3)


def test_pace_file_says_in_plain_words_what_is_known(ask: Ask, clock: FakeClock, tmp_path: Path) -> None:
    ask()
    told = json.loads((tmp_path / "gate-arXiv.json").read_text())
    assert told == {"next_allowed_at": pytest.approx(clock.now + 3.1), "closed_until": 0.0, "outages": 0}


def test_all_hosts_of_arxiv_share_one_pace_and_loopback_servers_have_their_own() -> None:
    assert service_of("https://export.arxiv.org/api/query") == service_of("https://oaipmh.arxiv.org/oai") == "arXiv"
    assert service_of("http://127.0.0.1:8765/api/query") == "127.0.0.1:8765"
    assert service_of("https://notarxiv.org/api") == "notarxiv.org"


def test_feed_with_sound_xml_but_an_entry_that_is_no_paper_is_refused(server: ArxivServer) -> None:
    whole = feed_of(server.papers[:1], total=1)
    assert fault_of_feed(whole.encode(), start=0, asked=10) is None
    for spoilt in (
        whole.replace("<published>2025-01-02T12:00:00Z</published>", ""),
        whole.replace("2025-01-02T12:00:00Z", "soon"),
        whole.replace("arxiv.org/abs/", "arxiv.org/"),
        whole.replace("</title>", ""),
        whole.replace("Freeze", "Freeze & thaw", 1),
        whole.replace("<opensearch:totalResults>1</opensearch:totalResults>", ""),
        whole.replace("<entry>", "<!DOCTYPE x><entry>"),
    ):
        assert fault_of_feed(spoilt.encode(), start=0, asked=10), spoilt


def test_paper_called_error_is_a_paper(server: ArxivServer) -> None:
    odd = server.papers[0].model_copy(update={"title": "Error"})
    body = feed_of([odd], total=1).encode()
    assert complaint_of(body) is None
    assert fault_of_feed(body, start=0, asked=10) is None
