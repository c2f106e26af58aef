"""Finds the paper that a claim summarises, or says why none can be called its own.

A wrong anchor is worse than none: it dates the claim wrongly and holds it against another's words.
So a search makes a paper the anchor only when it accounts for enough of the claim and for clearly
more than the next one does; an anchor line of the seed needs less, for a person has named it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from retest.models import Anchor, Anchored, Claim, Paper, Query, Unanchored
from retest.terms import coverage, likeness, names, numbers, profile, stems, telling, weight

WEIGHTS = {
    "text": 4.4,  # the summary's words, in the paper
    "question": 2.6,  # the note's title's words, in the paper
    "title": 3.5,  # the paper's title's words, in the note
    "titles": 1.3,  # both titles' likeness
    "likeness": 3.1,  # note and paper as a whole
    "pairs": 2.3,  # the note's neighbouring words, in the paper
    "names": 1.3,
    "numbers": 2.5,
    "rarest": 1.5,  # the most telling word they share
}
"""Log-odds of each likeness, 0 to 1, by logistic regression over 5,900 pairs of 59 claims with papers
that one query brought; in ten-fold cross-validation the best-scored paper was right for 45 of the 54
claims whose paper the query brought at all."""
INTERCEPT = -10.9
SEARCH_BAR = 0.0
"""Least log-odds plus lead over the next paper. In cross-validation 38 of 41 anchors above it were right."""
LINE_BAR = -6.0
"""Least log-odds for a paper that the seed's own anchor lines name, when no other claim of the seed fits it better."""
FURTHER_BAR = -4.0
"""Least log-odds of a second anchor, which must also bear a name of the note that the first one lacks."""
TELLING_NAME = 5.0
"""Names of less weight (`LLMs`, `RLHF`) tell no paper from another."""


def anchor_query(claim: Claim, as_of: date) -> Query:
    """One query for the paper behind a claim: its names, then its most telling words."""
    terms = dict.fromkeys((*telling_names(claim), *telling(f"{claim.title} {claim.text}", 16)))
    latest = min(as_of, date(claim.stated.last, 12, 31)) if claim.stated else as_of
    return Query(terms=tuple(terms)[:18], before=latest, limit=100)


def telling_names(claim: Claim) -> tuple[str, ...]:
    """Names its source is likely to bear: the stated ones, then those in its text; common ones left out."""
    found = dict.fromkeys((*claim.names, *names(claim.text), *names(claim.title)))
    return tuple(name for name in found if _name_weight(name) > TELLING_NAME)


def log_odds(claim: Claim, paper: Paper) -> float:
    """The log-odds that this paper is the one the claim summarises."""
    values = _likenesses(claim, paper)
    return INTERCEPT + sum(WEIGHTS[name] * value for name, value in values.items())


def _likenesses(claim: Claim, paper: Paper) -> dict[str, float]:
    note_text, paper_text = f"{claim.title}. {claim.text}", f"{paper.title}. {paper.text}"
    note, record = profile(note_text), profile(paper_text)
    return {
        "text": coverage(profile(claim.text), record),
        "question": coverage(profile(claim.title), record),
        "title": coverage(profile(paper.title), note),
        "titles": likeness(profile(claim.title), profile(paper.title)),
        "likeness": likeness(note, record),
        "pairs": coverage(_pairs(note_text), _pairs(paper_text)),
        "names": _names_borne(claim, paper),
        "numbers": _numbers_stated(claim.text, paper_text),
        "rarest": max((value for stem, value in note.items() if stem in record), default=0.0) / 9.5,
    }


def _pairs(text: str) -> dict[str, float]:
    return {f"{a} {b}": (weight(a) + weight(b)) / 2 for a, b in pairwise(stems(text))}


def _names_borne(claim: Claim, paper: Paper) -> float:
    """The share of the claim's names in the paper, by weight; a half where it has none, which says nothing."""
    named = telling_names(claim)
    if not named:
        return 0.5
    return sum(_name_weight(n) for n in named if _bears(paper, n)) / sum(map(_name_weight, named))


