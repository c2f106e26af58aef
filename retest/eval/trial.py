"""Runs gold claims through the stages as a run does, and asks the plain full-text baseline beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field

from retest.audit import Gathered, look, retest_claim, unreachable, weigh_papers
from retest.candidates import papers_of
from retest.errors import SourceUnreachable
from retest.eval.gold import GoldClaim, claim_of
from retest.eval.witness import Witness
from retest.evidence import Weighed
from retest.judges import Judge, Scout
from retest.ledger import Ledger
from retest.models import NOT_JUDGED, Claim, Outcome, Place, Query, Stance, Value
from retest.terms import words

BASELINE_DEPTH = 200
Reading = Literal["supports", "relaxes", "overturns", "neutral", "abstained", "not judged", "unseen"]
"""What became of a listed paper: a stance, no usable stance, or the judge never got to see it."""


class Read(Value):
    """The reading of one paper. A stance that a paper only reports is printed, and counts as neutral."""

    reading: Reading
    cited: bool = False
    """Whether it is printed among the evidence, whatever its voice."""
    start: int | None = None
    """Where its quote begins in the paper's text."""
    end: int | None = None


class Tried(Value):
    """A gold claim with what the tool made of it."""

    gold: GoldClaim
    outcome: Outcome
    read: dict[str, Read]
    """Every listed paper as the run read it."""
    baseline: tuple[str, ...] = ()
    """What one full-text query of title and text brings, best first."""
    there: tuple[str, ...] | None = None
    """The listed papers that the source has at all; None: a live source, which is not asked."""
    alone: dict[str, Read] = Field(default_factory=dict)
    """Every listed paper that the source has, as the judge reads it when retrieval is out of the way."""


@dataclass
class Bench:
    """What a trial works with."""

    source: Witness
    judge: Judge
    ledger: Ledger
    since: date
    as_of: date
    candidates: int
    scout: Scout | None = None
    concurrency: int = 8
    judge_alone: bool = True
    progress: Callable[[Mapping[str, Any]], None] = lambda event: None


async def try_claims(golds: Sequence[GoldClaim], places: Mapping[str, Place], bench: Bench) -> list[Tried]:
    """Every claim, in the order given. A claim that the source could not look at has an outcome that says so.

    First all claims are gathered, then all are tested, as in `graph.py`: finding is done over everything that
    was fetched. Raises JudgeRefused.
    """
    slots = asyncio.Semaphore(bench.concurrency)
    claims = [claim_of(gold, places[gold.id]) for gold in golds]

    async def gathered(claim: Claim) -> Gathered | str:
        async with slots:
            found = await _gather(claim, bench)
        bench.progress({"stage": "gather", "claim": claim.id})
        return found

    async def tested(gold: GoldClaim, claim: Claim, found: Gathered | str) -> Outcome:
        async with slots:
            outcome = await _test(claim, found, bench)
        bench.progress({"stage": "test", "claim": claim.id})
        return outcome

    bench.progress({"stage": "gather", "total": len(claims)})
    found = await asyncio.gather(*map(gathered, claims))
    bench.progress({"stage": "test", "total": len(claims)})
    outcomes = await asyncio.gather(*map(tested, golds, claims, found))
    return [_tried(gold, outcome, bench) for gold, outcome in zip(golds, outcomes, strict=True)]


async def read_alone(tried: Sequence[Tried], bench: Bench) -> list[Tried]:
    """The same trials with every listed paper put to the judge, also those that retrieval never brought.

    A live source is not asked for them: the records would stay in its library, and the next trial would find
    there what no query of its own had brought. So only papers that it has shown are read.
    """
    slots = asyncio.Semaphore(bench.concurrency)

    async def one(trial: Tried) -> Tried:
        async with slots:
            return trial.model_copy(update={"alone": await _alone(trial, bench)})

    return list(await asyncio.gather(*map(one, tried)))


async def _gather(claim: Claim, bench: Bench) -> Gathered | str:
    try:
        return await look(claim, None, bench.source, bench.scout, bench.ledger, bench.since, bench.as_of)
    except SourceUnreachable as error:
        return str(error)


async def _test(claim: Claim, found: Gathered | str, bench: Bench) -> Outcome:
    if isinstance(found, str):
        return unreachable(claim, None, found, bench.as_of)
    return await retest_claim(
        claim,
        found,
        bench.source,
        bench.judge,
        bench.ledger,
        bench.candidates,
        bench.as_of,
        scout=bench.scout,
    )


def _tried(gold: GoldClaim, outcome: Outcome, bench: Bench) -> Tried:
    judged = set(outcome.ranked[: bench.candidates])
    listed = (*(paper.arxiv_id for paper in gold.newer(bench.as_of)), *gold.negatives)
    return Tried(
        gold=gold,
        outcome=outcome,
        read={i: _reading(i, outcome, i in judged) for i in listed},
    )


def beside_baseline(tried: Sequence[Tried], bench: Bench) -> list[Tried]:
    """The same trials with what bounds them: the baseline's ranking over the same records, and what is there at all."""
    return [
        trial.model_copy(
            update={
                "baseline": plain_ranking(trial.gold, bench.source, bench.as_of),
                "there": tuple(bench.source.source.lookup(list(trial.read))) if bench.source.is_local else None,
            }
        )
        for trial in tried
    ]


def plain_ranking(gold: GoldClaim, source: Witness, as_of: date) -> tuple[str, ...]:
    """The baseline: title and text as one full-text query over the same records, with the gold's own date."""
    terms = tuple(dict.fromkeys(words(f"{gold.title} {gold.text}")))
    query = Query(terms=terms, after=gold.filter_after + timedelta(days=1), before=as_of, limit=BASELINE_DEPTH)
    return tuple(hit.paper.arxiv_id for hit in source.source.find(query))


async def _alone(trial: Tried, bench: Bench) -> dict[str, Read]:
    listed = list(trial.read)
    known = bench.source.seen | (bench.source.source.lookup(listed) if bench.source.is_local else {})
    papers = [known[i] for i in listed if i in known and known[i].published <= bench.as_of]
    if not papers or trial.outcome.failure:
        return {}
    anchors = papers_of(trial.outcome.anchoring)
    weighed = await weigh_papers(trial.outcome.claim, anchors, papers, bench.judge, bench.ledger)
    return {paper.arxiv_id: _reading(paper.arxiv_id, weighed, True) for paper in papers}


def _reading(arxiv_id: str, found: Outcome | Weighed, judged: bool) -> Read:
    for item in found.evidence:
        if item.paper.arxiv_id == arxiv_id:
            stance: Stance = item.stance if item.voice == "asserted" else "neutral"
            return Read(reading=stance, cited=True, start=item.quote.start, end=item.quote.end)
    for unplaced in found.unplaced:
        if unplaced.paper.arxiv_id == arxiv_id:
            return Read(reading="not judged" if unplaced.reason.startswith(NOT_JUDGED) else "abstained")
    return Read(reading="neutral" if judged else "unseen")
