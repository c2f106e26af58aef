"""Widens and orders what is found with a scout's help; without a scout, or without its answer, nothing changes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from retest.candidates import NO_SUGGESTIONS, PAGE
from retest.errors import JudgeUnreachable
from retest.judges import Scout
from retest.ledger import Ledger, digest
from retest.models import Claim, Likeness, Paper, Query, Suggestions
from retest.terms import telling

_log = logging.getLogger(__name__)

CROWD, CROWDS = 100, 2
"""How many papers a scout is shown at once, and how often: more a request and it skims, fewer hide what ranked low."""
FINALISTS = 40
"""How many of the papers it picks are shown again, with more of their text."""

Graded = dict[str, tuple[int, int]]
"""By arXiv id: a scout's grade, 0 for what it did not pick, and the place in its list."""


async def suggestions(claim: Claim, anchors: Sequence[Paper], scout: Scout | None, ledger: Ledger) -> Suggestions:
    """The scout's words for a claim, asked for once."""
    if scout is None:
        return NO_SUGGESTIONS
    key = _key("suggest", claim, anchors, scout)
    words = ledger.words(key)
    if words:
        return Suggestions.model_validate_json(words)
    try:
        found = await scout.suggest(claim, anchors)
    except JudgeUnreachable as error:
        _log.info("%s: searched without suggestions: %s", claim.id, error)
        return NO_SUGGESTIONS
    ledger.keep_words(key, found.model_dump_json())
    return found


async def picked(
    claim: Claim,
    anchors: Sequence[Paper],
    papers: Sequence[Paper],
    like: Likeness,
    scout: Scout | None,
    ledger: Ledger,
) -> list[Paper]:
    """The papers with the scout's picks in front; all are still there.

    It grades the first of them by a few sentences each, then once more the best of those by more of their text.
    """
    if scout is None:
        return list(papers)
    ask = partial(_graded, claim, anchors, like=like, scout=scout, ledger=ledger)
    order = _in_order(papers, await ask(papers[: CROWD * CROWDS], closely=False))
    if order.picked < 2:
        return order.papers
    return _in_order(order.papers, await ask(order.papers[: min(order.picked, FINALISTS)], closely=True)).papers


class _Order(NamedTuple):
    papers: list[Paper]
    picked: int


def _in_order(papers: Sequence[Paper], graded: Graded) -> _Order:
    """What was picked, by grade and place; then the rest as it was."""
    picks = {arxiv_id: (-grade, place) for arxiv_id, (grade, place) in graded.items() if grade}
    first = sorted((paper for paper in papers if paper.arxiv_id in picks), key=lambda paper: picks[paper.arxiv_id])
    return _Order([*first, *(paper for paper in papers if paper.arxiv_id not in picks)], len(first))


async def _graded(
    claim: Claim,
    anchors: Sequence[Paper],
    papers: Sequence[Paper],
    *,
    like: Likeness,
    scout: Scout,
    ledger: Ledger,
    closely: bool,
) -> Graded:
    """The scout's grade of each paper, each paper asked about once; none for papers about which no answer came."""
    key = _key("closely" if closely else "pick", claim, anchors, scout, like.suggested.model_dump())
    known: Graded = {
        arxiv_id: (grade, place) for arxiv_id, (grade, place) in json.loads(ledger.words(key) or "{}").items()
    }
    unknown = [paper for paper in papers if paper.arxiv_id not in known]

    async def put(crowd: Sequence[Paper]) -> Graded:
        try:
            grades = await scout.pick(claim, anchors, crowd, like, closely=closely)
        except JudgeUnreachable as error:
            _log.info("%s: ranked without a scout: %s", claim.id, error)
            return {}
        places = {index: place for place, index in enumerate(grades)}
        return {p.arxiv_id: (grades.get(n, 0), places.get(n, len(places))) for n, p in enumerate(crowd)}

    for graded in await asyncio.gather(*(put(unknown[at : at + CROWD]) for at in range(0, len(unknown), CROWD))):
        known |= graded
    if unknown:
        ledger.keep_words(key, json.dumps(known))
    return {paper.arxiv_id: known[paper.arxiv_id] for paper in papers if paper.arxiv_id in known}


def _key(what: str, claim: Claim, anchors: Sequence[Paper], scout: Scout, *more: object) -> str:
    told = [(paper.arxiv_id, paper.text) for paper in anchors]
    return digest(what, (claim.title, claim.text), told, (scout.model, dict(scout.prompts)), *more)


def gathering_query(suggested: Suggestions, after: date, before: date) -> Query:
    """One request for all suggested searches: the two most telling words of each."""
    terms = dict.fromkeys(word for search in suggested.searches for word in telling(search, 2))
    return Query(terms=tuple(terms)[:24], after=after, before=before, limit=PAGE)
