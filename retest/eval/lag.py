"""Measures detection lag: how long after a superseding paper appeared an audit would first have cited it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from statistics import median

from retest.errors import InputError
from retest.eval.gold import GoldClaim
from retest.eval.trial import Tried
from retest.models import Value
from retest.settings import parse_day, window_start

MOST_DAYS = 120
WITHIN = (30, 90, 180)


class PaperLag(Value):
    """When a superseding paper was first noticed."""

    claim: str
    arxiv_id: str
    published: date
    first_audit: date
    """The first day of the series on which it was there to be found."""
    first_ranked: date | None
    """The first day on which it was among the candidates put to the judge."""
    first_cited: date | None
    """The first day on which it was printed as evidence."""

    @property
    def days(self) -> int | None:
        """From the paper's day to its first citation; None: never cited."""
        return (self.first_cited - self.published).days if self.first_cited else None


class Lag(Value):
    """Detection lag over a series of days, each audited with its future hidden."""

    days: tuple[date, ...]
    papers: tuple[PaperLag, ...]
    cited: int
    ranked: int
    median_days: float | None
    """Of the papers that were cited at all."""
    median_floor: float | None
    """Of the same papers: what the series itself makes them wait."""
    within: dict[int, float]
    """The share of all papers cited within so many days, among those that were out that long before the last day."""


def series(spec: str, golds: Sequence[GoldClaim], as_of: date) -> tuple[date, ...]:
    """The days of a backtest, sorted: `2025-06-30,2025-12-31`, or a span back from `as_of` to the oldest claim."""
    if "," in spec:
        days = {parse_day("--lag", part.strip()) for part in spec.split(",") if part.strip()}
        if not days:
            raise InputError(f"--lag {spec}: names no day; write days like 2025-06-30,2025-12-31, or a step like 3mo")
        late = [day for day in days if day > as_of]
        if late:
            raise InputError(f"--lag {max(late)}: lies after the day of the audit, {as_of}; give earlier days")
        return tuple(sorted(days))
    first, days_back = min(gold.filter_after for gold in golds), [as_of]
    while (day := _step_back(spec, days_back[-1])) > first:
        days_back.append(day)
        if len(days_back) > MOST_DAYS:
            raise InputError(f"--lag {spec}: more than {MOST_DAYS} audits back to {first}; take a longer step")
    return tuple(reversed(days_back))


def _step_back(spec: str, day: date) -> date:
    try:
        earlier = window_start(spec, day)
    except InputError:
        earlier = day
    if earlier >= day or window_start(spec, earlier) == earlier:
        raise InputError(f"--lag {spec}: not a step or a list of days; write 3mo, 90d or 2025-06-30,2025-12-31")
    return earlier


def lag_of(tried_on: Sequence[tuple[date, Sequence[Tried]]], candidates: int) -> Lag:
    """The lags, from the trials of each day, the earliest first. A day before a claim's own date has no trial of it."""
    noticed: dict[tuple[str, str], PaperLag] = {}
    for day, trials in tried_on:
        for tried in trials:
            for lag in _on_day(tried, day, candidates):
                key = (lag.claim, lag.arxiv_id)
                noticed[key] = _earlier(noticed[key], lag) if key in noticed else lag
    papers = tuple(noticed[key] for key in sorted(noticed))
    cited = [lag for lag in papers if lag.first_cited]
    last = tried_on[-1][0]
    return Lag(
        days=tuple(day for day, _ in tried_on),
        papers=papers,
        cited=len(cited),
        ranked=sum(lag.first_ranked is not None for lag in papers),
        median_days=_median([lag.days for lag in cited if lag.days is not None]),
        median_floor=_median([(lag.first_audit - lag.published).days for lag in cited]),
        within={days: share for days in WITHIN if (share := _within(papers, days, last)) is not None},
    )


def _on_day(tried: Tried, day: date, candidates: int) -> list[PaperLag]:
    ranked = set(tried.outcome.ranked[:candidates])
    return [
        PaperLag(
            claim=tried.gold.id,
            arxiv_id=paper.arxiv_id,
            published=paper.published,
            first_audit=day,
            first_ranked=day if paper.arxiv_id in ranked else None,
            first_cited=day if tried.read[paper.arxiv_id].cited else None,
        )
        for paper in tried.gold.newer(day)
    ]


def _earlier(before: PaperLag, now: PaperLag) -> PaperLag:
    return before.model_copy(
        update={
            "first_ranked": before.first_ranked or now.first_ranked,
            "first_cited": before.first_cited or now.first_cited,
        }
    )


def _within(papers: Sequence[PaperLag], days: int, last: date) -> float | None:
    """A paper younger than `days` on the last day has not had its chance yet, so it is left out."""
    old = [lag for lag in papers if (last - lag.published).days >= days]
    in_time = sum(lag.days is not None and lag.days <= days for lag in old)
    return round(in_time / len(old), 4) if old else None


def _median(values: Sequence[float]) -> float | None:
    return float(median(values)) if values else None
