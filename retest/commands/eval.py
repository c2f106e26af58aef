"""`retest eval`."""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from retest.commands.options import (
    AsOf,
    Candidates,
    Concurrency,
    Json,
    JudgeOption,
    Model,
    Quiet,
    Since,
    Source,
    settings_of,
)


def evaluate(
    gold: Annotated[
        Path | None,
        typer.Argument(
            metavar="GOLD.json", help="Claims whose newer papers are known.", show_default="the bundled gold, offline"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where verdicts, candidates and metrics go.", metavar="DIR")] = None,
    split: Annotated[Path | None, typer.Option(help="JSON that lists claim ids by part.", metavar="FILE")] = None,
    part: Annotated[
        str | None, typer.Option(help="Only this part: of --split, or of the claims' own split.", metavar="NAME")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="The --out of an earlier eval, to compare with claim by claim.", metavar="DIR")
    ] = None,
    lag: Annotated[
        str | None,
        typer.Option(
            help="Also audit a series of earlier days with the future hidden: a step (3mo) or days with commas between.",
            metavar="STEP",
        ),
    ] = None,
    judge_alone: Annotated[
        bool,
        typer.Option("--judge-alone/--no-judge-alone", help="Also judge listed papers that retrieval missed."),
    ] = True,
    since: Since = None,
    as_of: AsOf = None,
    source: Source = None,
    judge: JudgeOption = None,
    model: Model = None,
    candidates: Candidates = None,
    concurrency: Concurrency = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the judge anew what it has answered before.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure retest on claims whose newer papers are known: anchors, retrieval, stances, verdicts, cost."""
    from retest.console import Story
    from retest.eval.evaluation import Wanted
    from retest.eval.evaluation import evaluate as run_evaluation
    from retest.render.text import plain

    if gold is None and source is None:
        source = "catalogue"  # what the bundled gold was made over
    settings = settings_of(
        since=since, as_of=as_of, source=source, judge=judge, model=model,
        candidates=candidates, concurrency=concurrency, fresh=fresh,
    )  # fmt: skip
    wanted = Wanted(
        gold=gold, out=out, split=split, part=part, compare=compare, lag=lag, judge_alone=judge_alone
    )  # fmt: skip
    story = Story(quiet=quiet)
    with story:
        done = run_evaluation(wanted, settings, date.today(), time.monotonic, story.say, story.progress)
    print(done.metrics.to_json() if as_json else done.page, end="")
    for partial in done.report.partial:
        print(plain(f"{partial.claim}: {partial.reason}"), file=sys.stderr)
    if out:
        story.say(f"wrote {', '.join(done.written) or 'nothing new'} in {out}")
    if done.report.partial:
        raise typer.Exit(3)
