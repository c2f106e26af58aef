"""Draws the timeline: when each claim was made, and which newer papers bear on it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from html import escape

from retest.render.glance import FALLEN, counts_in_words
from retest.render.text import count, plain
from retest.report import ClaimRecord, EvidenceRecord, Report

STYLE = """svg.timeline text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
svg.timeline .t-quiet{fill:#59636e}svg.timeline .t-fallen{font-weight:600}
svg.timeline .t-year{stroke:#d1d9e0}svg.timeline .t-life{stroke:#8c959f;stroke-width:2}
svg.timeline .t-mark{stroke:#fff;stroke-width:1.5;paint-order:stroke}
svg.timeline .t-born{fill:#59636e}svg.timeline .t-guess{fill:#fff;stroke:#59636e;stroke-width:2}
svg.timeline .t-supports{fill:#1a7f37}svg.timeline .t-relaxes{fill:#bf8700}svg.timeline .t-overturns{fill:#cf222e}
@media (prefers-color-scheme:dark){svg.timeline text{fill:#e6edf3}svg.timeline .t-quiet{fill:#9198a1}
svg.timeline .t-year{stroke:#3d444d}svg.timeline .t-life{stroke:#6e7681}svg.timeline .t-mark{stroke:#0d1117}
svg.timeline .t-born{fill:#9198a1}svg.timeline .t-guess{fill:#0d1117;stroke:#9198a1}
svg.timeline .t-supports{fill:#3fb950}svg.timeline .t-relaxes{fill:#d29922}svg.timeline .t-overturns{fill:#f85149}}
"""
"""Light and dark; the site prints its own, where paper is white."""

_WIDTH, _LEFT, _RIGHT, _TOP = 1080, 410, 20, 34
_LINE, _PITCH, _APART, _BETWEEN = 15, 11, 11, 12
"""Heights of a line of text, of a lane of marks, and of the gap between rows; two marks closer than `_APART` get lanes of their own."""
_TITLE_WIDTH = 46

Lane = tuple[EvidenceRecord, int]


def timeline(report: Report) -> str:
    """`timeline.svg`: the drawing with its own style, for a page that shows it as a picture."""
    return drawing(report, f"<style>\n{STYLE}</style>\n") + "\n"


def alternative(report: Report) -> str:
    """What the picture shows, in words."""
    return (
        f"Timeline of {count(len(report.claims), 'claim')} and the newer papers that bear on them: "
        f"{counts_in_words(report.claims)}. The table of claims says the same."
    )


def drawing(report: Report, style: str = "") -> str:
    """The `<svg>`: a row for each claim from its date to the audit's, what supports it above the line, the rest below."""
    records = sorted(report.claims, key=lambda record: (record.effective_date, record.id))
    first = date(min((r.effective_date.year for r in records), default=report.as_of.year), 1, 1)

    def x(day: date) -> float:
        span = max((report.as_of - first).days, 1)
        return round(_LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first).days / span, 1)

    rows, y = [], _TOP
    for record in records:
        row, height = _row(record, y, report.as_of, x)
        rows.append(row)
        y += height
    height = y + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(alternative(report))}">\n{style}'
        + "\n".join([*_years(first, report.as_of, x, y), *rows, _legend(y + 26)])
        + "\n</svg>"
    )


def _years(first: date, last: date, x: Callable[[date], float], bottom: int) -> Iterable[str]:
    for year in range(first.year, last.year + 1):
        at = x(date(year, 1, 1))
        yield f'<line class="t-year" x1="{at}" y1="{_TOP - 22}" x2="{at}" y2="{bottom}"/>'
        yield f'<text class="t-quiet" x="{at + 5}" y="{_TOP - 12}">{year}</text>'


def _row(record: ClaimRecord, top: int, as_of: date, x: Callable[[date], float]) -> tuple[str, int]:
    """The row with its height: as tall as its title and its marks want."""
    asserted = [item for item in record.evidence if item.voice == "asserted"]
    above = _lanes([item for item in asserted if item.stance == "supports"], x)
    below = _lanes([item for item in asserted if item.stance != "supports"], x)
    title = plain(record.title)
    lines = textwrap.wrap(title, _TITLE_WIDTH, max_lines=2, placeholder="…") or [""]
    text = len(lines) * _LINE / 2
    over, under = (max(text, _depth(lanes) * _PITCH + 3) for lanes in (above, below))
    y = round(top + over)
    marks = "".join(
        _mark(item.stance, x(item.published), y + side * (lane * _PITCH + (7 if side < 0 else 8)), _told(item))
        for lanes, side in ((above, -1), (below, 1))
        for item, lane in lanes
    )
    born = "t-born" if record.dated_by == "anchor" else "t-guess"
    height = round(over + under) + _BETWEEN
    return (
        f"<g><title>{escape(f'{title}: {record.durability}, {record.state}')}</title>{_title(lines, y)}"
        f'<text class="{"t-fallen" if record.state in FALLEN else "t-quiet"}" x="{_LEFT - 14}" y="{y + 4}" '
        f'text-anchor="end">{record.state}</text>'
        f'<line class="t-life" x1="{x(record.effective_date)}" y1="{y}" x2="{x(as_of)}" y2="{y}"/>'
        f'<circle class="{born}" cx="{x(record.effective_date)}" cy="{y}" r="4"/>{marks}</g>',
        height,
    )


def _title(lines: Sequence[str], y: int) -> str:
    first = y + 4 - (len(lines) - 1) * _LINE // 2
    return "".join(f'<text x="8" y="{first + i * _LINE}">{escape(line)}</text>' for i, line in enumerate(lines))


def _lanes(items: Sequence[EvidenceRecord], x: Callable[[date], float]) -> list[Lane]:
    """Each paper with the lane that keeps its mark clear of the marks before it, counted from the line outwards."""
    free: list[float] = []
    placed = []
    for item in sorted(items, key=lambda item: (item.published, item.arxiv_id)):
        at = x(item.published)
        lane = next((i for i, end in enumerate(free) if at - end >= _APART), len(free))
        free[lane : lane + 1] = [at]
        placed.append((item, lane))
    return placed


def _depth(lanes: Sequence[Lane]) -> int:
    return max((lane for _, lane in lanes), default=-1) + 1


def _told(item: EvidenceRecord) -> str:
    return f"arXiv:{item.arxiv_id} {item.stance}, {item.published}"


def _mark(stance: str, at: float, y: float, title: str) -> str:
    """A shape for each stance, so that colour alone never tells."""
    shape = {
        "supports": f"M{at - 5:g} {y + 4:g}L{at:g} {y - 5:g}L{at + 5:g} {y + 4:g}Z",
        "relaxes": f"M{at:g} {y - 5:g}L{at + 5:g} {y:g}L{at:g} {y + 5:g}L{at - 5:g} {y:g}Z",
        "overturns": f"M{at - 4:g} {y - 4:g}h8v8h-8Z",
    }[stance]
    return f'<path class="t-mark t-{stance}" d="{shape}"><title>{escape(title)}</title></path>'


def _legend(y: int) -> str:
    items = ((0, "t-born", "date of the claim’s paper"), (170, "t-guess", "date from the essay"))
    dots = [
        f'<circle class="{kind}" cx="{_LEFT + at}" cy="{y}" r="4"/>{_label(at, y, text)}' for at, kind, text in items
    ]
    stances = ((310, "supports"), (400, "relaxes"), (480, "overturns"))
    marks = [_mark(stance, _LEFT + at, y, stance) + _label(at, y, stance) for at, stance in stances]
    return "".join([*dots, *marks])


def _label(at: int, y: int, text: str) -> str:
    return f'<text class="t-quiet" x="{_LEFT + at + 10}" y="{y + 4}">{text}</text>'
