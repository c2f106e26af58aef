"""`retest export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retest.commands.options import settings_of
from retest.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from retest.report import Report

Verdicts = Annotated[
    Path | None, typer.Option(help="What `retest run` wrote.", show_default="outputs/verdicts.json", metavar="FILE")
]


def export(
    seeds: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SEED",
            help="Seeds as they stand now: the verdicts are laid over their lines, and nothing is judged.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="bibtex, csl, csv or sarif.")] = "bibtex",
    verdicts: Verdicts = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this file instead of stdout.", metavar="FILE", show_default=False)
    ] = None,
) -> None:
    """Write the cited papers (BibTeX, CSL-JSON) or the verdicts (CSV, SARIF) in a form to carry away."""
    from retest.outputs import check_writable, write_files

    write = _writer(form)
    report = verdicts_of(verdicts)
    if seeds:
        report = _over(report, seeds)
    text = write(report)
    if out is None:
        sys.stdout.write(text)
    else:
        check_writable(out.parent)
        write_files(out.parent, {out.name: text})


def verdicts_of(path: Path | None) -> Report:
    """The report in this file, or in the output folder. Raises InputError where there is none."""
    from retest.history import read_report

    named = path or settings_of().out / "verdicts.json"
    report = read_report(named)
    if report is None:
        raise InputError(f"{named}: no such file; run `retest run SEED...` first, or name one with --verdicts")
    return report


def _writer(form: str) -> Callable[[Report], str]:
    from retest.render.bibtex import bibliography
    from retest.render.csl import csl_json
    from retest.render.sarif import sarif
    from retest.render.table import verdict_table

    writers = {"bibtex": bibliography, "csl": csl_json, "csv": verdict_table, "sarif": sarif}
    if form not in writers:
        raise InputError(f"--format {form}: not known; use bibtex, csl, csv or sarif")
    return writers[form]


def _over(report: Report, paths: list[Path]) -> Report:
    from retest.relocate import relocated
    from retest.render.text import plain
    from retest.run import read_seeds

    seeds, unreadable = read_seeds(paths)
    for problem in unreadable:
        print(plain(problem), file=sys.stderr)
    return relocated(report, seeds)
