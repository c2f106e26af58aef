"""arXiv as a source: few requests, none of them twice, and an empty answer only where there is nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from arxiv_server import PAPERS, ArxivServer, FakeClock, Fault, serving

from retest.errors import InputError, SourceUnreachable
from retest.models import Paper, Query
from retest.sources import PaperSource
from retest.sources.arxiv import ArxivSource, bare_id, polite_delay, query_url, wire_query, wire_term
from retest.sources.store import Store

AS_OF = date(2026, 11, 20)
Make = Callable[..., ArxivSource]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server(clock: FakeClock) -> Iterator[ArxivServer]:
    with serving(clock) as running:
        yield running


@pytest.fixture
def make(server: ArxivServer, clock: FakeClock, tmp_path: Path) -> Make:
    """A source of its own, as another process would have it: they share the home and the library's file."""

    def making(as_of: date = AS_OF) -> ArxivSource:
        store = Store(tmp_path / "library.sqlite")
        return ArxivSource(
            store, base_url=server.url, delay=0, home=tmp_path, as_of=as_of, clock=clock, sleep=clock.sleep
        )

    return making


@pytest.fixture
def source(make: Make) -> ArxivSource:
    return make()


def query(*terms: str, after: date | None = None, before: date = AS_OF, limit: int = 100) -> Query:
    return Query(terms=terms, after=after, before=before, limit=limit)


def found(source: ArxivSource, asked: Query) -> list[str]:
    return [hit.paper.arxiv_id for hit in source.search(asked)]


def test_it_is_a_paper_source(source: ArxivSource) -> None:
    seen: PaperSource = source
    assert (seen.name, seen.requests) == ("arxiv", 0)


# --- looking up ------------------------------------------------------------------------------------


def test_record_arrives_with_every_field(source: ArxivSource) -> None:
    paper = source.lookup(["2506.00002"])["2506.00002"]
    assert paper == Paper(
        arxiv_id="2506.00002",
        title="Large Ponds Freeze Late",
        authors=("Cem Duru",),
        published=date(2025, 6, 3),
        updated=date(2025, 6, 3),
        categories=("cs.LG",),
        text="Large ponds freeze late, except where the wind is strong.",
        version=3,
        comment="12 pages",
    )


def test_primary_category_stands_first(source: ArxivSource) -> None:
    assert source.lookup(["2501.00001"])["2501.00001"].categories == ("cs.CL", "cs.AI")


def test_ids_of_both_styles_are_looked_up_in_one_request_without_their_versions(
    source: ArxivSource, server: ArxivServer
) -> None:
    papers = source.lookup(["cs/0112017v1", "2501.00001v7", "2501.00001", "no id", "2501.1", "x' OR 1"])
    assert list(papers) == ["cs/0112017", "2501.00001"]
    assert [asked["id_list"] for asked in server.queries] == ["cs/0112017,2501.00001"]
    assert source.requests == 1


def test_unknown_id_is_absent_and_never_asked_for_again(source: ArxivSource, make: Make) -> None:
    assert list(source.lookup(["2501.00001", "2501.99999"])) == ["2501.00001"]
    again = make()
    for asking in (source, again):
        assert list(asking.lookup(["2501.99999", "2501.00001"])) == ["2501.00001"]
    assert (source.requests, again.requests) == (1, 0)


def test_many_ids_take_one_request_per_hundred(source: ArxivSource, server: ArxivServer) -> None:
    server.papers = [PAPERS[0].model_copy(update={"arxiv_id": f"2501.{number:05}"}) for number in range(250)]
    assert len(source.lookup([f"2501.{number:05}" for number in range(260)])) == 250
    assert [asked["max_results"] for asked in server.queries] == ["100", "100", "60"]


def test_nothing_to_look_up_asks_nothing(source: ArxivSource) -> None:
    assert source.lookup([]) == source.lookup(["not an id"]) == {}
    assert source.requests == 0


def test_record_that_a_search_brought_is_not_looked_up(source: ArxivSource) -> None:
    source.search(query("salt"))
    assert "2602.00003" in source.lookup(["2602.00003"])
    assert source.requests == 1


