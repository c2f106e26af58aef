"""Tells GitHub what a run came to: the job's summary, annotations at the lines, the text of an issue, two outputs.

    python summarise.py FOLDER OUT

FOLDER holds `run.json`, the stdout of `retest run --json`; OUT holds the reports. `news.md` is written to FOLDER when
claims newly fell.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from retest.history import read_report
from retest.render.glance import FALLEN, counts
from retest.render.text import count, md, paper_link
from retest.report import ClaimRecord, Report

OF_THE_LITERATURE = ("new paper", "new version", "withdrawn")
"""Causes of a change that are news; a changed judge, prompt or source is not."""
MOST_ANNOTATIONS = 10
"""GitHub shows no more of a kind for a step."""


def main(folder: Path, out: Path) -> None:
    """Writes what the runner reads."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    report = read_report(out / "verdicts.json")
    assert report is not None  # the run that we speak of has written it, or found that it still holds
    fallen = [change for change in run["changes"] if fell(change)]
    _append("GITHUB_STEP_SUMMARY", summary(run, report))
    _append("GITHUB_OUTPUT", f"news={'true' if run['written'] else 'false'}\nfallen={len(fallen)}\n")
    for line in annotations(fallen, report)[:MOST_ANNOTATIONS]:
        print(line)
    if fallen:
        (folder / "news.md").write_text(issue(fallen, report), encoding="utf-8")


def fell(change: dict[str, Any]) -> bool:
    """Whether the literature brought a claim to stand worse than before."""
    before, after = _rank(change["before"]), _rank(change["after"])
    return change["cause"] in OF_THE_LITERATURE and after < before


def _rank(standing: str) -> int:
    state = standing.rpartition(", ")[2]
    return FALLEN.index(state) if state in FALLEN else len(FALLEN)


def summary(run: dict[str, Any], report: Report) -> str:
    """The job's summary, in Markdown."""
    states = "\n".join(f"| {state} | {number} |" for state, number in counts(report.claims))
    news = [change for change in run["changes"] if change["cause"] != "first audit"]
    parts = [
        f"## retest, {md(run['as_of'])}",
        f"| State | Claims |\n|---|---:|\n{states}",
        "\n".join(map(_change_line, news)) or "No verdict changed.",
        *(["Not finished: " + ", ".join(md(part["claim"]) for part in run["partial"])] if run["partial"] else []),
        f"{count(run['requests'], 'request')}; source {md(report.source)}; judge {md(report.judge.kind)}.",
    ]
    return "\n\n".join(parts) + "\n"


def _change_line(change: dict[str, Any]) -> str:
    papers = ", ".join(map(paper_link, change["papers"][:5]))
    why = f"{change['cause']}{f' ({papers})' if papers else ''}"
    return f"- {md(change['title'])}: {md(change['before'] or 'new')} → **{md(change['after'])}**; {why}"


def annotations(fallen: list[dict[str, Any]], report: Report) -> list[str]:
    """A warning at the first line that leans on each fallen claim. Of a claim only its own id is printed."""
    lines = []
    for change in fallen:
        record = next(record for record in report.claims if record.id == change["claim"])
        file, line = _place(record)
        papers = ", ".join(f"arXiv:{paper}" for paper in change["papers"][:3])
        text = f"{record.id} is {record.state} since {record.changed_on} ({papers})"
        lines.append(f"::warning file={_property(file)},line={line},title=A claim newly fell::{_data(text)}")
    return lines


def _place(record: ClaimRecord) -> tuple[str, int]:
    first = record.leaning[0] if record.leaning else record.seeds[0]
    return first.file, first.line


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def issue(fallen: list[dict[str, Any]], report: Report) -> str:
    """The text of the issue."""
    head = f"{count(len(fallen), 'claim')} came to stand worse in the audit of {report.as_of}, because of new papers:"
    tail = "The reports give the evidence with its quotes. `retest ack` records what you make of it."
    return "\n\n".join([head, "\n".join(map(_change_line, fallen)), tail]) + "\n"


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
