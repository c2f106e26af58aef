"""Widens and orders what is found with a scout's help; without a scout, or without its answer, nothing changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import date

from retest.candidates import DEPTH, PAGE, fuse_ids
from retest.errors import JudgeUnreachable
from retest.judges import Scout
from retest.ledger import Ledger, digest
from retest.models import Claim, Paper, Query
from retest.sources import PaperSource
from retest.terms import telling

_log = logging.getLogger(__name__)

POOL = 80
"""How many of the papers found the scout picks from: more crowd a request, fewer hide what was ranked low."""
WORDS_PER_SEARCH = 12


async def suggestions(claim: Claim, anchors: Sequence[Paper], scout: Scout | None, ledger: Ledger) -> tuple[str, ...]:
    """The scout's searches for a claim, asked for once."""
    if scout is None:
        return ()
    key = _key("suggest", claim, anchors, scout)
    words = ledger.words(key)
    if words:
        return tuple(json.loads(words))
    try:
        found = await scout.suggest(claim, anchors)
    except JudgeUnreachable as error:
        _log.info("%s: searched without suggestions: %s", claim.id, error)
        return ()
    ledger.keep_words(key, json.dumps(found, ensure_ascii=False))
    return found


async def picked(
    claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], scout: Scout | None, ledger: Ledger
) -> list[Paper]:
    """The papers with the scout's picks among the first of them in front; all are still there."""
    pool = list(papers[:POOL])
    if scout is None or not pool:
        return list(papers)
    key = _key("pick", claim, anchors, scout, [paper.arxiv_id for paper in pool])
    words = ledger.words(key)
    try:
        order = json.loads(words) if words else await scout.pick(claim, anchors, pool)
    except JudgeUnreachable as error:
        _log.info("%s: ranked without a scout: %s", claim.id, error)
        return list(papers)
    if not words:
        ledger.keep_words(key, json.dumps(order))
    chosen = [pool[index] for index in order]
    known = {paper.arxiv_id for paper in chosen}
    return [*chosen, *(paper for paper in papers if paper.arxiv_id not in known)]


def _key(what: str, claim: Claim, anchors: Sequence[Paper], scout: Scout, *more: object) -> str:
    told = [(paper.arxiv_id, paper.text) for paper in anchors]
    return digest(what, (claim.title, claim.text), told, (scout.model, dict(scout.prompts)), *more)


def gathering_query(suggested: Sequence[str], after: date, before: date) -> Query:
    """One request for all suggestions: the two most telling words of each."""
    terms = dict.fromkeys(word for search in suggested for word in telling(search, 2))
    return Query(terms=tuple(terms)[:24], after=after, before=before, limit=PAGE)


def widened(
    papers: Sequence[Paper], suggested: Sequence[str], source: PaperSource, after: date, before: date, without: set[str]
) -> list[Paper]:
    """The papers found so far fused with what each suggestion finds in the store, each search ranking by itself."""
    if not suggested:
        return list(papers)
    known = {paper.arxiv_id: paper for paper in papers}
    rankings = [list(known)]
    for search in suggested:
        query = Query(terms=telling(search, WORDS_PER_SEARCH), after=after, before=before, limit=DEPTH)
        hits = [hit.paper for hit in source.find(query) if hit.paper.arxiv_id not in without]
        known |= {paper.arxiv_id: paper for paper in hits}
        rankings.append([paper.arxiv_id for paper in hits])
    return [known[arxiv_id] for arxiv_id in fuse_ids(rankings)]
