"""Tells the story on stderr: a progress display on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from retest.render.text import count, plain
from retest.report import Report
from retest.tracing import Traced, Tracing

_STAGES = {"gather": "finding papers", "test": "weighing them"}
NARROW = 70
"""Columns below which a table of six would leave no room for the claim."""
_COLOURS = {"upheld": "green", "relaxed": "yellow", "overturned": "red", "contested": "magenta"}


class Story:
    """What a run has to tell while it goes on. Untrusted words are printed as text, never as markup."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._bars: Progress | None = None
        self._tasks: dict[str, Any] = {}

    def say(self, line: str) -> None:
        """One line."""
        self._console.print(Text(plain(line)))

    def __enter__(self) -> Story:
        if self._console.is_terminal and not self._console.quiet:
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bars = Progress(*columns, console=self._console, transient=True)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()
            self._bars = None

    def progress(self, event: Mapping[str, Any]) -> None:
        """One event of the graph: a stage begins with its total, or a claim has passed it."""
        stage = event["stage"]
        if stage == "resume":
            self.say("Going on with a run that was interrupted.")
        elif "total" in event:
            self._begin(stage, event["total"])
        elif self._bars and stage in self._tasks:
            self._bars.advance(self._tasks[stage])

    def _begin(self, stage: str, total: int) -> None:
        told = _STAGES[stage]
        if self._bars:
            self._tasks[stage] = self._bars.add_task(told, total=total)
        else:
            self.say(f"{count(total, 'claim')}: {told}")

    def verdicts(self, report: Report) -> None:
        """The table of verdicts, on stdout: it is the answer."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Claim", "Durability", "State", "Confidence"):
            table.add_column(heading, no_wrap=heading != "Claim")
        for record in report.claims:
            state = Text(record.state, style=_COLOURS.get(record.state, ""))
            table.add_row(Text(plain(record.title)), record.durability, state, f"{record.confidence:.2f}")
        Console(highlight=False).print(table)


def claims_table(tracing: Tracing) -> None:
    """The claims with where they come from, and the findings, on stdout."""
    console = Console(highlight=False)
    rows = [(Text(plain(traced.claim.title)), *_told_of(traced)) for traced in tracing.claims]
    if console.width < NARROW:
        for title, since, rests, fit, cited, status in rows:
            console.print(title)
            told = (since, rests, fit and f"fit {fit}", f"cited {cited} times", status)
            console.print(Text(f"  {' · '.join(filter(None, told))}"))
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Claim", "Since", "Rests on", "Fit", "Cited", "Fidelity"):
            table.add_column(
                heading, no_wrap=heading not in ("Claim", "Rests on"), justify="right" if heading == "Cited" else "left"
            )
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for finding in tracing.findings():
        console.print(Text(plain(f"{finding.file}: line {finding.line}: {finding.message}")), soft_wrap=True)


def _told_of(traced: Traced) -> tuple[str, str, str, str, str]:
    anchors = traced.anchoring.anchors if traced.anchoring.kind == "anchored" else ()
    rests = ", ".join(f"arXiv:{a.paper.arxiv_id}" for a in anchors) or "no paper found"
    fit = f"{anchors[0].score:.2f}" if anchors else ""
    since = f"{traced.effective_date}" if traced.dated_by != "undated" else "undated"
    return since, rests, fit, str(len(traced.claim.leaning)), traced.fidelity.status


class Tally:
    """Counts things whose total nobody knows: a line that moves on a terminal, now and then a plain one elsewhere."""

    EVERY = 20
    """Of so many steps one is told where there is no terminal."""

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._bars: Progress | None = None
        self._task: Any = None
        self._doing, self._done, self._steps = "", 0, 0

    def __enter__(self) -> Tally:
        if self._console.is_terminal and not self._console.quiet:
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self._bars = Progress(*columns, console=self._console, transient=True)
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()
            self._bars = None

    def begin(self, doing: str) -> None:
        """From here on, this is counted."""
        self._doing, self._done, self._steps = plain(doing), 0, 0
        if self._bars:
            self._task = self._bars.add_task(self._doing)

    def advance(self, number: int, where: str = "") -> None:
        """So many more are done."""
        self._done, self._steps = self._done + number, self._steps + 1
        told = f"{self._doing}: {self._done:,} records{', ' if where else ''}{plain(where)}"
        if self._bars:
            self._bars.update(self._task, description=told)
        elif self._steps % self.EVERY == 1:
            self._console.print(Text(told))

    def say(self, line: str) -> None:
        """One line."""
        self._console.print(Text(plain(line)))

    def complain(self, line: str) -> None:
        """One line that is told even when quiet."""
        Console(stderr=True, highlight=False, soft_wrap=True).print(Text(plain(line)))
