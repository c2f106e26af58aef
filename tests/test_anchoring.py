"""Anchors are right or absent: measured on the seeds over the bundled catalogue, and on papers that once fooled us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes import AS_OF, ShelfSource, claim, paper

from retest.anchors import anchor_query, choose, fits
from retest.audit import find_anchors
from retest.fidelity import fidelity
from retest.models import Anchor, Anchored, Place, Sentence
from retest.run import read_seeds
from retest.sources.catalogue import CatalogueSource
from retest.tracing import Tracing, trace

ROOT = Path(__file__).parent.parent
GOLD = json.loads((ROOT / "tests/data/anchors_gold.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def catalogue() -> CatalogueSource:
    return CatalogueSource()


@pytest.fixture(scope="module")
def library(catalogue: CatalogueSource) -> Tracing:
    return trace(read_seeds([ROOT / "seeds"])[0], catalogue, AS_OF)


@pytest.fixture(scope="module")
def written(catalogue: CatalogueSource) -> Tracing:
    return trace(read_seeds([ROOT / "tests/seeds_written"])[0], catalogue, AS_OF)


def found(tracing: Tracing) -> dict[str, list[str]]:
    return {traced.claim.title: [paper.arxiv_id for paper in traced.papers] for traced in tracing.claims}


def gold(part: str) -> dict[str, dict[str, Any]]:
    return {row["title"]: row for row in GOLD[part]}


def test_sixteen_of_eighteen_notes_of_the_seeds_find_their_paper_in_the_catalogue(library: Tracing) -> None:
    anchors = found(library)
    right = [
        title for title, row in gold("seeds").items() if row["anchors"] and anchors[title][:1] == row["anchors"][:1]
    ]
    assert len([row for row in GOLD["seeds"] if row["anchors"]]) == 18
    assert len(right) >= 16


def test_no_anchor_of_the_seeds_is_wrong(library: Tracing) -> None:
    anchors = found(library)
    wrong = {
        title: anchors[title] for title, row in gold("seeds").items() if not set(anchors[title]) <= set(row["anchors"])
    }
    assert wrong == {}


def test_every_note_of_the_seeds_written_on_other_topics_finds_its_paper(written: Tracing) -> None:
    assert found(written) == {title: row["anchors"] for title, row in gold("written").items()}


def test_seeds_written_carefully_have_no_finding(written: Tracing) -> None:
    assert written.findings() == []
    statuses = [traced.fidelity.status for traced in written.claims]
    assert "misstated" not in statuses and statuses.count("faithful") >= 10


SPOILT = {
    "lower by 28.64%": "lower by 38.64%",
    "26.3% in 2022": "62.3% in 2022",
    "lowers extreme negativity": "raises extreme negativity",
    "tuning Qwen-4B-Instruct": "tuning Llama-4B-Instruct",
    "GPT-4 graded": "Gemini graded",
}


@pytest.mark.parametrize("right, wrong", SPOILT.items())
def test_careful_note_is_misstated_once_it_is_spoilt(written: Tracing, right: str, wrong: str) -> None:
    (traced,) = (t for t in written.claims if right in t.claim.text)
    spoilt = traced.claim.model_copy(update={"text": traced.claim.text.replace(right, wrong)})
    assert fidelity(spoilt, traced.anchoring).status == "misstated"


FINDINGS = {
    ("000", 10, "drift", "42.6% to the random baseline"),
    ("000", 12, "drift", "says “not performance” where the note says “not necessarily performance”"),
    ("000", 23, "numbers", "zero-shot classification tasks"),
    ("000", 39, "unanchored", ""),
    ("001", 61, "year", "stated as ~2024, but arXiv:2305.11206 was first posted on 2023-05-18"),
    ("001", 65, "anchor-missing", "socially necessary speech acts"),
    ("001", 71, "anchor-unused", "arXiv:2510.22462"),
    ("002", 8, "answered", "arXiv:2601.10387"),
    ("002", 10, "drift", "42.6% to the random baseline"),
    ("004", 12, "drift", "not necessarily performance"),
}


@pytest.mark.parametrize("seed, line, kind, words", sorted(FINDINGS))
def test_what_a_careful_reader_finds_in_the_five_seeds_is_found(
    library: Tracing, seed: str, line: int, kind: str, words: str
) -> None:
    told = [f.message for f in library.findings() if (Path(f.file).name[:3], f.line, f.kind) == (seed, line, kind)]
    assert any(words in message for message in told)


def test_nothing_else_is_found_in_the_five_seeds_but_bullets_and_notes_without_a_listed_paper(library: Tracing) -> None:
    expected = {(seed, line, kind) for seed, line, kind, _ in FINDINGS}
    others = [f for f in library.findings() if (Path(f.file).name[:3], f.line, f.kind) not in expected]
    assert {f.kind for f in others} <= {"unanchored", "anchor-missing", "year"}
    assert [f.message for f in others if f.kind == "year"] == [
        "stated as ~2024, but arXiv:2305.11383 was first posted on 2023-05-18"
    ]


EDITORIALS = [
    (
        "Is patience a virtue of machines?",
        "Machines that wait teach us that haste is a choice, and that silence is an answer.",
    ),
    (
        "Should libraries forget?",
        "A library that keeps every claim keeps every error; forgetting is the other half of reading.",
    ),
    (
        "Who owns a good question?",
        "Questions belong to those who live with them, and no system of credit has yet caught up with that.",
    ),
]


@pytest.mark.parametrize("title, text", EDITORIALS)
def test_editorial_has_no_paper_in_the_catalogue(catalogue: CatalogueSource, title: str, text: str) -> None:
    anchoring, queries = find_anchors(claim(title, text), None, catalogue, AS_OF)
    assert anchoring.kind == "unanchored" and anchoring.reason
    assert len(queries) == 1


# --- papers that fooled us -------------------------------------------------------------------------

FILLER = [
    paper(f"2401.0000{n}", title, f"{title} is studied on {n + 3} farms with care, and results vary.", "2024-01-05")
    for n, title in enumerate(("Feeding Geese", "Counting Swans", "Ringing Herons", "Housing Ducks", "Watching Coots"))
]
FOUND = paper(
    "2506.00001",
    "The Illusion of Swimming: Understanding Ducklings through Depth",
    "On controllable ponds we find that ducklings collapse beyond a certain depth and paddle less although time remains.",
    "2025-06-07",
)
COMMENT = paper(
    "2506.00002",
    "Comment on The Illusion of Swimming: Understanding Ducklings through Depth",
    "Others report that ducklings collapse beyond a certain depth and paddle less although time remains on controllable ponds. "
    "We show that the ponds were frozen.",
    "2025-06-12",
)
DUCKLINGS = claim(
    "Do ducklings collapse beyond a depth?",
    "On controllable ponds ducklings collapse beyond a certain depth, and paddle less although time remains.",
)


def test_comment_on_a_paper_is_not_taken_for_the_paper() -> None:
    """arXiv:2506.09250 comments on arXiv:2506.06941 in its own words and repeats its title."""
    chosen = choose(DUCKLINGS, [*FILLER, COMMENT, FOUND])
    assert chosen.kind == "anchored" and chosen.anchors[0].paper == FOUND


def test_of_two_papers_that_fit_alike_the_older_is_taken() -> None:
    """arXiv:2604.06163 explains the bias that arXiv:2310.20501 found, and tells it again."""
    later = FOUND.model_copy(update={"arxiv_id": "2604.00001", "published": AS_OF})
    chosen = choose(DUCKLINGS, [*FILLER, later, FOUND])
    assert chosen.kind == "unanchored" or chosen.anchors[0].paper == FOUND


def test_note_about_several_papers_is_anchored_to_the_one_whose_catchword_it_repeats() -> None:
    """arXiv:2502.08640, `Utility Engineering: ...`, is one of four behind a note that fits none of them as a whole."""
    named = paper(
        "2502.00001", "Pond Engineering: Taming Duck Values", "Ducks hold coherent values at scale.", "2025-02-12"
    )
    note = claim(
        "What constrains ducks?",
        "Geese cannot guide themselves without herons, and swans learn late. Coherent values at scale need pond engineering.",
    )
    chosen = choose(note, [*FILLER, named])
    assert chosen.kind == "anchored" and [a.paper for a in chosen.anchors] == [named]


def test_paper_that_an_essay_sentence_names_is_known_by_it() -> None:
    """arXiv:2504.07912 is told without its title's words; an essay that leans on the note has them."""
    told = "Swimming practice amplifies habits from the nest, and one habit wins."
    leaning = Sentence(place=Place(file="a.md", line=3), text=told)
    note = claim("Does practice narrow ducks?", "Practice makes one stroke win within a day.", leaning=(leaning,))
    echo = paper(
        "2504.00001", "Echo Pond: Swimming Practice Amplifies Habits from the Nest", "One stroke wins.", "2025-04-10"
    )
    bare = note.model_copy(update={"leaning": ()})
    assert (
        dict((p.arxiv_id, v) for v, p in fits(note, [*FILLER, echo]))["2504.00001"]
        > dict((p.arxiv_id, v) for v, p in fits(bare, [*FILLER, echo]))["2504.00001"]
    )


