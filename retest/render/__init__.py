"""How a report is printed: every file of the output folder, as text."""

from __future__ import annotations

from collections.abc import Sequence

from retest.history import Change
from retest.render.bibtex import bibliography
from retest.render.changes import changes_page
from retest.render.index import index_page
from retest.render.markdown import seed_report
from retest.render.timeline import timeline
from retest.report import Report


def render(report: Report, changes: Sequence[Change], changes_before: str) -> dict[str, str]:
    """The text of each file by its name. The same report gives the same bytes."""
    pages = {f"{seed.stem}.md": seed_report(report, seed) for seed in report.seeds}
    return pages | {
        "README.md": index_page(report),
        "timeline.svg": timeline(report),
        "verdicts.json": report.to_json(),
        "references.bib": bibliography(report),
        "CHANGES.md": changes_page(changes_before, changes, report.as_of),
    }
