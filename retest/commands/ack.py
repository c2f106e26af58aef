"""`retest ack`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from retest.commands.options import settings_of
from retest.errors import InputError


def ack(
    claim: Annotated[str, typer.Argument(help="The claim's id, as `retest claims --json` and verdicts.json give it.")],
    keep: Annotated[bool, typer.Option("--keep", help="It stays as it is.")] = False,
    retire: Annotated[bool, typer.Option("--retire", help="It is no longer relied on.")] = False,
    note: Annotated[str, typer.Option(help="Why, for whoever reads it next year.")] = "",
    out: Annotated[Path | None, typer.Option(help="The folder of the reports.", show_default="outputs")] = None,
) -> None:
    """Record a person's word on a claim; later runs respect it, and the reports show it."""
    from retest.acks import FILE, Ack, read_acks, to_json, with_ack
    from retest.history import read_report
    from retest.outputs import check_writable, write_files

    if keep == retire:
        raise InputError("ack: say either --keep or --retire")
    folder = settings_of(out=out).out
    report = read_report(folder / "verdicts.json")
    if report is None:
        raise InputError(f"{folder}/verdicts.json: no such file; run `retest run` first, or name the folder with --out")
    check_writable(folder)
    word = Ack(decision="keep" if keep else "retire", note=note, on=date.today(), state="")
    write_files(folder, {FILE: to_json(with_ack(read_acks(folder), report, claim, word))})
    print(f"{claim}: {word.decision}, kept in {folder / FILE}; commit it, and the next run respects it")
