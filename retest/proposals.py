"""Proposes replacement sentences for essays that lean on perishable claims, as a patch: the seeds stay as they are."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from retest.models import Value
from retest.render.text import plain
from retest.report import ClaimRecord, EvidenceRecord

_MOVED = {"relaxed": "narrowed", "overturned": "contradicted", "contested": "contested"}


class Replacement(Value):
    """One sentence of a seed, and what could stand in its place."""

    file: str
    line: int
    before: str
    after: str


def replacements(
    records: Iterable[ClaimRecord], library: Iterable[ClaimRecord] = (), retired: Collection[str] = ()
) -> list[Replacement]:
    """A replacement for each essay sentence that leans on a claim which newer work has moved, or a person retired.

    The sentence keeps its words and gains what a reader must know: since when it was so, and which papers
    moved it. Nothing is added that has no located quote. Where it leans on several claims of the `library`, each
    aside names its own.
    """
    leant_on = Counter((item.file, item.line, item.sentence) for record in library for item in record.leaning)
    found: dict[tuple[str, int, str], list[str]] = {}
    for record in records:
        if (record.state in _MOVED and record.durability == "perishable") or record.id in retired:
            for place in ((item.file, item.line, item.sentence) for item in record.leaning):
                aside = _aside(record, record.id in retired)
                named = f"on “{record.title}”: {aside}" if leant_on[place] > 1 else aside
                found.setdefault(place, []).append(named)
    return [
        Replacement(file=file, line=line, before=sentence, after=_with_aside(sentence, asides))
        for (file, line, sentence), asides in sorted(found.items())
    ]


def _aside(record: ClaimRecord, is_retired: bool) -> str:
    """What is to be said of one claim: `a finding of 2024-06, since narrowed by arXiv:2601.00001 (2026)`.

    A single weak sign is told as one, and what a person has set aside is no paper's doing.
    """
    told = f"a finding of {record.effective_date:%Y-%m}" if record.dated_by != "undated" else "an undated finding"
    against = [item for item in record.evidence if item.voice == "asserted" and item.stance in ("relaxes", "overturns")]
    parts = [told]
    if record.state in _MOVED and against:
        perhaps = "perhaps " if sum(item.strength for item in against) == 1 else ""
        parts.append(f"since {perhaps}{_MOVED[record.state]} by {_listed(against[:2])}")
    if is_retired:
        parts.append("since set aside here")
    return ", ".join(parts)


def _listed(papers: Sequence[EvidenceRecord]) -> str:
    return " and ".join(f"arXiv:{paper.arxiv_id} ({paper.published.year})" for paper in papers)


def _with_aside(sentence: str, asides: Sequence[str]) -> str:
    """The aside stands before the full stop; behind a question mark, which may end the note's title and not the sentence."""
    body, end = re.fullmatch(r"(.*?)(\.?[\"”’)]*)", sentence, re.DOTALL).groups()  # type: ignore[union-attr]
    return f"{body} [{'; '.join(map(plain, asides))}]{end}"


def patch(changes: Sequence[Replacement], texts: Mapping[str, str]) -> tuple[str, list[Replacement]]:
    """A unified diff over the seeds' `texts`, by file, for `git apply`; and what could not be placed.

    A sentence is placed only where it stands word for word on its line.
    """
    parts: list[str] = []
    lost: list[Replacement] = []
    for file in sorted({change.file for change in changes}):
        before = texts.get(file, "").splitlines(keepends=True)
        after = list(before)
        for change in (c for c in changes if c.file == file):
            line = after[change.line - 1] if change.line <= len(after) else ""
            if change.before in line:
                after[change.line - 1] = line.replace(change.before, change.after, 1)
            else:
                lost.append(change)
        parts += _diff(before, after, file)
    return "".join(parts), lost


def _diff(before: Sequence[str], after: Sequence[str], file: str) -> Iterable[str]:
    for row in difflib.unified_diff(before, after, f"a/{file}", f"b/{file}"):
        yield row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n"
