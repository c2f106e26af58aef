"""Holds one claim's outcome against its gold: the counts that every figure is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

from retest.eval.gold import GoldClaim, GoldPaper
from retest.eval.trial import Read, Reading, Tried
from retest.models import NOT_JUDGED, Durability, Evidence, Outcome, Paper, Stance, State, Value

DEPTHS = (10, 25, 50)
CLASSES: tuple[Stance, ...] = ("supports", "relaxes", "overturns", "neutral")
BINS = 5
"""Equal steps of confidence, of the reliability table."""


class PaperScore(Value):
    """A listed paper: what the gold says, where retrieval put it, how it was read."""

    arxiv_id: str
    gold: tuple[Stance, ...]
    """Every stance that is right, the main one first; `neutral` for a hard negative."""
    is_negative: bool
    is_there: bool | None
    """Whether the source has it at all; None: a live source, which is not asked."""
    rank: int | None
    """From 1, among the tool's candidates inside the window; None: not among them."""
    baseline_rank: int | None
    reading: Reading
    cited: bool
    on_span: bool | None
    """Whether the printed quote touches the annotator's deciding words; None: nothing to compare."""
    alone: Reading | None
    """None: the source has no such paper, or the judge was not asked."""
    alone_cited: bool


class ClaimScore(Value):
    """A claim: what the gold says, what the tool said."""

    id: str
    failure: str
    anchor: str | None
    anchors: tuple[str, ...]
    """Every anchor that is right; empty where it has none."""
    date_error_days: int | None
    """None: the gold knows no date."""
    date_tolerance_days: int
    state: State
    gold_states: tuple[State, ...]
    durability: Durability
    gold_durability: Durability
    confidence: float
    papers: tuple[PaperScore, ...]
    asked: int
    """Candidates put to the judge."""
    abstained: int
    not_judged: int
    quotes: int
    quotes_exact: int
    """Of `quotes`, those that stand in the paper's text, character for character, at their span."""
    ids: int
    """Papers that the report names for this claim."""
    ids_outside: tuple[str, ...]
    """Of them, those that the source never showed."""

    @cached_property
    def tally(self) -> Counter[str]:
        """The counts that add up over claims, by name; figures are ratios of their sums."""
        return Counter({name: value for part in _TALLIES for name, value in part(self).items() if value})


def score(tried: Tried, seen: Mapping[str, Paper], as_of: date, candidates: int) -> ClaimScore:
    """One claim's counts. `seen`: the papers that the source showed."""
    gold, outcome = tried.gold, tried.outcome
    anchors = outcome.anchoring.anchors if outcome.anchoring.kind == "anchored" else ()
    error = abs((outcome.effective_date - gold.anchor_date).days) if gold.anchor_date else None
    not_judged = sum(item.reason.startswith(NOT_JUDGED) for item in outcome.unplaced)
    printed = (*outcome.evidence, *outcome.at_birth)
    named = _named(outcome)
    return ClaimScore(
        id=gold.id,
        failure=outcome.failure,
        anchor=anchors[0].paper.arxiv_id if anchors else None,
        anchors=(*gold.anchors, *gold.accept_anchors),
        date_error_days=error,
        date_tolerance_days=gold.anchor_date_tolerance_days,
        state=outcome.verdict.state,
        gold_states=gold.verdict.right,
        durability=outcome.verdict.durability,
        gold_durability=gold.verdict.durability,
        confidence=outcome.verdict.confidence,
        papers=tuple(_papers(tried, seen, as_of)),
        asked=min(len(outcome.ranked), candidates),
        abstained=len(outcome.unplaced) - not_judged,
        not_judged=not_judged,
        quotes=len(printed),
        quotes_exact=sum(_stands(item, seen) for item in printed),
        ids=len(named),
        ids_outside=tuple(arxiv_id for arxiv_id in named if arxiv_id not in seen),
    )


def _named(outcome: Outcome) -> tuple[str, ...]:
    """Every paper that the report names for the claim, sorted."""
    anchors = outcome.anchoring.anchors if outcome.anchoring.kind == "anchored" else ()
    named = [*(a.paper for a in anchors), *(e.paper for e in (*outcome.evidence, *outcome.at_birth))]
    return tuple(sorted({paper.arxiv_id for paper in [*named, *(item.paper for item in outcome.unplaced)]}))


def _stands(item: Evidence, seen: Mapping[str, Paper]) -> bool:
    """Against the text that the source showed, not against the copy that came with the evidence."""
    paper, quote = seen.get(item.paper.arxiv_id), item.quote
    return paper is not None and bool(quote.text) and paper.text[quote.start : quote.end] == quote.text


def _papers(tried: Tried, seen: Mapping[str, Paper], as_of: date) -> list[PaperScore]:
    ranks = ranks_in_window(tried.outcome.ranked, tried.gold, seen, as_of)
    baseline = {arxiv_id: rank for rank, arxiv_id in enumerate(tried.baseline, 1)}
    listed: list[tuple[str, GoldPaper | None]] = [(p.arxiv_id, p) for p in tried.gold.newer(as_of)]
    listed += [(arxiv_id, None) for arxiv_id in tried.gold.negatives]
    return [
        PaperScore(
            arxiv_id=arxiv_id,
            gold=paper.right if paper else ("neutral",),
            is_negative=paper is None,
            is_there=None if tried.there is None else arxiv_id in tried.there,
            rank=ranks.get(arxiv_id),
            baseline_rank=baseline.get(arxiv_id),
            reading=tried.read[arxiv_id].reading,
            cited=tried.read[arxiv_id].cited,
            on_span=_on_span(tried.read[arxiv_id], paper, seen.get(arxiv_id)),
            alone=tried.alone[arxiv_id].reading if arxiv_id in tried.alone else None,
            alone_cited=arxiv_id in tried.alone and tried.alone[arxiv_id].cited,
        )
        for arxiv_id, paper in listed
    ]


