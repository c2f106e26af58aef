"""Harvesting: every record once, nothing twice that need not be, and no outage that passes for an empty list."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from arxiv_server import FakeClock
from oai_server import OaiServer, Record, serving

from retest.errors import InputError, SourceUnreachable
from retest.sources.oai import OaiClient, fault_of_list, harvest, oai_url, open_client, page_of, set_of, sets_of
from retest.sources.store import Store

SINCE = date(2025, 1, 1)
RECORDS = [
    Record("2501.00001", "2025-01-03", "2025-01-02"),
    Record("2502.00002", "2025-02-03", "2025-02-03", title="Salt & ice"),
    Record("1706.00003", "2025-02-04", "2017-06-12", title="An old paper, newly revised"),
    Record("2503.00004", "2025-03-05", "2025-03-05"),
    Record("2504.00005", "2025-04-06", "2025-04-06"),
]
KEPT = ["2501.00001", "2502.00002", "2503.00004", "2504.00005"]


@pytest.fixture
def server() -> Iterator[OaiServer]:
    with serving(list(RECORDS)) as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(server: OaiServer, tmp_path: Path, clock: FakeClock) -> OaiClient:
    return open_client(server.url, tmp_path, 0, clock=clock, sleep=clock.sleep)


def all_ids(store: Store) -> list[str]:
    return sorted(store.get(record.arxiv_id for record in RECORDS))


@pytest.mark.parametrize(
    ("category", "collection"),
    [("cs.CL", "cs:cs:CL"), ("cs", "cs"), ("stat.ML", "stat:stat:ML"), ("hep-th", "physics:hep-th"),
     ("cond-mat.dis-nn", "physics:cond-mat:dis-nn"), ("physics.optics", "physics:physics:optics"),
     ("q-bio.NC", "q-bio:q-bio:NC"), ("all", "")],
)  # fmt: skip
def test_category_is_asked_for_by_its_set(category: str, collection: str) -> None:
    assert set_of(category) == collection


def test_categories_are_sorted_and_all_makes_the_others_needless() -> None:
    assert sets_of("cs.LG, cs.CL,cs.LG") == ["cs:cs:CL", "cs:cs:LG"]
    assert sets_of("cs.CL,all") == [""]


@pytest.mark.parametrize("categories", ["", ",", "cs.", "CS CL", "cs;cl", "cs:cs:CL"])
def test_what_is_no_category_is_refused_with_an_example(categories: str) -> None:
    with pytest.raises(InputError, match=r"cs\.CL,cs\.LG"):
        sets_of(categories)


def test_record_becomes_a_paper_with_every_field(server: OaiServer, client: OaiClient) -> None:
    paper = client.page("", SINCE).papers[1]
    page = page_of(server.document(server.content({"from": "2025-02-01"})).encode())
    assert page.papers[0] == paper
    assert (paper.arxiv_id, paper.title, paper.text) == ("2502.00002", "Salt & ice", "Cold nights & ice.")
    assert (paper.published, paper.updated) == (date(2025, 2, 3), date(2025, 2, 3))
    assert (paper.authors, paper.categories, paper.comment) == (("Bo Várga Jr",), ("cs.CL", "cs.AI"), "12 pages")


def test_all_pages_land_and_old_papers_that_were_only_revised_do_not(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    landed = list(harvest(client, store, "", SINCE))
    assert all_ids(store) == KEPT
    assert [(page.seen, page.kept) for page in landed] == [(2, 2), (2, 1), (1, 1)]
    assert server.asked[0] == {"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2025-01-01"}
    assert server.asked[1] == {"verb": "ListRecords", "resumptionToken": "0|2025-01-01||2"}
    assert client.requests == 3


def test_set_is_named_and_a_day_before_the_first_datestamp_is_not(server: OaiServer, client: OaiClient) -> None:
    list(harvest(client, Store(None), "cs:cs:CL", date(1991, 1, 1)))
    assert server.asked[0] == {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "cs:cs:CL"}


def test_next_harvest_begins_a_day_before_the_server_answered_the_last(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    list(harvest(client, store, "", SINCE))
    server.records += [Record("2608.00006", "2026-09-01", "2026-08-31")]
    assert [page.kept for page in harvest(client, store, "", SINCE)] == [1]
    assert server.asked[-1]["from"] == "2026-08-31"


def test_nothing_new_is_an_empty_page_and_no_error(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    list(harvest(client, store, "", SINCE))
    assert [(page.seen, page.kept) for page in harvest(client, store, "", SINCE)] == [(0, 0)]


def test_deleted_record_leaves_the_library(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    list(harvest(client, store, "", SINCE))
    server.records.append(Record("2501.00001", "2026-09-01"))
    assert [page.removed for page in harvest(client, store, "", SINCE)] == [1]
    assert all_ids(store) == KEPT[1:]


def test_interrupted_harvest_goes_on_with_its_token(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    next(harvest(client, store, "", SINCE))
    state = store.harvest_state(client.url, "", SINCE)
    assert state is not None
    assert state.in_words() == "interrupted at 2025-02-03; run sync again, it goes on there"
    list(harvest(client, store, "", SINCE))
    assert [asked.get("resumptionToken") for asked in server.asked] == [None, "0|2025-01-01||2", "0|2025-01-01||4"]
    assert all_ids(store) == KEPT


def test_killed_harvest_goes_on_where_it_was(server: OaiServer, tmp_path: Path) -> None:
    code = """
