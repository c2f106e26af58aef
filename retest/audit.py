"""Takes one claim through the stages: its anchor, what is newer, what that says, where the claim stands."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import date, timedelta

from retest.anchors import anchor_query, choose
from retest.candidates import NO_SUGGESTIONS, find_candidates, gathering_queries, likeness, papers_of
from retest.claims import effective_date
from retest.errors import JudgeUnreachable
from retest.evidence import Weighed, weigh
from retest.fidelity import fidelity
from retest.findings import claim_findings
from retest.judges import Judge, Scope, Scout
from retest.judges.embedded import questions as plain_questions
from retest.judges.embedded import words_for
from retest.ledger import Ledger, digest, pair_key
from retest.models import (
    Anchoring,
    Answer,
    Claim,
    DatedBy,
    Evidence,
    Outcome,
    Paper,
    Query,
    Search,
    Seed,
    Suggestions,
    Unanchored,
    Value,
    Verdict,
)
from retest.scouting import gathering_query, picked, suggestions
from retest.sources import PaperSource
from retest.verdicts import Decision, decide

_log = logging.getLogger(__name__)

BIRTH_YEARS = 3
"""How far before a claim work is looked for that already disagreed with it."""
BIRTH_CANDIDATES = 5
ASKED_TOGETHER = 6
"""Papers put to the judge at once: the LLM judge's own batch, so that a kill loses no reply but those on their way."""
RANKED = 200
"""How deep an outcome remembers its ranking, at least."""


class Gathered(Value):
    """What was fetched for a claim: the records lie in the source's store."""

    anchoring: Anchoring
    effective_date: date
    dated_by: DatedBy
    queries: tuple[str, ...]
    """What the source was asked for newer work, in words. How the anchor was found is no part of it: a later run need not ask."""
    suggested: Suggestions = NO_SUGGESTIONS
    """A scout's words, looked for in the store one by one."""


async def look(
    claim: Claim,
    named: Anchoring | None,
    source: PaperSource,
    scout: Scout | None,
    ledger: Ledger,
    since: date,
    as_of: date,
) -> Gathered:
    """Finds the claim's anchor, then has the source fetch what is newer. Raises SourceUnreachable.

    `named`: what is known without a search, from the seeds or an earlier run.
    """
    anchoring, _ = await asyncio.to_thread(find_anchors, claim, named, source, as_of)
    suggested = await suggestions(claim, papers_of(anchoring), scout, ledger)
    return await asyncio.to_thread(gather, claim, anchoring, source, since, as_of, suggested)


def gather(
    claim: Claim,
    anchoring: Anchoring,
    source: PaperSource,
    since: date,
    as_of: date,
    suggested: Suggestions = NO_SUGGESTIONS,
) -> Gathered:
    """Has the source fetch what is newer than the claim: two requests, one more for a scout's suggestions.

    Raises SourceUnreachable.
    """
    dated, dated_by = effective_date(claim, anchor_date(anchoring), as_of)
    asked = gathering_queries(claim, anchoring, dated, since, as_of)
    if asked and suggested.searches:
        asked.append(gathering_query(suggested, dated + timedelta(days=1), as_of))
    for query in asked:
        source.search(query)
    return Gathered(
        anchoring=anchoring,
        effective_date=dated,
        dated_by=dated_by,
        queries=tuple(map(in_words, asked)),
        suggested=suggested,
    )


def find_anchors(
    claim: Claim, named: Anchoring | None, source: PaperSource, as_of: date
) -> tuple[Anchoring, list[Query]]:
    """The claim's anchors with what was asked for them: nothing where they are known. Raises SourceUnreachable."""
    if named:
        return named, []
    query = anchor_query(claim, as_of)
    return choose(claim, (hit.paper for hit in source.search(query))), [query]


def anchor_date(anchoring: Anchoring) -> date | None:
    """The day of v1 of the last of the claim's papers: a note about several is no older than the newest of them."""
    return max((paper.published for paper in papers_of(anchoring)), default=None)


