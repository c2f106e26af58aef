"""Asks for the papers newer than a claim that may bear on it, then ranks them on our side.

The papers that matter often say it in other words, so a claim is asked about in several ways: its
question, its summary, the title of its anchor, the sentences of its anchor. Each way ranks the
records by itself; the ranks are fused (reciprocal rank fusion), which needs no scores that compare. What comes
out is read again, closely (`ranking.py`). A source that compares meanings itself is asked that at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from retest.lexicon import last_sentences
from retest.models import Anchoring, Claim, Hit, Likeness, Paper, Query, Suggestions, Value
from retest.ranking import reread
from retest.sources import PaperSource
from retest.terms import telling

RANK_DAMPING = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
DEPTH = 100
"""How many papers each way of asking brings to the fusion."""
DEEPEST = 300
"""How many papers are read again."""
PAGE = 300
"""Papers asked for in one request: on tuning gold 100 held 42 % of the superseding papers, 200 50 %, 300 54 %."""
WORDS_ASKED = 32
"""The most words in a request: of the claim, of its anchor's title, and of what the anchor found."""
WORDS_SUGGESTED = 12
"""How many words of a suggestion are looked for."""
NO_SUGGESTIONS = Suggestions()


class Candidate(Value):
    """A paper newer than the claim that may bear on it; `score` is its fused rank's, higher is better."""

    paper: Paper
    score: float


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
    papers = papers_of(anchoring)
    titles = " ".join(paper.title for paper in papers[:2])
    found = " ".join(sentence for paper in papers[:1] for sentence in last_sentences(paper.text))
    own = (*telling(claim.title, 6), *telling(titles, 6), *telling(claim.text, 10))
    terms = dict.fromkeys((*own, *telling(found, 24)))
    whole = Query(terms=tuple(terms)[:WORDS_ASKED], after=after + timedelta(days=1), before=as_of, limit=PAGE)
    recent = max(since, after + timedelta(days=1))
    if recent >= as_of or recent == whole.after:
        return [whole]
    return [whole, whole.model_copy(update={"after": recent})]


def finding_queries(
    claim: Claim, anchoring: Anchoring, after: date | None, before: date, suggested: Suggestions = NO_SUGGESTIONS
) -> list[Query]:
    """The ways in which the local records are asked about a claim, published from `after` to `before`, both included."""
    ways = [telling(claim.title, 12), telling(claim.text, 24)]
    for paper in papers_of(anchoring)[:2]:
        ways += [telling(paper.title, 12), telling(f"{paper.title} {paper.text}", 30)]
        ways += [telling(sentence, 16) for sentence in last_sentences(paper.text)]
    ways += [telling(words, WORDS_SUGGESTED) for words in (*suggested.searches, *suggested.findings)]
    return [Query(terms=way, after=after, before=before, limit=DEPTH) for way in ways if way]


def likeness(claim: Claim, anchoring: Anchoring, suggested: Suggestions = NO_SUGGESTIONS) -> Likeness:
    """What a paper that bears on the claim is like."""
    papers = papers_of(anchoring)
    anchor = {"anchor_title": papers[0].title, "anchor_text": papers[0].text} if papers else {}
    return Likeness(title=claim.title, text=claim.text, suggested=suggested, **anchor)


def find_candidates(
    claim: Claim,
    anchoring: Anchoring,
    source: PaperSource,
    after: date | None,
    before: date,
    without: Iterable[str],
    suggested: Suggestions = NO_SUGGESTIONS,
) -> list[Paper]:
    """The papers in the source's store that may bear on a claim, best first; published from `after` to `before`."""
    left_out = frozenset(without)
    like = likeness(claim, anchoring, suggested)
    hits = source.find(Query(terms=(), after=after, before=before, limit=DEEPEST, like=like))
    if hits:
        return [hit.paper for hit in hits if hit.paper.arxiv_id not in left_out]
    rankings = [source.find(query) for query in finding_queries(claim, anchoring, after, before, suggested)]
    found = [candidate.paper for candidate in fuse(rankings, without=left_out)]
    return [*reread(like, found[:DEEPEST]), *found[DEEPEST:]]


def fuse(rankings: Sequence[Sequence[Hit]], without: Iterable[str] = ()) -> list[Candidate]:
    """The papers of all rankings, those that stand high in many first; ties by id. `without`: ids left out."""
    left_out = set(without)
    papers = {hit.paper.arxiv_id: hit.paper for ranking in rankings for hit in ranking}
    kept = [[hit.paper.arxiv_id for hit in ranking if hit.paper.arxiv_id not in left_out] for ranking in rankings]
    return [Candidate(paper=papers[arxiv_id], score=score) for arxiv_id, score in fuse_ids(kept).items()]


def fuse_ids(rankings: Iterable[Sequence[str]]) -> dict[str, float]:
    """The ids of all rankings with their fused score, best first; ties by id."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, arxiv_id in enumerate(ranking, 1):
            scores[arxiv_id] = scores.get(arxiv_id, 0.0) + 1 / (RANK_DAMPING + rank)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
