"""Asks for the papers newer than a claim that may bear on it, then ranks them on our side.

The papers that matter often say it in other words, so a claim is asked about in several ways: its
question, its summary, the title of its anchor, the sentences of its anchor. Each way ranks the
records by itself; the ranks are fused (reciprocal rank fusion), which needs no scores that compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from retest.models import Anchoring, Claim, Hit, Paper, Query, Value
from retest.terms import sentence_spans, telling

RANK_DAMPING = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
DEPTH = 100
"""How many papers each way of asking brings to the fusion."""
PAGE = 200
"""Papers asked for in one request: on tuning gold 100 held 42 % of the superseding papers, 200 50 %, 300 54 %."""


class Candidate(Value):
    """A paper newer than the claim that may bear on it; `score` is its fused rank's, higher is better."""

    paper: Paper
    score: float


def newer_than(hits: Iterable[Hit], day: date) -> list[Hit]:
    """The hits published after `day`: work of the same day does not supersede."""
    return [hit for hit in hits if hit.paper.published > day]


def papers_of(anchoring: Anchoring) -> tuple[Paper, ...]:
    """The anchors' papers, best first."""
    return tuple(anchor.paper for anchor in anchoring.anchors) if anchoring.kind == "anchored" else ()


def gathering_queries(claim: Claim, anchoring: Anchoring, after: date, since: date, as_of: date) -> list[Query]:
    """What a live service is asked: all newer work, then the recent window again.

    Two requests a claim. A service's relevance order has no sense of time, so that one query over three
    years rarely brings this month's papers: the window gets a query of its own. A claim as young as the
    audit has no newer work to ask for.
    """
    if after >= as_of:
        return []
    anchors = " ".join(paper.title for paper in papers_of(anchoring)[:2])
    terms = dict.fromkeys((*telling(claim.title, 6), *telling(anchors, 6), *telling(claim.text, 10)))
    whole = Query(terms=tuple(terms)[:18], after=after + timedelta(days=1), before=as_of, limit=PAGE)
    recent = max(since, after + timedelta(days=1))
    if recent >= as_of or recent == whole.after:
        return [whole]
    return [whole, whole.model_copy(update={"after": recent})]


def finding_queries(claim: Claim, anchoring: Anchoring, after: date | None, before: date) -> list[Query]:
    """The ways in which the local records are asked about a claim, published from `after` to `before`, both included."""
    ways = [telling(claim.title, 12), telling(claim.text, 24)]
    for paper in papers_of(anchoring)[:2]:
        ways += [telling(paper.title, 12), telling(f"{paper.title} {paper.text}", 30)]
        sentences = (paper.text[start:end] for start, end in sentence_spans(paper.text))
        ways += [telling(sentence, 16) for sentence in sentences][-3:]  # what was found stands at the end
    return [Query(terms=way, after=after, before=before, limit=DEPTH) for way in ways if way]


def fuse(rankings: Sequence[Sequence[Hit]], without: Iterable[str] = ()) -> list[Candidate]:
    """The papers of all rankings, those that stand high in many first; ties by id. `without`: ids left out."""
    left_out = set(without)
    papers: dict[str, Paper] = {}
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, hit in enumerate(ranking, 1):
            paper = hit.paper
            if paper.arxiv_id not in left_out:
                papers[paper.arxiv_id] = paper
                scores[paper.arxiv_id] = scores.get(paper.arxiv_id, 0.0) + 1 / (RANK_DAMPING + rank)
    ranked = sorted(scores, key=lambda i: (-scores[i], i))
    return [Candidate(paper=papers[i], score=scores[i]) for i in ranked]
