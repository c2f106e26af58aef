"""Renders which verdicts changed, newest first, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from retest.history import Change
from retest.render.text import count, md, paper_link

FROM_PAPERS = ("new paper", "new version", "withdrawn")
HEAD = "# Changes\n\nVerdicts that changed, newest first. A change of judge, prompt or source is ours and no news from the literature.\n"


def changes_page(before: str, changes: Sequence[Change], as_of: date) -> str:
    """`CHANGES.md`: what it said before, with the new changes on top; nothing new leaves every byte as it was.

    A run that was killed when this was written but the verdicts were not tells the same again: once is enough.
    """
    entries = before.replace("\r\n", "\n").removeprefix(HEAD).strip("\n")  # as git may have checked it out
    if not changes or entries.startswith(_block(changes, as_of).strip("\n")):
        return before or HEAD
    return "\n".join(part for part in (HEAD, _block(changes, as_of), f"{entries}\n" if entries else "") if part)


def _block(changes: Sequence[Change], as_of: date) -> str:
    first = [change for change in changes if change.cause == "first audit"]
    lines = [_line(change) for change in changes if change.cause != "first audit"]
    if first:
        lines.append(f"- First audit of {count(len(first), 'claim')}:")
        lines += [f"  - {md(change.title)}: {change.after}" for change in first]
    return f"## {as_of}\n\n" + "\n".join(lines) + "\n"


def _line(change: Change) -> str:
    papers = f" ({', '.join(map(paper_link, change.papers[:5]))})" if change.cause in FROM_PAPERS else ""
    return f"- {md(change.title)}: {change.before} → **{change.after}**; {change.cause}{papers}"
