"""Candidates are strictly newer, asked for in few requests, and ranked by us."""

from __future__ import annotations

from datetime import date, timedelta

from fakes import AS_OF, SINCE, claim, paper
from hypothesis import given
from hypothesis import strategies as st

from retest.candidates import finding_queries, fuse, gathering_queries, papers_of
from retest.models import Anchor, Anchored, Hit, Unanchored

POND = claim("Do small ponds freeze first?", "Shallow ponds freeze 3.5 days before deep ones.")
OWN = paper("2501.00001", "Shallow Ponds Freeze First", "We watch ponds. Shallow ones freeze first.", "2025-01-02")
ANCHORED = Anchored(anchors=(Anchor(paper=OWN, score=0.9, found_by="search"),))
BARE = Unanchored(reason="none")


def hits(*arxiv_ids: str, published: str = "2025-06-01") -> list[Hit]:
    return [Hit(paper=paper(i, f"Paper {i}", "Text.", published), score=1.0) for i in arxiv_ids]


def test_claim_costs_two_requests_one_over_all_newer_work_and_one_over_the_window() -> None:
    whole, window = gathering_queries(POND, ANCHORED, date(2025, 1, 2), SINCE, AS_OF)
    assert (whole.after, whole.before) == (date(2025, 1, 3), AS_OF)
    assert (window.after, window.before) == (SINCE, AS_OF)
    assert whole.terms == window.terms


def test_claim_younger_than_the_window_costs_one_request() -> None:
    (only,) = gathering_queries(POND, BARE, date(2026, 6, 1), SINCE, AS_OF)
    assert only.after == date(2026, 6, 2)


def test_claim_as_young_as_the_audit_costs_none() -> None:
    assert gathering_queries(POND, BARE, AS_OF, SINCE, AS_OF) == []


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_no_request_asks_for_a_paper_that_is_not_newer_or_not_yet_there(age: int, window: int) -> None:
    after, since = AS_OF - timedelta(days=age), AS_OF - timedelta(days=window)
    for query in gathering_queries(POND, ANCHORED, after, since, AS_OF):
        assert query.after is not None and after < query.after <= query.before <= AS_OF


def test_claim_is_looked_for_in_its_own_words_and_in_its_anchors() -> None:
    alone = finding_queries(POND, BARE, None, AS_OF)
    with_anchor = finding_queries(POND, ANCHORED, None, AS_OF)
    assert with_anchor[: len(alone)] == alone
    assert len(with_anchor) > len(alone) == 2


def test_claim_without_a_telling_word_is_asked_about_in_no_query() -> None:
    assert finding_queries(claim("Is it so?", "It is."), BARE, None, AS_OF) == []


def test_paper_high_in_two_rankings_comes_before_one_high_in_one() -> None:
    fused = fuse([hits("1111.11111", "2222.22222"), hits("3333.33333", "2222.22222")])
    assert [c.paper.arxiv_id for c in fused] == ["2222.22222", "1111.11111", "3333.33333"]


def test_anchors_are_never_their_own_candidates() -> None:
    assert papers_of(ANCHORED) == (OWN,)
    assert papers_of(BARE) == ()
    assert [c.paper.arxiv_id for c in fuse([hits("2501.00001", "2222.22222")], without=["2501.00001"])] == [
        "2222.22222"
    ]


def test_ties_go_by_id_whatever_the_order_of_the_rankings() -> None:
    first, second = hits("2222.22222"), hits("1111.11111")
    assert [c.paper.arxiv_id for c in fuse([first, second])] == [c.paper.arxiv_id for c in fuse([second, first])]
