"""Makes figures of claims' counts: what each figure is called, how it is computed, which way is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Literal, get_args

from retest.eval.scores import BINS, CLASSES, DEPTHS, ClaimScore
from retest.models import Durability, State, Value

Tally = Mapping[str, float]
Better = Literal["higher", "lower", "neither"]
Figures = dict[str, float | None]
"""Figures by name; None: there was nothing to count, which is not nought."""

STANCES = ("supports", "relaxes", "overturns")
MEDIAN_ERROR = "date_error_days_median"


class Measure(Value):
    """How a figure is shown."""

    name: str
    label: str
    section: str
    better: Better = "higher"
    unit: Literal["share", "days", "ratio", "count"] = "share"
    of: tuple[str, ...] = ()
    """The counts that the figure is a share of."""


class Bin(Value):
    """A row of the reliability table: verdicts whose confidence lies in one step."""

    low: float
    high: float
    claims: int
    confidence: float
    """Their mean confidence."""
    right: float
    """The share of them whose state the gold accepts."""


_Computed = tuple[Measure, Callable[[Tally], float | None]]


def figures(scores: Sequence[ClaimScore]) -> Figures:
    """Every figure over these claims."""
    total = _total(scores)
    found: Figures = {measure.name: compute(total) for measure, compute in _COMPUTED}
    errors = [score.date_error_days for score in scores if score.date_error_days is not None]
    found[MEDIAN_ERROR] = median(errors) if errors else None
    return {measure.name: found[measure.name] for measure in MEASURES}


def counted(scores: Sequence[ClaimScore]) -> dict[str, int]:
    """How many things each figure is a share of, where it is one."""
    total = _total(scores)
    found = {measure.name: int(sum(total[name] for name in measure.of)) for measure in MEASURES if measure.of}
    return found | {MEDIAN_ERROR: sum(score.date_error_days is not None for score in scores)}


def reliability(scores: Sequence[ClaimScore]) -> tuple[Bin, ...]:
    """The steps of confidence that hold a verdict."""
    total = _total(scores)
    return tuple(
        Bin(
            low=at / BINS,
            high=(at + 1) / BINS,
            claims=int(total[f"bin {at}"]),
            confidence=round(total[f"bin {at} confidence"] / total[f"bin {at}"], 4),
            right=round(total[f"bin {at} right"] / total[f"bin {at}"], 4),
        )
        for at in range(BINS)
        if total[f"bin {at}"]
    )


def _total(scores: Sequence[ClaimScore]) -> Counter[str]:
    total: Counter[str] = Counter()
    for score in scores:
        total.update(score.tally)
    return total


def _ratio(part: str, whole: str) -> Callable[[Tally], float | None]:
    return lambda tally: _divide(tally.get(part, 0), tally.get(whole, 0))


def _divide(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _count(name: str) -> Callable[[Tally], float | None]:
    return lambda tally: float(tally.get(name, 0))


def _lift(depth: int) -> Callable[[Tally], float | None]:
    return lambda tally: _divide(tally.get(f"found {depth}", 0), tally.get(f"baseline {depth}", 0))


def _printed_precision(view: str) -> Callable[[Tally], float | None]:
    """Of the stances printed, those that are right: neutral is no print."""

    def compute(tally: Tally) -> float | None:
        hits = sum(tally.get(f"{view} hit {stance}", 0) for stance in STANCES)
        return _divide(hits, sum(tally.get(f"{view} said {stance}", 0) for stance in STANCES))

    return compute


def _f1(view: str, stance: str, main: bool = False) -> Callable[[Tally], float | None]:
    gold, hit = ("main", "main hit") if main else ("gold", "hit")

    def compute(tally: Tally) -> float | None:
        there = tally.get(f"{view} {gold} {stance}", 0)
        return _divide(2 * tally.get(f"{view} {hit} {stance}", 0), tally.get(f"{view} said {stance}", 0) + there)

    return compute


def _macro_f1(view: str, main: bool = False) -> Callable[[Tally], float | None]:
    """The mean over the classes that the gold holds; a class that nobody got right counts as nought."""

    def compute(tally: Tally) -> float | None:
        there = [stance for stance in CLASSES if tally.get(f"{view} main {stance}", 0)]
        return fmean(_f1(view, stance, main)(tally) or 0.0 for stance in there) if there else None

    return compute


def _one_class_f1(view: str, main: bool = False) -> Callable[[Tally], float | None]:
    """Macro-F1 of whichever single answer scores best when it is always given, on the same pairs."""

    def compute(tally: Tally) -> float | None:
        pairs = tally.get(f"{view} pairs", 0)
        there = [stance for stance in CLASSES if tally.get(f"{view} main {stance}", 0)]
        rights = [tally.get(f"{view} {'main' if main else 'right'} {stance}", 0) for stance in there]
        return max(2 * right / (pairs + right) for right in rights) / len(there) if there else None

    return compute


def _balanced(part: str, whole: str, kinds: Sequence[str]) -> Callable[[Tally], float | None]:
    """The mean of the shares by kind, over the kinds that the gold holds."""

    def compute(tally: Tally) -> float | None:
        shares = [
            tally.get(f"{part} {kind}", 0) / tally[f"{whole} {kind}"] for kind in kinds if tally.get(f"{whole} {kind}")
        ]
        return fmean(shares) if shares else None

    return compute


def _calibration_error(tally: Tally) -> float | None:
    """Expected calibration error: how far confidence and share of right states lie apart, weighted by claims."""
    bins = [at for at in range(BINS) if tally.get(f"bin {at}")]
    gaps = sum(abs(tally.get(f"bin {at} confidence", 0) - tally.get(f"bin {at} right", 0)) for at in bins)
    return _divide(gaps, sum(tally[f"bin {at}"] for at in bins))


def _share(section: str, name: str, label: str, part: str, whole: str, better: Better = "higher") -> _Computed:
    """A figure that is a plain share."""
    return Measure(name=name, label=label, section=section, better=better, of=(whole,)), _ratio(part, whole)


def _anchors() -> list[_Computed]:
    name = "Anchors and dates"
    return [
        _share(name, "anchor_accuracy_at_1", "anchor right, first place", "anchor right", "anchored"),
        _share(name, "anchor_precision", "anchor right, of those named", "anchor right", "anchor named"),
        _share(name, "anchorless_said", "no anchor named, where there is none", "anchorless said", "anchorless"),
        _share(name, "date_within_tolerance", "dated within tolerance", "date right", "dated"),
    ]


def _retrieval() -> list[_Computed]:
    name = "Retrieval of superseding papers, inside the date window"
    found = [
        _share(name, "in_source", "superseding papers that the source has at all", "there", "looked up", "neither")
    ]
    for k in DEPTHS:
        plain = f"recall@{k}, plain full text"
        lift = Measure(name=f"recall_lift_at_{k}", label=f"times the plain recall@{k}", section=name, unit="ratio")
        found += [
            _share(name, f"recall_at_{k}", f"recall@{k}", f"found {k}", "wanted"),
            _share(name, f"baseline_recall_at_{k}", plain, f"baseline {k}", "wanted", "neither"),
            (lift, _lift(k)),
        ]
    label = "superseding papers cited with a right stance"
    return [*found, _share(name, "evidence_recall", label, "rightly cited", "wanted")]


def _stances(view: str, prefix: str, name: str) -> list[_Computed]:
    def share(part: str, label: str, count: str, whole: str, better: Better = "higher") -> _Computed:
        return _share(name, f"{prefix}_{part}", label, f"{view} {count}", f"{view} {whole}", better)

    def measure(part: str, label: str, of: Sequence[str], better: Better = "higher") -> Measure:
        told = tuple(f"{view} {count}" for count in of)
        return Measure(name=f"{prefix}_{part}", label=label, section=name, better=better, of=told)

    printed = [f"said {stance}" for stance in STANCES]
    found = [(measure("precision", "precision of printed stances", printed), _printed_precision(view))]
    for stance in CLASSES:
        found += [
            share(f"precision_{stance}", f"{stance}: precision", f"hit {stance}", f"said {stance}"),
            share(f"recall_{stance}", f"{stance}: recall", f"hit {stance}", f"gold {stance}"),
            (measure(f"f1_{stance}", f"{stance}: F1", ()), _f1(view, stance)),
        ]
    always, strict = "macro-F1 of always one class", "main stance only"
    return [
        *found,
        (measure("macro_f1", "macro-F1", ["pairs"]), _macro_f1(view)),
        (measure("macro_f1_one_class", always, ["pairs"], "neither"), _one_class_f1(view)),
        (measure("macro_f1_strict", f"macro-F1, {strict}", ["pairs"]), _macro_f1(view, main=True)),
        (measure("macro_f1_strict_one_class", f"{always}, {strict}", ["pairs"], "neither"),
         _one_class_f1(view, main=True)),
        share("negatives_cited", "hard negatives cited as evidence", "negatives cited", "negatives", "lower"),
        share("coverage", "coverage: pairs with an answer", "answered", "pairs"),
        share("bearing_placed", "bearing papers given a stance", "bearing placed", "bearing", "neither"),
    ]  # fmt: skip


def _verdicts() -> list[_Computed]:
    name = "Verdicts"
    states, durabilities = get_args(State), get_args(Durability)

    def share(part: str, label: str, count: str, whole: str, better: Better = "higher") -> _Computed:
        return _share(name, part, label, count, whole, better)

    def measure(part: str, label: str, of: str, better: Better = "higher") -> Measure:
        return Measure(name=part, label=label, section=name, better=better, of=(of,))

    alarm = "false alarms: called overturned, and the gold is not"
    return [
        share("state_accuracy", "state right", "state right", "claims"),
        (measure("state_balanced_accuracy", "state right, balanced", "claims"),
         _balanced("state right", "state of", states)),
        share("always_relaxed", 'state right, had it always said "relaxed"', "always relaxed", "claims", "neither"),
        share("durability_accuracy", "durability right", "durability right", "claims"),
        (measure("durability_balanced_accuracy", "durability right, balanced", "claims"),
         _balanced("durability right", "durability of", durabilities)),
        share("overturned_false_alarm_rate", alarm, "false alarms", "quiet", "lower"),
        share("overturned_false_share", "false alarms among all alarms", "false alarms", "alarms", "lower"),
        share("verdict_coverage", "claims with a verdict", "verdicts", "claims"),
        share("abstention_rate", "candidates the judge abstained on", "abstained", "asked", "neither"),
        share("not_judged_rate", "candidates without a usable answer", "not judged", "asked", "lower"),
        (measure("calibration_error", "calibration error of the confidence", "verdicts", "lower"), _calibration_error),
        share("brier", "Brier score of the confidence", "brier", "verdicts", "lower"),
    ]  # fmt: skip


def _facts() -> list[_Computed]:
    name, outside = "Facts", "ids that the source never showed"
    return [
        _share(name, "quote_exactness", "printed quotes that stand at their span", "quotes exact", "quotes"),
        _share(name, "quote_on_span", "quotes that touch the annotator's words", "on span", "spans"),
        (Measure(name="ids_outside_source", label=outside, section=name, better="lower", unit="count", of=("ids",)),
         _count("ids outside")),
    ]  # fmt: skip


_COMPUTED: list[_Computed] = [
    *_anchors(),
    *_retrieval(),
    *_stances("run", "stance", "Stances of listed papers that reached the judge"),
    *_stances("alone", "judge", "The judge alone, over every listed paper that the source has"),
    *_verdicts(),
    *_facts(),
]
_MEDIAN = Measure(
    name=MEDIAN_ERROR, label="error of the date, median", section="Anchors and dates", better="lower", unit="days"
)
MEASURES: tuple[Measure, ...] = (*(m for m, _ in _COMPUTED[:4]), _MEDIAN, *(m for m, _ in _COMPUTED[4:]))
"""Every figure, in the order in which it is printed."""
