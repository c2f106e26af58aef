"""Runs an evaluation from settings to written files: the edge where clients are made and nothing is measured."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from retest.errors import InputError, SourceUnreachable
from retest.eval.gold import GoldClaim, bundled_gold, choose_part, read_gold
from retest.eval.lag import Lag, lag_of, series
from retest.eval.metrics import Cost, Metrics, Setting, compared_with, measured, read_metrics
from retest.eval.page import metrics_page
from retest.eval.scores import score
from retest.eval.trial import Bench, Tried, beside_baseline, read_alone, try_claims
from retest.eval.witness import Witness
from retest.history import read_report
from retest.judges import Judge
from retest.ledger import Ledger
from retest.models import Place, Value
from retest.outputs import check_writable, write_files
from retest.report import SCHEMA, JudgeRecord, Partial, Report, claim_record
from retest.run import make_home, open_judge, open_scout, open_source
from retest.settings import Settings, window_start

BUNDLED = "the bundled gold"


@dataclass(frozen=True)
class Wanted:
    """What is to be measured."""

    gold: Path | None
    """None: the gold that ships."""
    out: Path | None
    split: Path | None = None
    part: str | None = None
    compare: Path | None = None
    lag: str | None = None
    judge_alone: bool = True


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation came to."""

    metrics: Metrics
    report: Report
    ranked: Mapping[str, tuple[str, ...]]
    """By claim, its candidates' ids, best first, at least fifty where the source has them."""
    written: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The text of `metrics.md`."""
        return metrics_page(self.metrics)


def evaluate(
    wanted: Wanted,
    settings: Settings,
    today: date,
    clock: Callable[[], float],
    say: Callable[[str], None],
    progress: Callable[[Mapping[str, Any]], None],
) -> Evaluated:
    """The whole of `retest eval`. `clock` gives seconds. Raises RetestError with a finished sentence."""
    name = wanted.gold.name if wanted.gold else BUNDLED
    golds = choose_part(read_gold(wanted.gold) if wanted.gold else bundled_gold(), wanted.part, wanted.split, name)
    earlier = read_metrics(wanted.compare) if wanted.compare else None
    if wanted.out:
        _check_out(wanted.out)
    make_home(settings.home)
    source, as_of = open_source(settings, today, say)
    days = series(wanted.lag, golds, as_of) if wanted.lag else ()
    judge = open_judge(settings)
    bench = Bench(
        source=Witness(source),
        judge=judge,
        ledger=Ledger(None if settings.fresh else settings.home / "ledger.sqlite3"),
        since=since_of(settings, as_of),
        as_of=as_of,
        candidates=settings.candidates,
        scout=open_scout(judge),
        concurrency=settings.concurrency,
        progress=progress,
    )

    async def whole() -> Evaluated:
        async with aclosing(bench.judge):
            return await measure(golds, bench, wanted, name, settings.since, days, clock)

    evaluated = asyncio.run(whole())
    if earlier:
        evaluated = replace(evaluated, metrics=compared_with(earlier, evaluated.metrics))
    return write(evaluated, wanted.out) if wanted.out else evaluated


async def measure(
    golds: Sequence[GoldClaim],
    bench: Bench,
    wanted: Wanted,
    name: str,
    since: str,
    lag_days: Sequence[date],
    clock: Callable[[], float],
) -> Evaluated:
    """Runs the trial and counts. Raises SourceUnreachable when no claim could be looked at: that is no measurement."""
    places = places_of(wanted.gold, golds)
    begun, requests, tokens = clock(), bench.source.requests, tokens_of(bench.judge)
    tried = await try_claims(golds, places, bench)
    cost = _cost(len(golds), clock() - begun, bench.source.requests - requests, tokens_of(bench.judge) - tokens)
    if all(trial.outcome.failure for trial in tried):
        raise SourceUnreachable(f"no claim could be looked at, and nothing was written: {tried[0].outcome.failure}")
    tried = beside_baseline(tried, bench)
    if wanted.judge_alone:
        tried = await read_alone(tried, bench)
    scores = [score(trial, bench.source.seen, bench.as_of, bench.candidates) for trial in tried]
    # After the trial: what a live source fetches for the backtest stays in its library.
    lag = await _lag(golds, places, tried, bench, since, lag_days) if lag_days else None
    report = _report(tried, bench)
    setting = Setting(
        gold=name,
        part=wanted.part,
        as_of=bench.as_of,
        since=bench.since,
        source=bench.source.name,
        judge=report.judge,
        candidates=bench.candidates,
    )
    return Evaluated(
        metrics=measured(setting, scores, cost, lag),
        report=report,
        ranked={trial.gold.id: trial.outcome.ranked for trial in tried},
    )


async def _lag(
    golds: Sequence[GoldClaim],
    places: Mapping[str, Place],
    tried: Sequence[Tried],
    bench: Bench,
    since: str,
    days: Sequence[date],
) -> Lag:
    """The same claims audited on each day of the series; the trial itself stands for its own day."""
    tried_on: list[tuple[date, Sequence[Tried]]] = []
    for day in days:
        told = [gold for gold in golds if gold.filter_after < day]
        then = replace(bench, as_of=day, since=min(window_start(since, day), day))
        tried_on.append((day, tried if day == bench.as_of else await try_claims(told, places, then)))
    return lag_of(tried_on, bench.candidates)


def write(evaluated: Evaluated, out: Path) -> Evaluated:
    """Writes the four files; each is complete or absent."""
    ranked = (json.dumps({"id": claim_id, "ranked": list(ids)}) + "\n" for claim_id, ids in evaluated.ranked.items())
    files = {
        "verdicts.json": evaluated.report.to_json(),
        "candidates.jsonl": "".join(ranked),
        "metrics.json": evaluated.metrics.to_json(),
        "metrics.md": evaluated.page,
    }
    return replace(evaluated, written=tuple(write_files(out, files)))


def since_of(settings: Settings, as_of: date) -> date:
    """The first day of the recent window."""
    since = window_start(settings.since, as_of)
    if since > as_of:
        raise InputError(f"--since {settings.since}: lies after the day of the audit, {as_of}; give an earlier day")
    return since


def places_of(path: Path | None, golds: Sequence[GoldClaim]) -> dict[str, Place]:
    """Where each claim stands in its gold file, as a seed's claims stand in their seed."""
    name = path.name if path else "gold.json"
    lines = path.read_text(encoding="utf-8").splitlines() if path else []
    found: dict[str, Place] = {}
    for number, line in enumerate(lines, 1):
        for claim_id in re.findall(r'"id":\s*"((?:[^"\\]|\\.)*)"', line):
            found.setdefault(claim_id, Place(file=name, line=number))
    return {gold.id: found.get(gold.id, Place(file=name, line=1)) for gold in golds}


