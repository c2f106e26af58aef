"""Widens and orders what is found with a scout's help; without a scout, or without its answer, nothing changes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import date

from retest.candidates import NO_SUGGESTIONS, PAGE
from retest.errors import JudgeUnreachable
from retest.judges import Scout
from retest.ledger import Ledger, digest
from retest.models import Claim, Likeness, Paper, Query, Suggestions
from retest.terms import telling

_log = logging.getLogger(__name__)

CROWD, CROWDS = 100, 2
"""How many papers a scout is shown at once, and how often: more a request and it skims, fewer hide what ranked low."""


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
    """The papers with the scout's picks in front, by grade and then by place; all are still there."""
    if scout is None:
        return list(papers)
    crowds = [papers[first : first + CROWD] for first in range(0, min(len(papers), CROWD * CROWDS), CROWD)]
    replies = await asyncio.gather(*(_graded(claim, anchors, crowd, like, scout, ledger) for crowd in crowds))
    grades = {arxiv_id: grade for graded in replies for arxiv_id, grade in graded.items()}
    return sorted(papers, key=lambda paper: -grades.get(paper.arxiv_id, 0))


async def _graded(
    claim: Claim, anchors: Sequence[Paper], crowd: Sequence[Paper], like: Likeness, scout: Scout, ledger: Ledger
) -> dict[str, int]:
    """The grade of each paper of the crowd that the scout picks, asked for once; none where it does not answer."""
    key = _key("pick", claim, anchors, scout, like.suggested, [paper.arxiv_id for paper in crowd])
    words = ledger.words(key)
    if words:
        return dict(json.loads(words))
    try:
        grades = await scout.pick(claim, anchors, crowd, like)
    except JudgeUnreachable as error:
        _log.info("%s: ranked without a scout: %s", claim.id, error)
        return {}
    graded = {crowd[index].arxiv_id: grade for index, grade in grades.items()}
    ledger.keep_words(key, json.dumps(graded))
    return graded


def _key(what: str, claim: Claim, anchors: Sequence[Paper], scout: Scout, *more: object) -> str:
    told = [(paper.arxiv_id, paper.text) for paper in anchors]
    return digest(what, (claim.title, claim.text), told, (scout.model, dict(scout.prompts)), *more)


def gathering_query(suggested: Suggestions, after: date, before: date) -> Query:
    """One request for all suggested searches: the two most telling words of each."""
    terms = dict.fromkeys(word for search in suggested.searches for word in telling(search, 2))
    return Query(terms=tuple(terms)[:24], after=after, before=before, limit=PAGE)
