"""`retest site`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retest.commands.export import Verdicts, verdicts_of
from retest.commands.options import Quiet, settings_of


def site(
    verdicts: Verdicts = None,
    out: Annotated[Path, typer.Option(help="The folder for the pages.", metavar="FOLDER")] = Path("site"),
    quiet: Quiet = False,
) -> None:
    """Render the verdicts as a static site that works from disk and on any host for plain files."""
    from retest.console import Story
    from retest.outputs import check_writable, remove_reports, write_files
    from retest.render.site import site as pages

    report = verdicts_of(verdicts)
    changes = (verdicts.parent if verdicts else settings_of().out) / "CHANGES.md"
    files = pages(report, changes.read_text(encoding="utf-8") if changes.is_file() else "")
    check_writable(out)
    written = write_files(out, files)
    remove_reports(out, {path.name for path in out.glob("*.html")} - files.keys())
    Story(quiet=quiet).say(f"{len(files)} files in {out}, {len(written)} new or changed; open {out / 'index.html'}")
