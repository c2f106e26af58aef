"""The commands: reads what the user asks for, calls the stage that does it, prints the answer."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from retest import __version__
from retest.errors import RetestError
from retest.settings import Settings, environment, load_settings

app = typer.Typer(
    name="retest",
    help="Re-test the dated claims of a research library against newer arXiv papers.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)

Seeds = Annotated[
    list[Path], typer.Argument(metavar="SEED...", help="Seeds (.txt or .md), or folders of them.", show_default=False)
]
Since = Annotated[str | None, typer.Option(help="What counts as recent: 90d, 2w, 6mo, 1y or a day.  [default: 6mo]")]
AsOf = Annotated[
    str | None, typer.Option(help="The day of the audit; later papers are hidden.  [default: today]", metavar="DATE")
]
Out = Annotated[Path | None, typer.Option(help="Where the reports go.  [default: outputs]")]
Source = Annotated[
    str | None,
    typer.Option(
        help="arxiv, catalogue, library or auto: arXiv where it answers, else the bundled catalogue.  [default: auto]"
    ),
]
JudgeOption = Annotated[
    str | None,
    typer.Option("--judge", help="llm, embedded or auto: llm where a key or base URL is configured.  [default: auto]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"retest {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    seeds: Seeds,
    since: Since = None,
    as_of: AsOf = None,
    out: Out = None,
    source: Source = None,
    judge: JudgeOption = None,
    model: Annotated[str | None, typer.Option(help="The LLM judge's model.")] = None,
    candidates: Annotated[int | None, typer.Option(help="Papers judged per claim.  [default: 20]", metavar="N")] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Claims worked on at once.  [default: 8]", metavar="N")
    ] = None,
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
    from retest.run import run_audit

    flags = {
        "since": since, "as_of": as_of, "out": out, "source": source, "judge": judge, "model": model,
        "candidates": candidates, "concurrency": concurrency, "fresh": fresh, "fail_on": fail_on,
    }  # fmt: skip
    settings = _settings(flags)
    story = Story(quiet=quiet)
    with story:
        finished = run_audit(seeds, settings, date.today(), story.say, story.progress)
    report = finished.report
    if as_json:
        print(json.dumps(_summary(finished, settings), indent=2, ensure_ascii=False))
    else:
        story.verdicts(report)
    for problem in (*finished.unreadable, *(f"{part.claim}: {part.reason}" for part in report.partial)):
        print(problem, file=sys.stderr)
    wrote = (
        f"{len(finished.written)} files of {settings.out} changed"
        if finished.written
        else f"{settings.out} stays as it was"
    )
    story.say(f"{wrote}; {finished.requests} requests; start reading at {settings.out / 'README.md'}")
    if finished.newly(settings.fail_on):
        raise typer.Exit(4)
    if finished.is_partial:
        raise typer.Exit(3)


def _summary(finished: Any, settings: Settings) -> dict[str, Any]:
    report = finished.report
    return {
        "as_of": report.as_of.isoformat(),
        "since": report.since.isoformat(),
        "source": report.source,
        "judge": report.judge.model_dump(),
        "out": settings.out.as_posix(),
        "written": list(finished.written),
        "requests": finished.requests,
        "claims": [
            {"id": r.id, "title": r.title, "durability": r.durability, "state": r.state, "confidence": r.confidence}
            for r in report.claims
        ],
        "changes": [change.model_dump() for change in finished.changes],
        "unreadable": list(finished.unreadable),
        "partial": [part.model_dump() for part in report.partial],
    }


def _settings(flags: dict[str, Any]) -> Settings:
    return load_settings(flags, environment(), Path.cwd())


def main() -> NoReturn:
    """Runs a command; prints what went wrong once, and exits as DESIGN 5 says."""
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr)
    sys.exit(_exit_code(lambda: app(standalone_mode=True)))


def _exit_code(command: Callable[[], Any]) -> int:
    try:
        command()
    except RetestError as error:
        print(f"retest: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("retest: interrupted; the same command goes on where it was", file=sys.stderr)
        return 130
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    return 0
