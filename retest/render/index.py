"""Renders the library at a glance: every claim, where it stands, and the timeline picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from xml.sax.saxutils import escape

from retest.models import State
from retest.render.markdown import JUDGES, SOURCES, settled_by
from retest.render.text import count, heading_anchor, md, paper_link, plain
from retest.report import ClaimRecord, Report

_SEVERITY: tuple[State, ...] = ("overturned", "contested", "relaxed", "upheld", "untested", "unreachable")
_LABEL, _ROW, _LEFT, _TOP, _WIDTH = 44, 24, 400, 44, 1080


def index_page(report: Report) -> str:
    """`outputs/README.md`."""
    states = Counter(record.state for record in report.claims)
    counted = ", ".join(f"{states[state]} {state}" for state in _SEVERITY if states[state])
    durable = sum(record.durability == "durable" for record in report.claims)
    parts = [
        "# What still holds",
        f"**{count(len(report.claims), 'claim')} from {count(len(report.seeds), 'essay')}: {counted}**; "
        f"{durable} durable, {len(report.claims) - durable} perishable. "
        f"Audited to {report.as_of}; recent means since {report.since}.",
        f"Papers from {SOURCES.get(report.source, report.source)}. Judged by {JUDGES.get(report.judge.kind, report.judge.kind)}. "
        "`untested` is no support: it says that nothing newer could be set against the claim.",
        f"![{_alternative(report)}](timeline.svg)",
        "## Claims",
        _claims_table(report),
        "## Essays",
        "\n".join(_essay_line(report, i) for i in range(len(report.seeds))),
        *_partial_part(report),
        "Also here: [what changed](CHANGES.md), [every cited paper](references.bib), [all of it for machines](verdicts.json).",
    ]
    return "\n\n".join(parts) + "\n"


def _claims_table(report: Report) -> str:
    rows = [
        "| Claim | Durability | State | Confidence | Since | Rests on | What settled it | Changed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ranked = sorted(report.claims, key=lambda r: (_SEVERITY.index(r.state), -len(r.leaning), r.id))
    for record in ranked:
        anchor = paper_link(record.anchor.arxiv_id) if record.anchor else "no paper found"
        rows.append(
            f"| {_claim_link(report, record)} | {record.durability} | **{record.state}** | {record.confidence:.2f} | "
            f"{record.effective_date} | {anchor} | {settled_by(record)} | {record.changed_on} |"
        )
    return "\n".join(rows)


def _claim_link(report: Report, record: ClaimRecord) -> str:
    seed = next(seed for seed in report.seeds if record.id in seed.claims)
    heading = f"{seed.claims.index(record.id) + 1}. {record.title}"
    return f"[{md(record.title)}]({seed.stem}.md{heading_anchor(heading)})"


def _essay_line(report: Report, index: int) -> str:
    seed = report.seeds[index]
    states = Counter(report.claim(claim_id).state for claim_id in seed.claims)
    told = ", ".join(f"{states[state]} {state}" for state in _SEVERITY if states[state])
    return f"- [{md(seed.question)}]({seed.stem}.md): {told}"


def _partial_part(report: Report) -> list[str]:
    if not report.partial:
        return []
    return [
        "## Not finished in this run",
        "\n".join(f"- {md(part.claim)}: {md(part.reason)}" for part in report.partial),
    ]


def _alternative(report: Report) -> str:
    states = Counter(record.state for record in report.claims)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    return f"Timeline of {len(report.claims)} claims and the newer papers that bear on them: {told}. The table below says the same."


def timeline(report: Report) -> str:
    """`timeline.svg`: a row for each claim from its date to the audit's, with a mark for each paper that bears on it."""
    records = sorted(report.claims, key=lambda record: (record.effective_date, record.id))
    first = date(min((r.effective_date.year for r in records), default=report.as_of.year), 1, 1)
    height = _TOP + _ROW * len(records) + 46

    def x(day: date) -> float:
        span = max((report.as_of - first).days, 1)
        return round(_LEFT + (_WIDTH - _LEFT - 20) * (day - first).days / span, 1)

    body = [*_years(first, report.as_of, x, height), *(_row(r, i, report.as_of, x) for i, r in enumerate(records))]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(_alternative(report), {chr(34): "&quot;"})}">\n{_STYLE}\n'
        + "\n".join(body)
        + f"\n{_legend(height)}\n</svg>\n"
    )


_STYLE = """<style>
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.q{fill:#59636e}.g{stroke:#d1d9e0}.l{stroke:#8c959f;stroke-width:2}
.supports{fill:#1a7f37}.relaxes{fill:#bf8700}.overturns{fill:#cf222e}.c{fill:#59636e}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.q{fill:#9198a1}.g{stroke:#3d444d}.l{stroke:#6e7681}
.supports{fill:#3fb950}.relaxes{fill:#d29922}.overturns{fill:#f85149}.c{fill:#9198a1}}
</style>"""


def _years(first: date, last: date, x: Callable[[date], float], height: int) -> list[str]:
    lines = []
    for year in range(first.year, last.year + 1):
        at = x(date(year, 1, 1))
        lines.append(f'<line class="g" x1="{at}" y1="{_TOP - 12}" x2="{at}" y2="{height - 40}"/>')
        lines.append(f'<text class="q" x="{at + 4}" y="{_TOP - 16}">{year}</text>')
    return lines


def _row(record: ClaimRecord, index: int, as_of: date, x: Callable[[date], float]) -> str:
    y = _TOP + _ROW * index + 8
    title = plain(record.title)
    short = title if len(title) <= _LABEL else title[: _LABEL - 1].rstrip() + "…"
    marks = "".join(
        _mark(item.stance, x(item.published), y, f"{item.arxiv_id} {item.stance}")
        for item in record.evidence
        if item.voice == "asserted"
    )
    return (
        f"<g><title>{escape(title)}: {record.durability}, {record.state}</title>"
        f'<text x="8" y="{y + 4}">{escape(short)}</text>'
        f'<text class="q" x="{_LEFT - 14}" y="{y + 4}" text-anchor="end">{record.state}</text>'
        f'<line class="l" x1="{x(record.effective_date)}" y1="{y}" x2="{x(as_of)}" y2="{y}"/>'
        f'<circle class="c" cx="{x(record.effective_date)}" cy="{y}" r="4"/>{marks}</g>'
    )


def _mark(stance: str, at: float, y: float, title: str) -> str:
    """A shape for each stance, so that colour alone never tells."""
    shape = {
        "supports": f'<path class="supports" d="M{at - 5} {y + 4}L{at} {y - 6}L{at + 5} {y + 4}Z">',
        "relaxes": f'<path class="relaxes" d="M{at} {y - 6}L{at + 5} {y}L{at} {y + 6}L{at - 5} {y}Z">',
        "overturns": f'<path class="overturns" d="M{at - 5} {y - 5}h10v10h-10Z">',
    }[stance]
    return f"{shape}<title>{escape(title)}</title></path>"


def _legend(height: int) -> str:
    y = height - 16
    parts = [
        f'<circle class="c" cx="{_LEFT}" cy="{y}" r="4"/><text class="q" x="{_LEFT + 10}" y="{y + 4}">the claim’s paper</text>'
    ]
    for offset, stance in ((140, "supports"), (230, "relaxes"), (320, "overturns")):
        parts.append(
            _mark(stance, _LEFT + offset, y, stance)
            + f'<text class="q" x="{_LEFT + offset + 10}" y="{y + 4}">{stance}</text>'
        )
    return "".join(parts)
