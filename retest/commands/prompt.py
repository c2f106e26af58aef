"""`retest prompt`."""

from __future__ import annotations

import difflib
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retest.commands.options import AsOf, Seeds, Since, Source, settings_of
from retest.errors import InputError

if TYPE_CHECKING:
    from retest.models import Seed
    from retest.report import Report
    from retest.templates import Template


def prompt(
    seeds: Seeds,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the prompts, one file per seed; needed for several.", show_default=False),
    ] = None,
    since: Since = None,
    as_of: AsOf = None,
    source: Source = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="What an earlier run found.", show_default="outputs/verdicts.json, if there")
    ] = None,
    template: Annotated[Path | None, typer.Option(help="Your own template; gaps are written $name.")] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show it against the prompt that the seed carries.")] = False,
) -> None:
    """Write the paste-ready research prompt of each seed, every anchor resolved."""
    from retest.console import Story
    from retest.outputs import check_writable, write_files
    from retest.render.prompt import research_prompt, window_in_words
    from retest.run import make_home, open_source, read_seeds
    from retest.seeds import display_names, find_seeds
    from retest.settings import recent_since
    from retest.tracing import trace

    settings = settings_of(since=since, as_of=as_of, source=source)
    make_home(settings.home)
    read, unreadable = read_seeds(seeds)
    if len(read) > 1 and out is None and not diff:
        raise InputError(f"{len(read)} seeds: name a folder for their prompts with --out, or give one seed for stdout")
    if out:
        check_writable(out)
    story = Story()
    filled = _template(template)
    paper_source, day = open_source(settings, date.today(), story.say)
    report = _earlier(verdicts, settings.out)
    window = window_in_words(recent_since(settings.since, day), day)
    tracing = trace(read, paper_source, day)
    texts = {seed.stem: research_prompt(seed, tracing, report, filled, window) for seed in read}
    if diff:
        files = display_names(find_seeds(seeds), Path.cwd())
        for seed in read:
            sys.stdout.write(_against_own(seed, files[seed.file], texts[seed.stem]))
    elif out:
        written = write_files(out, {f"{stem}.prompt.md": text for stem, text in texts.items()})
        story.say(f"{len(texts)} prompts in {out}, {len(written)} of them new or changed")
    else:
        sys.stdout.write(texts[read[0].stem])
    for problem in unreadable:
        story.say(problem)
    if unreadable:
        raise typer.Exit(3)


def _template(path: Path | None) -> Template:
    from retest.templates import Template, load

    ours = load("research-prompt-v1")
    if path is None:
        return ours
    try:
        template = Template(name=path.stem, text=path.read_text(encoding="utf-8"))
        unknown = template.gaps - ours.gaps
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a template ({error}); give a UTF-8 text file") from error
    if unknown:
        known = ", ".join(f"${name}" for name in sorted(ours.gaps))
        raise InputError(f"{path}: ${min(unknown)} is no gap that can be filled; use {known}, and $$ for a dollar sign")
    return template


def _earlier(path: Path | None, out: Path) -> Report | None:
    from retest.history import read_report

    report = read_report(path or out / "verdicts.json")
    if path and report is None:
        raise InputError(f"{path}: no such file; run `retest run` first, or leave --verdicts out")
    return report


def _against_own(seed: Seed, path: Path, text: str) -> str:
    """A unified diff from the seed's own prompt to ours."""
    if seed.prompt is None:
        return f"{seed.file} carries no prompt of its own; ours reads:\n{text}"
    lines = path.read_text(encoding="utf-8-sig").splitlines()[seed.prompt.place.line - 1 :]
    end = next((i for i, line in enumerate(lines) if line.startswith("Next inquiring line")), len(lines))
    rows = difflib.unified_diff(
        lines[:end], text.splitlines(), f"{seed.file} (carried)", "retest prompt", lineterm="", n=1
    )
    return "\n".join(rows) + "\n"