def in_words(query: Query) -> str:
    """A query as reports print it."""
    start = f"{query.after.isoformat()} to " if query.after else "up to "
    return f"{', '.join(query.terms)} ({start}{query.before.isoformat()})"


async def retest_claim(
    claim: Claim,
    gathered: Gathered,
    source: PaperSource,
    judge: Judge,
    ledger: Ledger,
    candidates: int,
    as_of: date,
    earlier: Sequence[Paper] = (),
    scout: Scout | None = None,
) -> Outcome:
    """Weighs the newer papers in the source's store and decides. Raises JudgeRefused when asking is useless.

    `earlier`: papers that an earlier run cited. They are weighed again whatever their rank is now: a verdict
    must not turn because new papers have crowded out what it rests on.
    """
    anchors = papers_of(gathered.anchoring)
    own = {paper.arxiv_id for paper in anchors}
    like = likeness(claim, gathered.anchoring, gathered.suggested)
    newer = await picked(claim, anchors, _newer(claim, gathered, source, own, as_of), like, scout, ledger)
    chosen = _with_earlier(newer[:candidates], earlier, gathered.effective_date, own, as_of)
    weighed = await weigh_papers(claim, anchors, chosen, judge, ledger)
    before = _older(claim, gathered, source, own, as_of)
    older = await weigh_papers(claim, anchors, before, judge, ledger)
    decision = decide(
        weighed.evidence,
        looked_at=len(newer),
        not_judged=weighed.not_judged,
        abstained=len(weighed.unplaced) - weighed.not_judged,
        searched=bool(gathered.queries),
        upholds=judge.upholds,
    )
    return Outcome(
        claim=claim,
        anchoring=gathered.anchoring,
        effective_date=gathered.effective_date,
        dated_by=gathered.dated_by,
        fidelity=fidelity(claim, gathered.anchoring),
        findings=tuple(claim_findings(claim, gathered.anchoring, as_of)),
        search=Search(
            queries=gathered.queries, found=max(len(newer), len(chosen)), judged=len(chosen) - weighed.not_judged
        ),
        evidence=weighed.evidence,
        at_birth=tuple(e for e in older.evidence if e.stance == "overturns" and e.voice == "asserted"),
        unplaced=weighed.unplaced,
        verdict=await _worded(claim, decision, weighed.evidence, judge, ledger),
        withdrawn=tuple(sorted(paper.arxiv_id for paper in earlier if paper.is_withdrawn)),
        pairs={paper.arxiv_id: pair_key(claim, anchors, paper, judge) for paper in (*chosen, *before)},
        ranked=tuple(paper.arxiv_id for paper in newer[: max(RANKED, candidates)]),
    )


def _with_earlier(
    newer: Sequence[Paper], earlier: Sequence[Paper], after: date, own: set[str], as_of: date
) -> list[Paper]:
    """The candidates, and behind them the cited papers of an earlier run that are not among them."""
    known = own | {paper.arxiv_id for paper in newer}
    cited = (p for p in earlier if p.arxiv_id not in known and after < p.published <= as_of and not p.is_withdrawn)
    return [*newer, *sorted(cited, key=lambda p: p.arxiv_id)]


def _newer(claim: Claim, gathered: Gathered, source: PaperSource, own: set[str], as_of: date) -> list[Paper]:
    """Papers newer than the claim that its queries find in the store, best first."""
    after = gathered.effective_date + timedelta(days=1)
    found = find_candidates(claim, gathered.anchoring, source, after, as_of, own, gathered.suggested)
    return [paper for paper in found if paper.published > gathered.effective_date and not paper.is_withdrawn]


def _older(claim: Claim, gathered: Gathered, source: PaperSource, own: set[str], as_of: date) -> list[Paper]:
    """The few papers nearest to the claim that are not newer than it."""
    last = min(gathered.effective_date, as_of)  # a backtest may hide the claim's own paper
    found = find_candidates(
        claim, gathered.anchoring, source, last - timedelta(days=365 * BIRTH_YEARS), last, without=own
    )
    return [paper for paper in found if not paper.is_withdrawn][:BIRTH_CANDIDATES]


