"""`retest diff`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retest.commands.options import Json
from retest.errors import InputError

if TYPE_CHECKING:
    from retest.report import Report


def diff(
    old: Annotated[str, typer.Argument(help="A verdicts.json, or a git revision.")],
    new: Annotated[str, typer.Argument(help="Another one.")],
    path: Annotated[str, typer.Option(help="Where the file lies in a revision.")] = "outputs/verdicts.json",
    as_json: Json = False,
) -> None:
    """Tell which verdicts changed between two runs, and why."""
    from retest.history import changes
    from retest.render.text import plain

    before, after = _report(old, path), _report(new, path)
    found = changes(before, after)
    if as_json:
        print(json.dumps([change.model_dump() for change in found], indent=2, ensure_ascii=False))
        return
    for change in found:
        papers = f" ({', '.join(f'arXiv:{i}' for i in change.papers)})" if change.papers else ""
        print(f"{plain(change.title)}: {change.before or 'not there'} -> {change.after}; {change.cause}{papers}")
    if not found:
        print("no verdict changed")


def _report(name: str, path: str) -> Report:
    """The report that a file or a git revision holds."""
    from retest.history import parse_report, read_report

    if Path(name).is_file():
        report = read_report(Path(name))
        assert report is not None
        return report
    if name.startswith("-"):
        raise InputError(f"{name}: neither a file nor a git revision")
    try:
        shown = subprocess.run(["git", "show", f"{name}:{path}"], capture_output=True, check=False)
    except OSError as error:
        raise InputError(f"{name}: no such file, and git cannot be asked for a revision ({error.strerror})") from error
    if shown.returncode:
        raise InputError(f"{name}: neither a file nor a git revision that holds {path}")
    return parse_report(shown.stdout.decode("utf-8", "replace"), f"{name}:{path}")
