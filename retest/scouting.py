"""Widens and orders what is found with a scout's help; without a scout, or without its answer, nothing changes."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial

from retest.candidates import NO_SUGGESTIONS, PAGE
from retest.errors import JudgeUnreachable
from retest.judges import Scout
from retest.ledger import Ledger, digest, told_of
from retest.models import Claim, Likeness, Paper, Query, Suggestions
from retest.terms import telling

_log = logging.getLogger(__name__)

CROWD, CROWDS = 100, 2
"""How many papers a scout is shown at once, and how often: more a request and it skims, fewer hide what ranked low."""
FINALISTS = 40
"""How many of the papers it picks are shown again, with more of their text."""

Ask = Callable[..., Awaitable[Mapping[int, int]]]
"""Puts papers before the scout: index and grade of those it picks, the likeliest first."""


async def suggestions(claim: Claim, anchors: Sequence[Paper], scout: Scout | None, ledger: Ledger) -> Suggestions:
    """The scout's words for a claim, asked for once."""
    if scout is None:
        return NO_SUGGESTIONS
    key = digest("suggest", *told_of(claim, anchors), scout.model, dict(scout.prompts))
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

    It grades the first of them by a few sentences each, every paper once; then, side by side, the best of those by
    more of their text. Where a step's answer is missing the papers stay as they were before it: half an answer would
    put those it is about before better ones.
    """
    if scout is None:
        return list(papers)
    about = (*told_of(claim, anchors), scout.model, dict(scout.prompts), like.suggested.model_dump())
    ask = partial(scout.pick, claim, anchors, like=like)
    order = list(papers)
    try:
        grades = await _grades(papers[: CROWD * CROWDS], digest("grades", *about), ask, ledger)
        order = _by_grade(papers, grades)
        best = min(sum(grade > 0 for grade in grades.values()), FINALISTS)
        return [*await _side_by_side(order[:best], digest("closely", *about), ask, ledger), *order[best:]]
    except JudgeUnreachable as error:
        _log.info("%s: a scout's answer is missing: %s", claim.id, error)
        return order


def _named(paper: Paper) -> str:
    """A paper as it is shown: a revised one is another."""
    return digest(paper.arxiv_id, paper.title, paper.text)[:12]


def _by_grade(papers: Sequence[Paper], grades: Mapping[str, int]) -> list[Paper]:
    """The best first; of one grade, and without one, as they were: grades of two requests say nothing finer."""
    return sorted(papers, key=lambda paper: -grades.get(_named(paper), 0))


async def _grades(papers: Sequence[Paper], key: str, ask: Ask, ledger: Ledger) -> dict[str, int]:
    """The scout's grade of each paper, 0 for what it does not pick. Raises JudgeUnreachable.

    What was graded before, on an earlier night or before an answer failed, is not asked about again.
    """
    known: dict[str, int] = json.loads(ledger.words(key) or "{}")
    unknown = [paper for paper in papers if _named(paper) not in known]

    async def put(crowd: Sequence[Paper]) -> None:
        picks = await ask(crowd, closely=False)
        known.update({_named(paper): picks.get(index, 0) for index, paper in enumerate(crowd)})
        ledger.keep_words(key, json.dumps(known))

    crowds = (unknown[at : at + CROWD] for at in range(0, len(unknown), CROWD))
    for reply in await asyncio.gather(*map(put, crowds), return_exceptions=True):
        if isinstance(reply, BaseException):
            raise reply
    return {_named(paper): known[_named(paper)] for paper in papers}


async def _side_by_side(papers: Sequence[Paper], key: str, ask: Ask, ledger: Ledger) -> list[Paper]:
    """The papers in the order that the scout gives them when it sees them together. Raises JudgeUnreachable."""
    if len(papers) < 2:
        return list(papers)
    key = digest(key, [_named(paper) for paper in papers])
    words = ledger.words(key)
    picks = {int(index): grade for index, grade in json.loads(words)} if words else await ask(papers, closely=True)
    if not words:
        ledger.keep_words(key, json.dumps(list(picks.items())))
    order = sorted(picks, key=lambda index: -picks[index])
    return [*(papers[index] for index in order), *(p for index, p in enumerate(papers) if index not in picks)]


def gathering_query(suggested: Suggestions, after: date, before: date) -> Query:
    """One request for all suggested searches: the two most telling words of each."""
    terms = dict.fromkeys(word for search in suggested.searches for word in telling(search, 2))
    return Query(terms=tuple(terms)[:24], after=after, before=before, limit=PAGE)
