"""Compares a report with the one before: which verdicts changed, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from retest.claims import KnownClaim
from retest.errors import InputError
from retest.models import Value
from retest.report import SCHEMA, ClaimRecord, Report

Cause = Literal[
    "first audit", "new paper", "judge or prompt changed", "source changed", "seed edited", "evidence weighed anew"
]


class Change(Value):
    """One verdict's change."""

    claim: str
    title: str
    before: str
    """`durable, upheld`; empty for a claim that was not there."""
    after: str
    cause: Cause
    papers: tuple[str, ...] = ()
    """arXiv ids of the new evidence, the strongest first."""


def read_report(path: Path) -> Report | None:
    """An earlier `verdicts.json`, None where there is none. Raises InputError when it cannot be read."""
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
        if json.loads(text).get("schema") != SCHEMA:
            raise ValueError("another schema")
        return Report.model_validate_json(text)
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        problem = "not what retest wrote" if isinstance(error, ValueError) else str(error)
        raise InputError(f"{path}: {problem}; mend it, or move it away to start anew") from error


def known_claims(previous: Report | None) -> dict[str, KnownClaim]:
    """The claims of an earlier report, for their ids to last."""
    records = previous.claims if previous else ()
    return {r.id: KnownClaim(id=r.id, title=r.title, text=r.text, aliases=r.aliases) for r in records}


def standing(record: ClaimRecord) -> str:
    """A verdict in two words."""
    return f"{record.durability}, {record.state}"


def changed_on(previous: Mapping[str, ClaimRecord], record: ClaimRecord, as_of: date) -> date:
    """The day on which the claim came to stand where it stands."""
    before = previous.get(record.id)
    return before.changed_on if before and standing(before) == standing(record) else as_of


def changes(previous: Report | None, report: Report) -> list[Change]:
    """Every verdict that differs from the report before, in the order of the claims."""
    before = {record.id: record for record in previous.claims} if previous else {}
    return [
        Change(
            claim=record.id,
            title=record.title,
            before=standing(before[record.id]) if record.id in before else "",
            after=standing(record),
            cause=_cause(previous, before.get(record.id), report, record),
            papers=tuple(_new_papers(before.get(record.id), record)),
        )
        for record in report.claims
        if record.id not in before or standing(before[record.id]) != standing(record)
    ]


def _cause(previous: Report | None, before: ClaimRecord | None, report: Report, record: ClaimRecord) -> Cause:
    """Why a verdict changed. A change of ours (judge, source) is never presented as news from the literature."""
    if previous is None or before is None:
        return "first audit"
    if before.text != record.text:
        return "seed edited"
    if previous.judge != report.judge:
        return "judge or prompt changed"
    if previous.source != report.source:
        return "source changed"
    return "new paper" if any(_new_papers(before, record)) else "evidence weighed anew"


def _new_papers(before: ClaimRecord | None, record: ClaimRecord) -> Iterable[str]:
    known = {item.arxiv_id for item in before.evidence} if before else set()
    return (item.arxiv_id for item in record.evidence if before and item.arxiv_id not in known)
