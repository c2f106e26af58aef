"""Renders the verdicts as CSV, a row for each claim."""

from __future__ import annotations

import csv
import io

from retest.render.glance import ranked, settling
from retest.render.text import plain
from retest.report import ClaimRecord, Report

COLUMNS = (
    "id", "title", "claim", "durability", "state", "confidence", "absence", "stated_date", "effective_date", "dated_by",
    "anchor", "anchor_title", "fidelity", "settled_by", "supports", "relaxes", "overturns", "findings", "leaning",
    "seeds", "searched", "judged", "changed_on",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@")


def verdict_table(report: Report) -> str:
    """The CSV's text: UTF-8, comma, header first, the gravest state first. Lists are separated by spaces."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for record in ranked(report):
        row = _row(record)
        rows.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue()


def _row(record: ClaimRecord) -> dict[str, object]:
    settled = settling(record)
    return {
        "id": record.id,
        "title": record.title,
        "claim": record.text,
        "durability": record.durability,
        "state": record.state,
        "confidence": f"{record.confidence:.2f}",
        "absence": record.absence,
        "stated_date": record.stated_date,
        "effective_date": record.effective_date,
        "dated_by": record.dated_by,
        "anchor": record.anchor.arxiv_id if record.anchor else None,
        "anchor_title": record.anchor.title if record.anchor else None,
        "fidelity": record.fidelity.status,
        "settled_by": settled.arxiv_id if settled else None,
        **{stance: _papers(record, stance) for stance in ("supports", "relaxes", "overturns")},
        "findings": " ".join(f"{finding.kind}@{finding.file}:{finding.line}" for finding in record.findings),
        "leaning": len(record.leaning),
        "seeds": " ".join(f"{place.file}:{place.line}" for place in record.seeds),
        "searched": record.searched.found,
        "judged": record.searched.judged,
        "changed_on": record.changed_on,
    }


def _papers(record: ClaimRecord, stance: str) -> str:
    return " ".join(e.arxiv_id for e in record.evidence if e.stance == stance and e.voice == "asserted")


def _cell(value: object) -> str:
    """The value as text that a spreadsheet shows and never runs: what looks like a formula gets an apostrophe."""
    text = plain(str(value)) if value is not None else ""
    return f"'{text}" if text.startswith(_FORMULA) else text