import os, signal, sys
from datetime import date
from pathlib import Path
from retest.sources.oai import harvest, open_client
from retest.sources.store import Store
home = Path(sys.argv[2])
for landed in harvest(open_client(sys.argv[1], home, 0), Store(home / "library"), "", date(2025, 1, 1)):
    if landed.page == 2 and sys.argv[3] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code, server.url, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    killed = subprocess.run([*command, "kill"], env=environment, check=False)
    assert killed.returncode == -9
    subprocess.run([*command, "live"], env=environment, check=True)
    assert all_ids(Store(tmp_path / "library")) == KEPT
    assert len(server.asked) == 3, "no page was asked for twice"


def test_expired_token_begins_anew_at_the_last_day_that_came(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    next(harvest(client, store, "", SINCE))
    server.epoch += 1
    list(harvest(client, store, "", SINCE))
    assert server.asked[2]["from"] == "2025-02-03"
    assert all_ids(store) == KEPT


def test_expired_token_of_a_list_out_of_order_begins_at_the_beginning(server: OaiServer, client: OaiClient) -> None:
    server.records = [RECORDS[4], RECORDS[3], RECORDS[0], RECORDS[1]]
    store = Store(None)
    under_way = harvest(client, store, "", SINCE)
    next(under_way)
    server.page = 1
    next(under_way)
    server.epoch += 1
    list(harvest(client, store, "", SINCE))
    assert [asked["from"] for asked in server.asked if "from" in asked] == ["2025-01-01", "2025-01-01"]
    assert all_ids(store) == KEPT


def test_interrupted_update_still_begins_where_the_last_whole_one_did(server: OaiServer, client: OaiClient) -> None:
    store = Store(None)
    list(harvest(client, store, "", SINCE))
    server.records += [Record(f"2608.0000{n}", "2026-09-01", "2026-08-31") for n in (6, 7, 8)]
    server.now = "2026-09-05T03:00:00Z"
    next(harvest(client, store, "", SINCE))
    server.now = "2026-09-09T03:00:00Z"
    list(harvest(client, store, "", SINCE))
    list(harvest(client, store, "", SINCE))
    assert server.asked[-1]["from"] == "2026-09-04", "the day the interrupted one began, not the day it ended"


@pytest.mark.parametrize(
    "fault",
    [(429, "Rate exceeded.", {}), (503, "first byte timeout", {"Retry-After": "7"}), (200, "Rate exceeded.", {}),
     (200, "<html><body>Down</body></html>", {}), (200, "", {}), (200, "cut", {})],
    ids=["429", "503", "200 rate", "200 html", "200 nothing", "cut"],
)  # fmt: skip
def test_outage_is_tried_again_after_a_pause_and_never_an_empty_list(
    server: OaiServer, client: OaiClient, clock: FakeClock, fault: tuple[int, str, dict[str, str]]
) -> None:
    server.faults[2] = fault
    store = Store(None)
    list(harvest(client, store, "", SINCE))
    assert all_ids(store) == KEPT
    assert client.requests == 4
    if "Retry-After" in fault[2]:
        assert max(clock.slept) == pytest.approx(7, abs=0.5)


def test_outage_that_lasts_is_said_and_what_came_before_it_is_kept(server: OaiServer, client: OaiClient) -> None:
    server.faults.update({number: (503, "", {}) for number in range(2, 9)})
    store = Store(None)
    with pytest.raises(SourceUnreachable, match="status 503"):
        list(harvest(client, store, "", SINCE))
    assert all_ids(store) == KEPT[:2]


def test_complaint_of_the_server_is_an_error_with_its_reason(server: OaiServer, client: OaiClient) -> None:
    server.faults[1] = (200, server.document('<error code="badArgument">no such set</error>'), {})
    with pytest.raises(SourceUnreachable, match="badArgument: no such set"):
        list(harvest(client, Store(None), "cs:cs:XX", SINCE))
    assert client.requests == 1, "asking again cannot help"


def test_redirect_to_another_host_is_not_followed(server: OaiServer, client: OaiClient) -> None:
    server.faults[1] = (302, "", {"Location": "http://elsewhere.invalid/oai"})
    with pytest.raises(SourceUnreachable, match=r"elsewhere\.invalid"):
        list(harvest(client, Store(None), "", SINCE))


def test_requests_keep_the_distance_that_arxiv_asks_for(server: OaiServer, tmp_path: Path, clock: FakeClock) -> None:
    slow = open_client(server.url, tmp_path, 3.0, clock=clock, sleep=clock.sleep)
    list(harvest(slow, Store(None), "", SINCE))
    assert [round(seconds, 1) for seconds in clock.slept] == [3.1, 3.1]


def test_document_with_entities_is_refused_before_it_is_parsed() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa">]><OAI-PMH><error code="x">&a;</error></OAI-PMH>'
    assert fault_of_list(bomb) == "a page that is no OAI-PMH answer"
    assert fault_of_list(b"<OAI-PMH><a></OAI-PMH>") == "a garbled list"


def test_record_without_a_day_is_an_error_and_no_paper(server: OaiServer) -> None:
    body = server.document(f"<ListRecords>{RECORDS[0].xml()}</ListRecords>").replace(
        "<created>2025-01-02</created>", ""
    )
    with pytest.raises(SourceUnreachable, match="without id, day or title"):
        page_of(body.encode())


def test_address_may_lack_its_path_and_must_be_http() -> None:
    assert oai_url("http://127.0.0.1:1234") == "http://127.0.0.1:1234/oai"
    assert oai_url("https://oaipmh.arxiv.org/oai/") == "https://oaipmh.arxiv.org/oai"
    with pytest.raises(InputError, match="RETEST_OAI_URL"):
        oai_url("ftp://arxiv.org")
