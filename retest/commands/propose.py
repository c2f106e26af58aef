"""`retest propose`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from retest.commands.options import settings_of
from retest.errors import InputError


def propose(
    claims: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLAIM", help="Ids of claims; all perishable ones that moved, if none."),
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option(help="The run to propose from.", show_default="outputs/verdicts.json")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The patch file.", show_default="stdout")] = None,
) -> None:
    """Write replacement sentences for essays that lean on claims which newer work has moved, as a patch."""
    from retest.acks import read_acks
    from retest.history import read_report
    from retest.outputs import write_files
    from retest.proposals import patch, replacements
    from retest.render.text import count

    path = verdicts or settings_of().out / "verdicts.json"
    report = read_report(path)
    if report is None:
        raise InputError(f"{path}: no such file; run `retest run` first, or name it with --verdicts")
    known = {record.id for record in report.claims}
    for claim in claims or ():
        if claim not in known:
            raise InputError(f"{claim}: no claim of that id in {path}")
    acks = read_acks(path.parent)
    kept = {claim for claim, ack in acks.items() if ack.decision == "keep"}
    retired = [claim for claim, ack in acks.items() if ack.decision == "retire"]
    wanted = [r for r in report.claims if r.id in (claims or known - kept)]
    changes = replacements(wanted, report.claims, retired)
    text, lost = patch(changes, _texts({change.file for change in changes}))
    if out:
        write_files(out.parent, {out.name: text})
    else:
        sys.stdout.write(text)
    moved = f"{count(len(lost), 'sentence')} no longer where it was; " if len(lost) == 1 else ""
    moved = f"{count(len(lost), 'sentence')} no longer where they were; " if len(lost) > 1 else moved
    placed = len(changes) - len(lost)
    told = f"{count(placed, 'sentence')}: look, then `git apply`" if placed else "no sentence to replace"
    print(f"{moved}{told}; the seeds were not touched", file=sys.stderr)


def _texts(files: set[str]) -> dict[str, str]:
    """The seeds as they are on disk, line ends and all."""
    texts = {}
    for file in sorted(files):
        try:
            texts[file] = Path(file).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{file}: cannot be read from here; run this where `retest run` was run, in a folder above the seeds"
            ) from error
    return texts
