"""Prints a trial's figures as a page: `metrics.md`, and what stands on stdout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retest.eval.intervals import Difference, Interval
from retest.eval.lag import Lag
from retest.eval.measures import MEASURES, Bin, Measure
from retest.eval.metrics import Compared, Cost, Metrics, Setting
from retest.eval.scores import ClaimScore
from retest.render.text import count, md


def metrics_page(metrics: Metrics) -> str:
    """The whole page."""
    parts = [*_head(metrics), *_figures(metrics.figures), *_reliability(metrics.reliability)]
    if metrics.lag:
        parts += _lag(metrics.lag)
    parts += _cost(metrics.cost)
    if metrics.compared:
        parts += _compared(metrics.compared)
    return "\n".join([*parts, *_claims(metrics.claims)]).rstrip() + "\n"


def _head(metrics: Metrics) -> Iterator[str]:
    yield "# Evaluation"
    yield ""
    yield f"{count(len(metrics.claims), 'claim')} of {_told(metrics.setting)}."
    failed = [score.id for score in metrics.claims if score.failure]
    if failed:
        yield ""
        yield f"Could not be looked at, and counted as wrong: {md(', '.join(failed))}."
    yield ""
    yield (
        "Figures are over all claims, with 95 % intervals by bootstrap over claims. Lists of superseding papers are "
        "pooled, not exhaustive: a paper that is not listed is unjudged, and neither right nor wrong here. "
        "`docs/evaluation.md` says how each figure is counted."
    )


def _told(setting: Setting) -> str:
    part = f", part {md(setting.part)}" if setting.part else ""
    judge = f"{setting.judge.kind} judge ({md(setting.judge.model)})"
    return (
        f"{md(setting.gold)}{part}; source {setting.source}, {judge}, {setting.candidates} candidates judged per claim, "
        f"as of {setting.as_of}, recent since {setting.since}"
    )


def _figures(figures: dict[str, Interval]) -> Iterator[str]:
    section = ""
    for measure in MEASURES:
        if measure.section != section:
            section = measure.section
            yield from ("", f"## {section}", "", "| figure | value | 95 % interval | of |", "|---|---:|---:|---:|")
        yield _row(measure, figures[measure.name])


def _row(measure: Measure, figure: Interval) -> str:
    of = "" if figure.of is None else str(figure.of)
    return f"| {measure.label} | {_value(figure.value, measure)} | {_range(figure, measure)} | {of} |"


def _value(value: float | None, measure: Measure) -> str:
    if value is None:
        return "nothing to count"
    match measure.unit:
        case "count":
            return f"{value:.0f}"
        case "days":
            return f"{value:g}"
        case "ratio":
            return f"{value:.2f} x"
        case _:
            return f"{value:.3f}"


def _range(interval: Interval | Difference, measure: Measure) -> str:
    if interval.low is None or interval.high is None or measure.unit == "count":
        return ""
    return (
        f"{interval.low:.3g} to {interval.high:.3g}" if measure.unit == "days" else _span(interval.low, interval.high)
    )


def _span(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"


def _reliability(bins: Sequence[Bin]) -> Iterator[str]:
    yield from ("", "## Reliability of the confidence", "")
    if not bins:
        yield "No claim has a verdict."
        return
    yield from ("| confidence | claims | mean confidence | state right |", "|---|---:|---:|---:|")
    for row in bins:
        yield f"| {row.low:.1f} to {row.high:.1f} | {row.claims} | {row.confidence:.2f} | {row.right:.2f} |"


def _lag(lag: Lag) -> Iterator[str]:
    yield from ("", "## Detection lag", "")
    yield (
        f"{count(len(lag.days), 'audit')} from {lag.days[0]} to {lag.days[-1]}, each with its future hidden: of "
        f"{count(len(lag.papers), 'superseding paper')}, {lag.ranked} came before the judge and {lag.cited} were cited."
    )
    yield from ("", "| figure | value |", "|---|---:|")
    if lag.median_days is not None and lag.median_floor is not None:
        yield f"| median days from a paper's appearance to its citation | {lag.median_days:g} |"
        yield f"| of them, waiting for the next audit of the series | {lag.median_floor:g} |"
    for days, share in sorted(lag.within.items()):
        yield f"| cited within {days} days, of all that were out that long | {share:.3f} |"


def _cost(cost: Cost) -> Iterator[str]:
    yield from ("", "## Cost", "", "| | all | per claim |", "|---|---:|---:|")
    yield f"| requests to the paper source | {cost.requests} | {cost.requests_per_claim:.2f} |"
    yield f"| answers of the judge's endpoint | {cost.calls} | |"
    tokens = f"{cost.prompt_tokens} in ({cost.cached_tokens} cached), {cost.completion_tokens} out"
    yield f"| tokens | {tokens} | {cost.tokens_per_claim:.0f} |"
    yield f"| seconds | {cost.seconds:.1f} | {cost.seconds_per_claim:.2f} |"


def _compared(compared: Compared) -> Iterator[str]:
    yield from ("", "## Beside the earlier trial", "")
    yield f"{count(compared.claims, 'claim')} in both. Earlier: {_told(compared.earlier)}."
    yield ""
    moved = [measure for measure in MEASURES if _has_moved(compared.differences[measure.name])]
    yield (
        f"{count(len(moved), 'figure')} of {len(MEASURES)} moved. A change is marked where its 95 % interval, drawn over "
        "claims in pairs, leaves out nought."
    )
    section = ""
    for measure in moved:
        if measure.section != section:
            section = measure.section
            yield from ("", f"### {section}", "")
            yield from ("| figure | earlier | now | change | 95 % interval | |", "|---|---:|---:|---:|---:|---|")
        yield _changed(measure, compared.differences[measure.name])


def _has_moved(difference: Difference) -> bool:
    """Also where the sums agree and the claims do not."""
    return difference.change is not None and any((difference.change, difference.low, difference.high))


def _changed(measure: Measure, difference: Difference) -> str:
    values = (_value(difference.before, measure), _value(difference.after, measure), f"{difference.change or 0:+.3f}")
    return f"| {measure.label} | {' | '.join(values)} | {_range(difference, measure)} | {_mark(difference, measure)} |"


def _mark(difference: Difference, measure: Measure) -> str:
    if not difference.is_clear or difference.change is None or measure.better == "neither":
        return ""
    return "better" if (difference.change > 0) == (measure.better == "higher") else "worse"


def _claims(scores: Sequence[ClaimScore]) -> Iterator[str]:
    yield from ("", "## Claims", "")
    yield "| claim | anchor | date error | found in 25 | state | gold | confidence |"
    yield "|---|---|---:|---:|---|---|---:|"
    for score in scores:
        bearing = [paper for paper in score.papers if not paper.is_negative]
        found = sum(paper.rank is not None and paper.rank <= 25 for paper in bearing)
        yield (
            f"| {md(score.id)} | {_anchor(score)} | {'' if score.date_error_days is None else score.date_error_days} "
            f"| {found} of {len(bearing)} | {score.state} | {', '.join(score.gold_states)} | {score.confidence:.2f} |"
        )


def _anchor(score: ClaimScore) -> str:
    if score.failure:
        return "not asked"
    if score.anchor is None:
        return "none" if score.anchors else "none, rightly"
    return "right" if score.anchor in score.anchors else f"wrong ({score.anchor})"
