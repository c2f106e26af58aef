"""Bootstraps intervals over claims: claims are what an audit meets anew, papers of one claim stand and fall together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from retest.models import Value

RESAMPLES = 2000
SEED = 20260831
LEVEL = 0.95

T = TypeVar("T")
Figures = dict[str, float | None]


class Interval(Value):
    """A figure with its 95 % interval; None: nothing to count."""

    value: float | None
    of: int | None = None
    """How many things it is a share of."""
    low: float | None = None
    high: float | None = None


class Difference(Value):
    """How far a figure moved between two runs over the same claims, with its 95 % interval."""

    before: float | None
    after: float | None
    change: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no change at all."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def bootstrap(
    items: Sequence[T], figures: Callable[[Sequence[T]], Figures], resamples: int = RESAMPLES, seed: int = SEED
) -> dict[str, Interval]:
    """Each figure over the items, with the percentile interval of its resamples. The same items give the same interval.

    A resample in which a figure has nothing to count leaves it out.
    """
    whole = figures(items)
    drawn = [figures(sample) for sample in _samples(items, resamples, seed)]
    return {
        name: Interval.model_validate({"value": _rounded(value), **_bounds([one[name] for one in drawn])})
        for name, value in whole.items()
    }


def paired(
    before: Sequence[T],
    after: Sequence[T],
    figures: Callable[[Sequence[T]], Figures],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, Difference]:
    """What each figure came to before and after, over the same claims in the same order, drawn together."""
    first, second = figures(before), figures(after)
    drawn = [
        _minus(figures([new for _, new in sample]), figures([old for old, _ in sample]))
        for sample in _samples(list(zip(before, after, strict=True)), resamples, seed)
    ]
    whole = _minus(second, first)
    return {
        name: Difference.model_validate(
            {
                "before": _rounded(first[name]),
                "after": _rounded(second[name]),
                "change": _rounded(change),
                **_bounds([one[name] for one in drawn]),
            }
        )
        for name, change in whole.items()
    }


def _samples(items: Sequence[T], resamples: int, seed: int) -> list[list[T]]:
    draw = random.Random(seed)
    return [draw.choices(items, k=len(items)) for _ in range(resamples)] if items else []


def _minus(after: Figures, before: Figures) -> Figures:
    return {name: _gap(value, before[name]) for name, value in after.items()}


def _gap(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _bounds(values: Sequence[float | None]) -> dict[str, float | None]:
    there = sorted(value for value in values if value is not None)
    if not there:
        return {"low": None, "high": None}
    return {
        "low": _rounded(quantile(there, (1 - LEVEL) / 2)),
        "high": _rounded(quantile(there, (1 + LEVEL) / 2)),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the sorted values lie, between neighbours in proportion."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
