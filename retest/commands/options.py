"""The options that several commands share, and the settings they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from retest.settings import DEFAULT_MODEL, Settings, environment, load_settings

Seeds = Annotated[
    list[Path], typer.Argument(metavar="SEED", help="Seeds (.txt or .md), or folders of them.", show_default=False)
]
Since = Annotated[
    str | None, typer.Option(help="What counts as recent: 90d, 2w, 6mo, 1y or a day.", show_default="6mo")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        help="The day of the audit; later papers are hidden.",
        show_default="today; with the catalogue, its own date",
        metavar="DATE",
    ),
]
Out = Annotated[Path | None, typer.Option(help="Where the reports go.", show_default="outputs")]
Source = Annotated[
    str | None,
    typer.Option(
        help="arxiv, catalogue, library or auto: arXiv where it answers, else the bundled catalogue.",
        show_default="auto",
    ),
]
JudgeOption = Annotated[
    str | None,
    typer.Option(
        "--judge", help="llm, embedded or auto: llm where a key or base URL is configured.", show_default="auto"
    ),
]
Model = Annotated[str | None, typer.Option(help="The LLM judge's model.", show_default=DEFAULT_MODEL)]
Candidates = Annotated[int | None, typer.Option(help="Papers judged per claim.", show_default="20", metavar="N")]
Concurrency = Annotated[int | None, typer.Option(help="Claims worked on at once.", show_default="8", metavar="N")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")]


def settings_of(**flags: Any) -> Settings:
    """Flags, environment and settings file as one; flags that were not given are None."""
    return load_settings(flags, environment(), Path.cwd())