def _name_weight(name: str) -> float:
    return max((weight(stem) for stem in stems(name)), default=0.0)


def _bears(paper: Paper, name: str) -> bool:
    return set(stems(name)) <= set(stems(f"{paper.title} {paper.text}"))


def _numbers_stated(claim_text: str, paper_text: str) -> float:
    """The share of the claim's numbers in the paper; 0.3, their mean, where it has none."""
    wanted = {(number.value, number.unit) for number in numbers(claim_text)}
    if not wanted:
        return 0.3
    return len(wanted & {(number.value, number.unit) for number in numbers(paper_text)}) / len(wanted)


def choose(claim: Claim, papers: Iterable[Paper]) -> Anchored | Unanchored:
    """The claim's anchors among papers that a search brought."""
    scored = sorted(
        ((log_odds(claim, paper), paper) for paper in papers), key=lambda pair: (-pair[0], pair[1].arxiv_id)
    )
    if not scored:
        return Unanchored(reason="the source has no paper that shares its words")
    best, paper = scored[0]
    lead = best - scored[1][0] if len(scored) > 1 else 0.0
    if best + lead < SEARCH_BAR:
        return Unanchored(reason=_why_not(scored, lead))
    return Anchored(anchors=(_anchor(paper, best, "search"), *_further(claim, paper, scored[1:])))


def _why_not(scored: Sequence[tuple[float, Paper]], lead: float) -> str:
    best, paper = scored[0]
    nearest = f"arXiv:{paper.arxiv_id}"
    if len(scored) > 1 and lead < 0.5 and best > FURTHER_BAR:
        return f"{nearest} and arXiv:{scored[1][1].arxiv_id} fit it about equally well"
    return f"the nearest paper, {nearest}, accounts for too little of what it says"


def _further(claim: Claim, first: Paper, rest: Sequence[tuple[float, Paper]]) -> Iterable[Anchor]:
    """Papers for the names that the first anchor lacks: a note may summarise several."""
    lacking = [name for name in telling_names(claim) if not _bears(first, name)]
    for value, paper in rest:
        borne = [name for name in lacking if name in paper.title or f"({name})" in paper.text]
        if value >= FURTHER_BAR and borne:
            yield _anchor(paper, value, "search")
            lacking = [name for name in lacking if name not in borne]


def named_by_seed(claims: Sequence[Claim], papers: Mapping[str, Paper]) -> dict[str, Anchored]:
    """Anchors that the seeds themselves name, by claim id.

    An id written in a note is that note's. An anchor line stands for the whole seed, so it goes to
    the claim among those of the seed which it fits best, and to none when it fits none.
    `papers` holds what the ids resolved to; what did not resolve is no anchor.
    """
    found: dict[str, dict[str, Anchor]] = {}
    for claim in claims:
        for paper in (papers[i] for i in claim.arxiv_ids if i in papers):
            found.setdefault(claim.id, {})[paper.arxiv_id] = _anchor(paper, log_odds(claim, paper), "id in the note")
    lines = sorted({line.arxiv_id for claim in claims for line in claim.anchor_lines} & set(papers))
    for paper in (papers[i] for i in lines):
        rivals = [c for c in claims if any(line.arxiv_id == paper.arxiv_id for line in c.anchor_lines)]
        value, owner = max(((log_odds(c, paper), c) for c in rivals), key=lambda pair: (pair[0], pair[1].id))
        if value >= LINE_BAR:
            found.setdefault(owner.id, {}).setdefault(paper.arxiv_id, _anchor(paper, value, "anchor line"))
    return {
        claim_id: Anchored(anchors=tuple(sorted(anchors.values(), key=lambda a: (-a.score, a.paper.arxiv_id))))
        for claim_id, anchors in found.items()
    }


def _anchor(paper: Paper, value: float, found_by: str) -> Anchor:
    if found_by != "search":
        value -= LINE_BAR  # that a person has named it is evidence in itself
    return Anchor.model_validate({"paper": paper, "score": round(1 / (1 + math.exp(-value)), 3), "found_by": found_by})
