"""Puts a trial's figures together: `metrics.json` is their dump, and what a later run is compared with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from retest.errors import InputError
from retest.eval.intervals import Difference, Interval, bootstrap, paired
from retest.eval.lag import Lag
from retest.eval.measures import Bin, counted, figures, reliability
from retest.eval.scores import ClaimScore
from retest.models import Value
from retest.report import JudgeRecord

METRICS_SCHEMA = "retest-metrics-1"


class Cost(Value):
    """What a trial took. The judge's reading of papers that retrieval missed is not in it."""

    requests: int
    requests_per_claim: float
    calls: int
    """Answers of the judge's endpoint; what the ledger knew was not asked."""
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    tokens_per_claim: float
    seconds: float
    seconds_per_claim: float


class Setting(Value):
    """What was measured, and with what."""

    gold: str
    part: str | None
    as_of: date
    since: date
    source: str
    judge: JudgeRecord
    candidates: int


class Compared(Value):
    """This trial beside an earlier one, claim by claim."""

    earlier: Setting
    claims: int
    """How many claims both have: only they are compared."""
    differences: dict[str, Difference]


class Metrics(Value):
    """Everything measured in one trial."""

    schema_name: Literal["retest-metrics-1"] = Field(default="retest-metrics-1", alias="schema")
    setting: Setting
    figures: dict[str, Interval]
    reliability: tuple[Bin, ...]
    cost: Cost
    lag: Lag | None
    compared: Compared | None
    claims: tuple[ClaimScore, ...]

    def to_json(self) -> str:
        """The text of `metrics.json`."""
        return self.model_dump_json(by_alias=True, indent=2, ensure_ascii=False) + "\n"


def measured(setting: Setting, scores: Sequence[ClaimScore], cost: Cost, lag: Lag | None) -> Metrics:
    """The figures of a trial, with their intervals."""
    wholes = counted(scores)
    intervals = bootstrap(scores, figures)
    return Metrics(
        schema="retest-metrics-1",
        setting=setting,
        figures={name: one.model_copy(update={"of": wholes.get(name)}) for name, one in intervals.items()},
        reliability=reliability(scores),
        cost=cost,
        lag=lag,
        compared=None,
        claims=tuple(scores),
    )


def compared_with(earlier: Metrics, now: Metrics) -> Metrics:
    """The same figures beside an earlier trial's, over the claims that both have. Raises InputError where there is none."""
    before = {score.id: score for score in earlier.claims}
    shared = [score for score in now.claims if score.id in before]
    if not shared:
        raise InputError("--compare: the two trials share no claim; compare trials over the same gold")
    differences = paired([before[score.id] for score in shared], shared, figures)
    compared = Compared(earlier=earlier.setting, claims=len(shared), differences=differences)
    return now.model_copy(update={"compared": compared})


def read_metrics(folder: Path) -> Metrics:
    """What an earlier trial measured. Raises InputError where that cannot be read."""
    path = folder / "metrics.json" if folder.is_dir() else folder
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"--compare {folder}: no metrics.json can be read there; name the --out of an earlier retest eval"
        ) from error
    try:
        if json.loads(text).get("schema") != METRICS_SCHEMA:
            raise ValueError("another schema")
        return Metrics.model_validate_json(text)
    except (ValueError, AttributeError, ValidationError) as error:
        raise InputError(
            f"{path}: not what this retest eval wrote; run the earlier trial again with this version"
        ) from error
