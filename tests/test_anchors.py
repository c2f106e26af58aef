"""A wrong anchor is worse than none: what is called a claim's own paper accounts for it, clearly, or is named by a person."""

from __future__ import annotations

from datetime import date

import pytest
from fakes import AS_OF, claim, paper

from retest.anchors import anchor_query, bearer_of_its_name, choose, named_by_seed, telling_names
from retest.models import Anchored, AnchorLine, Period, Place, Unanchored

POND = claim(
    "Do small ponds freeze first?",
    "FROSTBENCH watches 412 ponds and finds that shallow ponds freeze 3.5 days before deep ones, because sediment stores heat.",
)
OWN = paper(
    "2501.00001",
    "Shallow Ponds Freeze First",
    "We present FROSTBENCH, a record of 412 ponds. Shallow ponds freeze 3.5 days before deep ones: sediment stores heat.",
    "2025-01-02",
)
NEAR = paper(
    "2403.00002",
    "How Rivers Thaw",
    "Rivers thaw from their banks. We watch 12 rivers and their sediment.",
    "2024-03-02",
)


def line(arxiv_id: str, title: str = "", number: int = 30) -> AnchorLine:
    return AnchorLine(arxiv_id=arxiv_id, year=None, title=title, place=Place(file="a.md", line=number))


def test_paper_that_tells_the_same_with_the_same_figures_is_the_anchor() -> None:
    anchoring = choose(POND, [NEAR, OWN])
    assert isinstance(anchoring, Anchored)
    assert [(a.paper.arxiv_id, a.found_by) for a in anchoring.anchors] == [("2501.00001", "search")]
    assert 0.5 < anchoring.anchors[0].score <= 1


def test_near_paper_alone_is_no_anchor_and_the_reason_names_it() -> None:
    assert choose(POND, [NEAR]) == Unanchored(
        reason="the nearest paper, arXiv:2403.00002, accounts for too little of what it says"
    )


@pytest.mark.parametrize(
    ("name", "year", "title", "fit", "found"),
    [
        ("FROSTBENCH", 2024, "FrostBench: How Rivers Thaw", 9.0, True),
        ("FROSTBENCH", 2022, "FrostBench: How Rivers Thaw", 9.0, False),  # not of that year
        ("FROSTBENCH", 2024, "How FrostBench Rivers Thaw", 9.0, False),  # not its catchword
        ("FROSTBENCH", 2024, "FrostBench: Liquid Argon for Neutrinos", 3.0, False),  # about something else
        ("LLM", 2024, "LLM: How Rivers Thaw", 9.0, False),  # everybody's name
    ],
)
def test_name_stated_for_a_claim_finds_the_paper_that_bears_it_as_its_catchword(
    name: str, year: int, title: str, fit: float, found: bool
) -> None:
    loose = claim("Do banks melt?", "Their banks decide it.", names=(name,))
    loose = loose.model_copy(update={"stated": Period(first=year, last=year, text=f"~{year}")})
    called = NEAR.model_copy(update={"title": title})
    assert bearer_of_its_name(loose, [(fit, called), (2.0, OWN)]) == (called if found else None)
    twin = called.model_copy(update={"arxiv_id": "2403.00003"})
    assert bearer_of_its_name(loose, [(fit, called), (fit, twin)]) is None


def test_no_paper_at_all_has_a_reason_of_its_own() -> None:
    assert choose(POND, []) == Unanchored(reason="the source has no paper that shares its words")


def test_order_of_the_search_answer_changes_nothing() -> None:
    twin = OWN.model_copy(update={"arxiv_id": "2501.00009"})
    assert choose(POND, [OWN, twin, NEAR]) == choose(POND, [NEAR, twin, OWN])


def test_query_asks_for_names_first_and_never_beyond_the_stated_year_or_the_audit() -> None:
    query = anchor_query(POND.model_copy(update={"stated": Period(first=2024, last=2025, text="~2024–2025")}), AS_OF)
    assert query.terms[0] == "FROSTBENCH"
    assert query.before == date(2025, 12, 31)
    assert anchor_query(POND, AS_OF).before == AS_OF
    future = POND.model_copy(update={"stated": Period(first=2030, last=2030, text="~2030")})
    assert anchor_query(future, AS_OF).before == AS_OF


def test_common_names_tell_no_paper_from_another() -> None:
    assert telling_names(claim("Do LLMs err?", "LLMs err, says FROSTBENCH.", names=("AI",))) == ("FROSTBENCH",)


def test_id_written_in_the_note_is_its_anchor_however_little_it_shares() -> None:
    named = named_by_seed([POND.model_copy(update={"arxiv_ids": ("2403.00002",)})], {"2403.00002": NEAR})
    assert [(a.paper.arxiv_id, a.found_by) for a in named["claim"].anchors] == [("2403.00002", "id in the note")]


def test_anchor_line_goes_to_the_claim_of_its_seed_that_it_fits_best_and_to_no_other() -> None:
    other = claim("Does bread rise at night?", "Bread rises at night when yeast is warm.", id="bread")
    lines = (line("2501.00001"), line("2403.00002"))
    both = [c.model_copy(update={"anchor_lines": lines}) for c in (POND, other)]
    named = named_by_seed(both, {"2501.00001": OWN, "2403.00002": NEAR})
    assert {name: [a.paper.arxiv_id for a in found.anchors] for name, found in named.items()} == {
        "claim": ["2501.00001"]
    }
    assert named["claim"].anchors[0].found_by == "anchor line"


def test_id_that_resolved_to_nothing_is_no_anchor() -> None:
    asked = POND.model_copy(update={"arxiv_ids": ("2599.99999",), "anchor_lines": (line("2599.99998"),)})
    assert named_by_seed([asked], {}) == {}