def tokens_of(judge: Judge) -> Counter[str]:
    """Calls and tokens so far; only a judge that asks an endpoint counts them."""
    usage = getattr(judge, "usage", None)
    return Counter(usage.model_dump() if isinstance(usage, Value) else {})


def _cost(claims: int, seconds: float, requests: int, tokens: Mapping[str, int]) -> Cost:
    both = tokens.get("prompt_tokens", 0) + tokens.get("completion_tokens", 0)
    return Cost(
        requests=requests,
        requests_per_claim=round(requests / claims, 2),
        calls=tokens.get("calls", 0),
        prompt_tokens=tokens.get("prompt_tokens", 0),
        completion_tokens=tokens.get("completion_tokens", 0),
        cached_tokens=tokens.get("cached_tokens", 0),
        tokens_per_claim=round(both / claims, 1),
        seconds=round(seconds, 2),
        seconds_per_claim=round(seconds / claims, 3),
    )


def _report(tried: Sequence[Tried], bench: Bench) -> Report:
    judge = bench.judge
    return Report(
        schema=SCHEMA,
        as_of=bench.as_of,
        since=bench.since,
        source=bench.source.name,
        judge=JudgeRecord(kind=judge.kind, model=judge.model, prompts=dict(judge.prompts)),
        claims=tuple(claim_record(trial.outcome, bench.since, bench.as_of) for trial in tried),
        seeds=(),
        partial=tuple(Partial(claim=t.gold.id, reason=t.outcome.failure) for t in tried if t.outcome.failure),
    )


def _check_out(out: Path) -> None:
    """A run's verdicts are its memory: an evaluation must not replace them."""
    before = read_report(out / "verdicts.json")
    if before and before.seeds:
        raise InputError(f"--out {out}: holds the verdicts of a run over seeds; choose another folder")
    check_writable(out)