def test_record_of_another_day_is_looked_up_again_and_renewed(
    source: ArxivSource, server: ArxivServer, make: Make
) -> None:
    source.lookup(["2501.00001"])
    server.papers[0] = server.papers[0].model_copy(update={"version": 2, "text": "Withdrawn."})
    tomorrow = make(as_of=date(2026, 11, 21))
    assert tomorrow.lookup(["2501.00001"])["2501.00001"].text == "Withdrawn."
    assert tomorrow.requests == 1


# --- searching -------------------------------------------------------------------------------------


def test_search_is_one_request_and_never_the_same_twice(source: ArxivSource, make: Make) -> None:
    first = source.search(query("ponds", "salt"))
    assert {hit.paper.arxiv_id for hit in first} == {"2501.00001", "2506.00002", "2602.00003"}
    again = make()
    assert source.search(query("ponds", "salt")) == again.search(query("ponds", "salt")) == first
    assert (source.requests, again.requests) == (1, 0)


def test_another_process_does_not_ask_again(source: ArxivSource, server: ArxivServer, tmp_path: Path) -> None:
    source.search(query("ponds"))
    code = (
        "import sys; from datetime import date; from pathlib import Path; from retest.models import Query\n"
        "from retest.sources.arxiv import ArxivSource; from retest.sources.store import Store\n"
        "home = Path(sys.argv[1]); store = Store(home / 'library.sqlite')\n"
        "source = ArxivSource(store, base_url=sys.argv[2], delay=0, home=home, as_of=date(2026, 11, 20))\n"
        "print(len(source.search(Query(terms=('ponds',), before=date(2026, 11, 20)))), source.requests)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), server.url], capture_output=True, text=True, check=True
    )
    assert told.stdout == "3 0\n"


