"""Dated claims, `text (NAME, ~2024)`: the bullets of a research prompt and the items of the plain form.

The bracket says who found it and when; what only looks like one stays in the sentence.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from retest.models import Note, Period, Place
from retest.seeds.arxiv_ids import arxiv_ids_in
from retest.seeds.lines import Line, bare
from retest.seeds.titles import short_title

PLAIN_FORM = '"- text (NAME, ~2024)"'

_WHEN = re.compile(
    r"(?:^|[\s,;])((?:[~≈]|c\.\s?|ca\.\s?|circa\s|early\s|mid[- ]|late\s|[A-Z][a-z]{2,8}\.?\s)?\s*"
    r"((?:19|20)\d\d)(?:\s*[-‐‑‒–—/]\s*[~≈]?((?:19|20)?\d\d))?)$"
)
_BRACKET = re.compile(r"\(([^()]{1,200})\)")
_ET_AL = re.compile(r",?\s+et al\.?$")


class Dated(NamedTuple):
    """A claim with what its bracket says."""

    text: str
    names: tuple[str, ...] = ()
    stated: Period | None = None


def dated_claim(text: str) -> Dated:
    """The claim without its bracket `(NAME, ~YEAR)`.

    The bracket is the last one that ends in a year; before the end of the text it must say `~`, for
    `(43% vs. 42.6% baseline)` or `(Smith 2024)` there is part of the sentence. An arXiv id stays in the text.
    """
    for bracket in reversed(list(_BRACKET.finditer(text))):
        when = _WHEN.search(bracket[1].strip())
        after = text[bracket.end() :]
        if when and (re.fullmatch(r"""[\s.;,*_"”]*""", after) or when[1][0] in "~≈"):
            names = _names(bracket[1].strip()[: when.start()])
            ids = [name for name in names if arxiv_ids_in(name)]
            kept = f" ({', '.join(ids)})" if ids else ""
            claim = (text[: bracket.start()].rstrip() + kept + after.rstrip(" *_")).strip()
            return Dated(claim, tuple(name for name in names if name not in ids), _period(when))
    return Dated(text.strip())


def _names(text: str) -> list[str]:
    parts = re.split(r"\s*[,;&/]\s+|\s+and\s+", text.strip(" ,;"))
    return [name for name in (_ET_AL.sub("", bare(part)).strip(" .") for part in parts) if name]


def _period(when: re.Match[str]) -> Period:
    first = int(when[2])
    last = first if not when[3] else int(when[3]) if len(when[3]) == 4 else first // 100 * 100 + int(when[3])
    return Period(first=min(first, last), last=max(first, last), text=when[1].strip())


def plain_note(item: Line, name: str) -> Note:
    """The note that a list item tells; its first words are its title."""
    dated = dated_claim(item.text)
    return Note(
        title=short_title(dated.text) or item.text,
        text=dated.text or item.text,
        place=Place(file=name, line=item.number),
        stated=dated.stated,
        names=dated.names,
    )