async def weigh_papers(
    claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper], judge: Judge, ledger: Ledger
) -> Weighed:
    """The papers' answers, from the ledger where they are known."""
    keys = [pair_key(claim, anchors, paper, judge) for paper in papers]
    known = ledger.answers(keys)
    ledger.count(known=len(known), judged=len(keys) - len(known))
    unknown = [(key, paper) for key, paper in zip(keys, papers, strict=True) if key not in known]

    async def put(asked: Sequence[tuple[str, Paper]]) -> dict[str, Answer]:
        fresh = await judge.weigh(claim, anchors, [paper for _, paper in asked])
        told = {key: answer for (key, _), answer in zip(asked, fresh, strict=True)}
        ledger.keep(told)
        return told

    portions = [unknown[at : at + ASKED_TOGETHER] for at in range(0, len(unknown), ASKED_TOGETHER)]
    replies = await asyncio.gather(*map(put, portions), return_exceptions=True)  # what was answered is kept either way
    answers: dict[str, Answer] = dict(known)
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
        answers |= reply
    return weigh((paper, answers[key]) for key, paper in zip(keys, papers, strict=True))


async def _worded(
    claim: Claim, decision: Decision, evidence: Sequence[Evidence], judge: Judge, ledger: Ledger
) -> Verdict:
    """The decision with its words. The words may narrow it; the state and its confidence are not theirs to change."""
    bare = Verdict(
        durability="durable" if decision.state == "upheld" else "perishable",
        rationale="",
        durable_question="",
        perishable_limitation="",
        **decision.model_dump(),
    )
    asked = [(item.paper.arxiv_id, item.stance, item.voice, item.strength, item.quote.text) for item in evidence]
    key = digest(
        (claim.title, claim.text), decision.model_dump(), asked, (judge.kind, judge.model, dict(judge.prompts))
    )
    words = ledger.words(key)
    if words:
        return bare.model_copy(update=Scope.model_validate_json(words).model_dump())
    try:
        scope = await judge.scope(claim, bare, evidence)
        ledger.keep_words(key, scope.model_dump_json())
    except JudgeUnreachable as error:
        _log.info("%s: its verdict is in plain words: %s", claim.id, error)
        scope = words_for(claim, bare, evidence)  # not kept, so that the next run asks again
    return bare.model_copy(update=scope.model_dump())


async def questions_for(seed: Seed, outcomes: Sequence[Outcome], judge: Judge, ledger: Ledger) -> tuple[str, str]:
    """The two research questions, from the ledger where the judge was asked about the same verdicts before."""
    told = [o.model_dump(mode="json", include={"claim", "anchoring", "evidence", "verdict"}) for o in outcomes]
    key = digest("questions", (seed.question, seed.gloss), told, (judge.kind, judge.model, dict(judge.prompts)))
    words = ledger.words(key)
    if words:
        first, second = json.loads(words)
        return str(first), str(second)
    try:
        questions = await judge.ask(seed, outcomes)
        ledger.keep_words(key, json.dumps(questions))
    except JudgeUnreachable as error:
        _log.info("%s: its questions are in plain words: %s", seed.stem, error)
        questions = plain_questions(seed, outcomes)
    return questions


def unreachable(claim: Claim, gathered: Gathered | None, reason: str, as_of: date) -> Outcome:
    """The outcome of a claim that could not be looked at: no verdict, with its reason."""
    dated, dated_by = effective_date(claim, None, as_of)
    anchoring: Anchoring = gathered.anchoring if gathered else Unanchored(reason="the source could not be asked")
    return Outcome(
        claim=claim,
        anchoring=anchoring,
        effective_date=gathered.effective_date if gathered else dated,
        dated_by=gathered.dated_by if gathered else dated_by,
        fidelity=fidelity(claim, anchoring),
        findings=(),
        search=Search(queries=gathered.queries if gathered else (), found=0, judged=0),
        evidence=(),
        verdict=Verdict(
            durability="perishable",
            state="unreachable",
            confidence=0.0,
            absence="could not search",
            rationale=reason,
            durable_question="",
            perishable_limitation="",
        ),
        failure=reason,
    )