def test_threads_with_the_same_question_ask_once(source: ArxivSource) -> None:
    threads = [threading.Thread(target=source.search, args=[query("ponds")]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert source.requests == 1


def test_another_day_window_or_limit_is_another_question(source: ArxivSource, make: Make) -> None:
    source.search(query("ponds"))
    source.search(query("ponds", after=date(2025, 1, 3)))
    source.search(query("ponds", limit=2))
    make(as_of=date(2026, 11, 21)).search(query("ponds"))
    assert source.requests == 3


def test_order_is_that_of_arxiv_and_scores_follow_it(source: ArxivSource, server: ArxivServer) -> None:
    server.papers = [PAPERS[2], PAPERS[0], PAPERS[1]]
    hits = source.search(query("ponds"))
    assert [(hit.paper.arxiv_id, hit.score) for hit in hits] == [
        ("2602.00003", 3),
        ("2501.00001", 2),
        ("2506.00002", 1),
    ]
    assert source.search(query("ponds")) == hits


def test_both_days_of_the_window_count(source: ArxivSource) -> None:
    assert found(source, query("ponds", after=date(2025, 1, 2), before=date(2025, 6, 3))) == [
        "2501.00001",
        "2506.00002",
    ]
    assert found(source, query("ponds", after=date(2025, 1, 3), before=date(2025, 6, 2))) == []


def test_paper_outside_the_window_is_dropped_even_if_arxiv_sends_it(
    source: ArxivSource, server: ArxivServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_found", lambda asked: list(PAPERS))
    assert found(source, query("ponds", after=date(2025, 1, 1), before=date(2025, 12, 31))) == [
        "2501.00001",
        "2506.00002",
    ]


def test_what_came_over_the_wire_is_found_again_without_it(source: ArxivSource) -> None:
    source.search(query("ponds"))
    asked = source.requests
    assert [hit.paper.arxiv_id for hit in source.find(query("salt"))] == ["2602.00003"]
    assert source.requests == asked


def test_question_without_a_word_or_a_day_is_not_sent(source: ArxivSource) -> None:
    assert source.search(query("((", '"')) == []
    assert source.search(query("ponds", after=date(2026, 1, 2), before=date(2026, 1, 1))) == []
    assert source.search(query("ponds", limit=0)) == []
    assert source.requests == 0


# --- outages ---------------------------------------------------------------------------------------

OUTAGES = {
    "429": Fault("status", 429, "Rate exceeded."),
    "200 Rate exceeded": Fault("body", 200, "Rate exceeded."),
    "200 HTML": Fault("body", 200, "<html><body>Sorry</body></html>"),
    "cut": Fault("cut"),
    "cut silently": Fault("cut silently"),
    "short": Fault("short"),
    "empty": Fault("empty"),
    "reset": Fault("reset"),
}


@pytest.mark.parametrize("fault", OUTAGES.values(), ids=OUTAGES)
def test_outage_is_neither_an_empty_answer_nor_remembered_as_one(
    source: ArxivSource, server: ArxivServer, clock: FakeClock, fault: Fault
) -> None:
    server.always = fault
    with pytest.raises(SourceUnreachable):
        source.search(query("ponds"))
    with pytest.raises(SourceUnreachable):
        source.lookup(["2501.00001"])
    server.always = None
    clock.now += 61
    assert len(source.search(query("ponds"))) == 3
    assert list(source.lookup(["2501.00001", "cs/0112017"])) == ["2501.00001", "cs/0112017"]


def test_true_zero_is_believed_after_one_question_that_must_find_something(
    source: ArxivSource, server: ArxivServer
) -> None:
    assert source.search(query("zebras")) == source.search(query("yaks")) == []
    assert source.lookup(["2501.99999"]) == {}
    assert len(server.queries) == 4
    assert server.queries[1]["search_query"].startswith("submittedDate:[1991")


def test_probe_is_one_request_and_one_try(source: ArxivSource, server: ArxivServer, clock: FakeClock) -> None:
    source.probe()
    server.always = Fault("status", 503)
    with pytest.raises(SourceUnreachable):
        source.probe()
    assert source.requests == len(server.queries) == 2
    assert clock.slept == []


def test_probe_of_an_arxiv_that_finds_nothing_at_all_fails(source: ArxivSource, server: ArxivServer) -> None:
    server.always = Fault("empty")
    with pytest.raises(SourceUnreachable, match="out of order"):
        source.probe()


# --- the query on the wire -------------------------------------------------------------------------


def test_query_on_the_wire_names_its_fields_and_keeps_its_window_outside_the_parentheses() -> None:
    asked = query("chain of thought", "faithful", after=date(2026, 2, 1), before=date(2026, 8, 31))
    assert wire_query(asked) == (
        '(ti:"chain of thought" OR abs:"chain of thought" OR ti:faithful OR abs:faithful)'
        " AND submittedDate:[202602010000 TO 202608312359]"
    )


@pytest.mark.parametrize(
    ("term", "wire"),
    [
        ("Chain-of-Thought", '"chain of thought"'),
        ('a" OR all:x) (', '"a or all x"'),
        ("GPT-4.5", '"gpt 4.5"'),
        ("Schrödinger’s cat", '"schrodinger cat"'),
        ("model's", "model"),
        ("AND", ""),
        ("wild*card?", '"wild card"'),
        ("ti:(", "ti"),
        ("[2020 TO 2021]", '"2020 to 2021"'),
        ("水", ""),
        ("\x00\n", ""),
    ],
)
def test_term_on_the_wire_holds_nothing_but_words(term: str, wire: str) -> None:
    assert wire_term(term) == wire


def test_hostile_terms_reach_arxiv_as_a_query_it_understands(source: ArxivSource, server: ArxivServer) -> None:
    source.search(query('")))', "(((", "ti:", 'ponds" OR (all:the', "ANDNOT ponds", "%28+TO+", "salt"))
    (asked,) = server.queries
    assert asked["search_query"].count("(") == asked["search_query"].count(")") == 1
    assert asked["search_query"].count('"') % 2 == 0


def test_long_query_loses_its_last_terms_and_nothing_else() -> None:
    terms = [f"word{number}" for number in range(200)]
    asked = wire_query(query(*terms))
    assert len(asked) <= 1000
    assert asked.startswith("(ti:word0 OR abs:word0 OR ti:word1 ")
    assert asked.endswith(" AND submittedDate:[199101010000 TO 202611202359]")


def test_no_page_is_larger_than_three_hundred(source: ArxivSource, server: ArxivServer) -> None:
    source.search(query("ponds", limit=5000))
    assert server.queries[0]["max_results"] == "300"


# --- settings --------------------------------------------------------------------------------------


def test_address_may_be_given_without_its_path() -> None:
    assert (
        query_url("http://127.0.0.1:8765") == query_url("http://127.0.0.1:8765/") == "http://127.0.0.1:8765/api/query"
    )
    assert query_url("https://export.arxiv.org/api/query/") == "https://export.arxiv.org/api/query"
    for wrong in ("export.arxiv.org", "ftp://arxiv.org", "http://", ""):
        with pytest.raises(InputError, match="RETEST_ARXIV_URL"):
            query_url(wrong)


def test_less_than_three_seconds_is_accepted_for_loopback_only() -> None:
    assert polite_delay("http://127.0.0.1:8765/api/query", 0) == 0
    assert polite_delay("http://localhost:1/", 0.5) == polite_delay("http://[::1]:1/", 0.5) == 0.5
    assert polite_delay("https://export.arxiv.org/api/query", 0) == 3
    assert polite_delay("http://127.0.0.1.example.org/", 0) == 3
    assert polite_delay("https://export.arxiv.org/api/query", 10) == 10
    assert polite_delay("https://export.arxiv.org/api/query", float("nan")) == 3


def test_id_is_read_in_both_styles_and_nothing_else_is() -> None:
    assert bare_id("2305.11383v2") == bare_id(" 2305.11383 ") == "2305.11383"
    assert bare_id("math.GT/0309136v1") == "math.GT/0309136"
    assert [bare_id(text) for text in ("2305.113", "arXiv:2305.11383", "2305.11383,2305.11384", "")] == [None] * 4


# --- night after night -----------------------------------------------------------------------------


def test_next_night_asks_only_from_a_month_before_the_last_and_forgets_nothing(server: ArxivServer, make: Make) -> None:
    first, second = make(date(2025, 7, 31)), make(date(2026, 2, 10))
    assert set(found(first, query("ponds", after=date(2025, 1, 1), before=date(2025, 7, 31)))) == {
        "2501.00001",
        "2506.00002",
    }
    hits = found(second, query("ponds", after=date(2025, 1, 1), before=date(2026, 2, 10)))
    assert "submittedDate:[202507010000 TO 202602102359]" in server.queries[-1]["search_query"]
    assert (set(hits), second.requests) == ({"2501.00001", "2506.00002", "2602.00003"}, 1)


def test_window_that_moved_on_is_answered_by_the_same_request(make: Make) -> None:
    first, second = make(date(2025, 7, 31)), make(date(2026, 2, 10))
    for source, after, as_of in (
        (first, date(2025, 1, 31), date(2025, 7, 31)),
        (second, date(2025, 6, 15), date(2026, 2, 10)),
    ):
        found(source, query("ponds", after=date(2024, 1, 1), before=as_of))
        found(source, query("ponds", after=after, before=as_of))
    assert (first.requests, second.requests) == (2, 1)


def test_paper_that_appeared_late_is_found_the_next_night(server: ArxivServer, make: Make) -> None:
    late = server.papers.pop(1)  # of 3 June, not yet announced on the 10th
    asked = date(2025, 1, 1)
    assert found(make(date(2025, 6, 10)), query("ponds", after=asked, before=date(2025, 6, 10))) == ["2501.00001"]
    server.papers.append(late)
    assert late.arxiv_id in found(make(date(2025, 6, 11)), query("ponds", after=asked, before=date(2025, 6, 11)))


def test_failed_night_does_not_count_as_asked(server: ArxivServer, make: Make) -> None:
    server.always = Fault("status", status=429)
    with pytest.raises(SourceUnreachable):
        found(make(date(2025, 6, 10)), query("ponds", after=date(2025, 1, 1), before=date(2025, 6, 10)))
    server.always = None
    later = make(date(2025, 8, 1))
    found(later, query("ponds", after=date(2025, 1, 1), before=date(2025, 8, 1)))
    assert "202501010000 TO" in server.queries[-1]["search_query"]