def ranks_in_window(ranked: Sequence[str], gold: GoldClaim, seen: Mapping[str, Paper], as_of: date) -> dict[str, int]:
    """Ranks from 1 among the candidates newer than `filter_after` and no newer than `as_of`.

    A claim that the tool dated too early fetches older work too. That costs it in date error; recall asks
    only whether what belongs there stands above what could belong there.
    """
    inside = (i for i in ranked if i in seen and gold.filter_after < seen[i].published <= as_of)
    return {arxiv_id: rank for rank, arxiv_id in enumerate(inside, 1)}


def _on_span(read: Read, paper: GoldPaper | None, seen: Paper | None) -> bool | None:
    if paper is None or paper.span is None or seen is None or read.start is None or read.end is None:
        return None
    if seen.text_kind != paper.text:
        return None
    return read.start < paper.span[1] and paper.span[0] < read.end


# --- what adds up over claims ----------------------------------------------------------------------


def _anchor_counts(score: ClaimScore) -> dict[str, float]:
    counts: dict[str, float] = {}
    if score.date_error_days is not None:
        counts |= {"dated": 1, "date right": score.date_error_days <= score.date_tolerance_days}
    if not score.anchors:  # a claim that could not be asked about has not said that it has none
        return counts | {"anchorless": 1, "anchorless said": score.anchor is None and not score.failure}
    counts |= {"anchored": 1, "anchor right": score.anchor in score.anchors}
    return counts | {"anchor named": score.anchor is not None}


def _retrieval_counts(score: ClaimScore) -> dict[str, float]:
    bearing = [paper for paper in score.papers if not paper.is_negative]
    counts: dict[str, float] = {"wanted": len(bearing)}
    for depth in DEPTHS:
        counts[f"found {depth}"] = sum(p.rank is not None and p.rank <= depth for p in bearing)
        counts[f"baseline {depth}"] = sum(p.baseline_rank is not None and p.baseline_rank <= depth for p in bearing)
    known = [paper.is_there for paper in bearing if paper.is_there is not None]
    counts |= {"looked up": len(known), "there": sum(known)}
    counts["rightly cited"] = sum(p.cited and p.reading != "neutral" and p.reading in p.gold for p in bearing)
    compared = [paper.on_span for paper in bearing if paper.on_span is not None]
    return counts | {"spans": len(compared), "on span": sum(compared)}


def _stance_counts(score: ClaimScore) -> dict[str, float]:
    run = [(p, p.reading, p.cited) for p in score.papers if p.reading != "unseen"]
    alone = [(p, p.alone, p.alone_cited) for p in score.papers if p.alone is not None]
    return _view("run", run) | _view("alone", alone)


def _view(view: str, read: Sequence[tuple[PaperScore, Reading, bool]]) -> dict[str, float]:
    """One confusion table. Where several stances are right, an answer among them is the truth it is held against."""
    counts: Counter[str] = Counter({"pairs": len(read)})
    for paper, reading, cited in read:
        truth = reading if reading in paper.gold else paper.gold[0]
        counts[f"gold {truth}"] += 1
        counts[f"main {paper.gold[0]}"] += 1
        counts.update(f"right {stance}" for stance in paper.gold)
        if reading in CLASSES:
            counts[f"said {reading}"] += 1
            counts[f"hit {reading}"] += reading == truth
            counts[f"main hit {reading}"] += reading == paper.gold[0]
            counts["answered"] += 1
        counts["negatives" if paper.is_negative else "bearing"] += 1
        counts["negatives cited"] += paper.is_negative and cited
        counts["bearing placed"] += not paper.is_negative and reading in CLASSES and reading != "neutral"
    return {f"{view} {name}": float(value) for name, value in counts.items()}


def _verdict_counts(score: ClaimScore) -> dict[str, float]:
    main, right = score.gold_states[0], score.state in score.gold_states
    lasts = score.durability == score.gold_durability and not score.failure  # an outage has said nothing
    has_verdict = score.state not in ("untested", "unreachable")
    counts: dict[str, float] = {
        "claims": 1,
        "verdicts": has_verdict,
        "state right": right,
        f"state of {main}": 1,
        f"state right {main}": right,
        f"durability of {score.gold_durability}": 1,
        f"durability right {score.gold_durability}": lasts,
        "durability right": lasts,
        "always relaxed": "relaxed" in score.gold_states,
    }
    if "overturned" not in score.gold_states and not score.failure:
        counts |= {"quiet": 1, "false alarms": score.state == "overturned"}
    counts["alarms"] = score.state == "overturned"
    if has_verdict:
        at = bin_of(score.confidence)
        counts |= {f"bin {at}": 1, f"bin {at} right": right, f"bin {at} confidence": score.confidence}
        counts["brier"] = (score.confidence - right) ** 2
    return counts


def bin_of(confidence: float) -> int:
    """The step of the reliability table, from 0."""
    return min(int(confidence * BINS + 1e-9), BINS - 1)


def _work_counts(score: ClaimScore) -> dict[str, float]:
    return {
        "asked": score.asked,
        "abstained": score.abstained,
        "not judged": score.not_judged,
        "quotes": score.quotes,
        "quotes exact": score.quotes_exact,
        "ids": score.ids,
        "ids outside": len(score.ids_outside),
    }


_TALLIES = (_anchor_counts, _retrieval_counts, _stance_counts, _verdict_counts, _work_counts)
