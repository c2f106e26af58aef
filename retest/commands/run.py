"""`retest run`."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retest.commands.options import (
    AsOf,
    Candidates,
    Concurrency,
    Json,
    JudgeOption,
    Model,
    Out,
    Quiet,
    Seeds,
    Since,
    Source,
    settings_of,
)
from retest.settings import Settings

if TYPE_CHECKING:
    from retest.run import Finished


def run(
    seeds: Seeds,
    since: Since = None,
    as_of: AsOf = None,
    out: Out = None,
    source: Source = None,
    judge: JudgeOption = None,
    model: Model = None,
    candidates: Candidates = None,
    concurrency: Concurrency = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore earlier answers and interrupted runs.")] = False,
    fail_on: Annotated[
        str | None,
        typer.Option(help="Exit 4 when a claim newly is one of these: overturned,misstated.", metavar="STATES"),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Audit seeds: read the claims, search for newer papers, judge them, write the reports."""
    from retest.console import Story
    from retest.render.text import plain
    from retest.run import run_audit

    settings = settings_of(
        since=since, as_of=as_of, out=out, source=source, judge=judge, model=model,
        candidates=candidates, concurrency=concurrency, fresh=fresh, fail_on=fail_on,
    )  # fmt: skip
    story = Story(quiet=quiet)
    with story:
        finished = run_audit(seeds, settings, date.today(), story.say, story.progress)
    report = finished.report
    if as_json:
        print(json.dumps(_summary(finished, settings), indent=2, ensure_ascii=False))
    else:
        story.verdicts(report)
    partial = (f"{part.claim}: {part.reason}" for part in report.partial)
    for problem in dict.fromkeys((*finished.unreadable, *partial)):
        print(plain(problem), file=sys.stderr)
    wrote = (
        f"{len(finished.written)} files of {settings.out} changed"
        if finished.written
        else f"{settings.out} stays as it was"
    )
    figures = finished.figures
    story.say(
        f"{figures.requests} requests; {figures.pairs_judged} pairs judged, {figures.pairs_known} known"
        + (
            f"; {figures.calls} calls, {figures.prompt_tokens + figures.completion_tokens} tokens"
            if figures.calls
            else ""
        )
    )
    story.say(f"{wrote}; start reading at {settings.out / 'README.md'}")
    if finished.newly(settings.fail_on):
        raise typer.Exit(4)
    if finished.is_partial:
        raise typer.Exit(3)


def _summary(finished: Finished, settings: Settings) -> dict[str, Any]:
    report = finished.report
    return {
        "as_of": report.as_of.isoformat(),
        "since": report.since.isoformat(),
        "source": report.source,
        "judge": report.judge.model_dump(),
        "out": settings.out.as_posix(),
        "written": list(finished.written),
        "requests": finished.figures.requests,
        "figures": finished.figures.model_dump(),
        "claims": [
            {"id": r.id, "title": r.title, "durability": r.durability, "state": r.state, "confidence": r.confidence}
            for r in report.claims
        ],
        "changes": [change.model_dump() for change in finished.changes],
        "unreadable": list(finished.unreadable),
        "partial": [part.model_dump() for part in report.partial],
    }
