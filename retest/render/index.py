"""Renders the library at a glance: every claim and where it stands."""

from __future__ import annotations

from collections.abc import Sequence

from retest.render.glance import (
    bearing,
    counts,
    counts_in_words,
    dated,
    fell_lately,
    ranked,
    settling,
    unverified,
    verdicts_in_words,
    why_unverified,
)
from retest.render.markdown import JUDGES, SOURCES, STATES, ends, front_matter, settled_by
from retest.render.text import count, heading_anchor, md, paper_link
from retest.render.timeline import alternative
from retest.report import ClaimRecord, Report

_SHOWN = 7
"""Claims that a section at the top names before it points to the table."""


def index_page(report: Report) -> str:
    """`outputs/README.md`."""
    parts = [
        front_matter("What still holds", report, [record.state for record in report.claims]),
        "# What still holds",
        f"**{count(len(report.claims), 'claim')} from {count(len(report.seeds), 'essay')}: "
        f"{verdicts_in_words(report.claims)}.** "
        f"Audited to {report.as_of}; recent means since {report.since}.",
        _counts_table(report),
        f"Papers from {SOURCES.get(report.source, md(report.source))}.{ends(report)} "
        f"Judged by {JUDGES.get(report.judge.kind, md(report.judge.kind))}.",
        *_section("Fell lately", [_fallen_line(report, record) for record in fell_lately(report)]),
        *_section(
            "Leaned on most, and unverified", [_unverified_line(report, record) for record in unverified(report)]
        ),
        f"## Timeline\n\n![{alternative(report)}](timeline.svg)",
        "## Claims",
        _claims_table(report),
        "## Essays",
        "\n".join(_essay_line(report, i) for i in range(len(report.seeds))),
        *_partial_part(report),
        "Also here: [what changed](CHANGES.md), [every cited paper](references.bib), [all of it for machines](verdicts.json).",
    ]
    return "\n\n".join(parts) + "\n"


def _counts_table(report: Report) -> str:
    rows = [f"| **{state}** | {number} | {STATES[state]} |" for state, number in counts(report.claims)]
    return "\n".join(["| State | Claims | It means |", "|---|---:|---|", *rows])


def _section(heading: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = f"\n- and {count(len(lines) - _SHOWN, 'more claim')}, in the [table](#claims)" if len(lines) > _SHOWN else ""
    return [f"## {heading}\n\n" + "\n".join(lines[:_SHOWN]) + more]


def _fallen_line(report: Report, record: ClaimRecord) -> str:
    paper = settling(record)
    by = f"; {paper_link(paper.arxiv_id)} of {paper.published} {bearing(paper)}" if paper else ""
    return f"- {_claim_link(report, record)}: **{record.state}** since {record.changed_on}{by}"


def _unverified_line(report: Report, record: ClaimRecord) -> str:
    leaning = count(len(record.leaning), "essay sentence")
    return f"- {_claim_link(report, record)}: {leaning}; {record.state}; {why_unverified(record)}"


def _claims_table(report: Report) -> str:
    rows = [
        "| Claim | Durability | State | Confidence | Dated | Rests on | What settled it | Changed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in ranked(report):
        anchor = paper_link(record.anchor.arxiv_id) if record.anchor else "no paper found"
        rows.append(
            f"| {_claim_link(report, record)} | {record.durability} | **{record.state}** | {record.confidence:.2f} | "
            f"{dated(record)} | {anchor} | {settled_by(record)} | {record.changed_on} |"
        )
    return "\n".join(rows)


def _claim_link(report: Report, record: ClaimRecord) -> str:
    seed = next(seed for seed in report.seeds if record.id in seed.claims)
    heading = f"{seed.claims.index(record.id) + 1}. {record.title}"
    return f"[{md(record.title)}]({seed.stem}.md{heading_anchor(heading)})"


def _essay_line(report: Report, index: int) -> str:
    seed = report.seeds[index]
    told = counts_in_words(report.claim(claim_id) for claim_id in seed.claims)
    audited = f" (audited to {seed.audited})" if seed.audited else ""
    return f"- [{md(seed.question)}]({seed.stem}.md): {told}{audited}"


def _partial_part(report: Report) -> list[str]:
    if not report.partial:
        return []
    return [
        "## Not finished in this run",
        "\n".join(f"- {md(part.claim)}: {md(part.reason)}" for part in report.partial),
    ]