def test_abstract_that_breaks_off_is_forgiven_what_it_lacks() -> None:
    whole = FOUND.model_copy(update={"text_kind": "abstract"})
    cut = whole.model_copy(update={"text": whole.text.rstrip(".")})
    assert fits(DUCKLINGS, [*FILLER, cut])[0][0] > fits(DUCKLINGS, [*FILLER, whole])[0][0]


def test_claim_is_searched_for_with_one_request_that_carries_names_and_phrases() -> None:
    source = ShelfSource([*FILLER, FOUND])
    find_anchors(claim("Do ducks dive?", "MALLARD shows that diving ducks outlast 95% of geese."), None, source, AS_OF)
    assert source.requests == 1
    terms = source.queries[0].terms
    assert terms[0] == "MALLARD" and "diving ducks" in terms and not any(term.isdigit() for term in terms)


def test_query_of_a_claim_without_telling_words_asks_for_nothing_odd() -> None:
    assert anchor_query(claim("What is it?", "It is."), AS_OF).terms == ()


def test_named_anchor_needs_no_search() -> None:
    source = ShelfSource([FOUND])
    known = Anchored(anchors=(Anchor(paper=FOUND, score=1.0, found_by="anchor line"),))
    assert find_anchors(DUCKLINGS, known, source, AS_OF) == (known, [])
    assert source.requests == 0
