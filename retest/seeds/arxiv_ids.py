"""arXiv ids as people write them: somewhere in a sentence, or in a line that names an anchor paper.

A bare number counts only where it can be an id: five digits after the point since 2015, four before, and a month.
"""

from __future__ import annotations

import re

from retest.models import AnchorLine, Place
from retest.seeds.lines import Line, bare

_NEW_ID = r"(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5}"
_OLD_ID = r"[a-z]{2,8}(?:-[a-z]{2,4})?(?:\.[A-Z]{2})?/\d{7}"
_ARXIV_ID = re.compile(rf"(?<![\w./])({_NEW_ID}|{_OLD_ID})(?:v\d{{1,2}})?(?![\w]|\.\d)")
_MARKED_ID = re.compile(
    rf"(?:arxiv\s?[:.]\s?|arxiv\.org/(?:abs|pdf|html)/)({_NEW_ID}|(?i:{_OLD_ID}))(?:v\d{{1,2}})?(?![\d])", re.IGNORECASE
)


def arxiv_ids_in(text: str) -> tuple[str, ...]:
    """The arXiv ids written in the text, without versions, in order: `arXiv:2305.11383`, `2305.11383v2`, links."""
    found = [(match.start(1), match[1]) for pattern in (_MARKED_ID, _ARXIV_ID) for match in pattern.finditer(text)]
    return tuple(dict.fromkeys(_plain_id(identifier) for _, identifier in sorted(found)))


_WRITTEN = (
    rf"(?:https?://)?(?:www\.)?(?:arxiv\s?[:.]\s?|arxiv\.org/(?:abs|pdf|html)/)?(?:{_NEW_ID}|{_OLD_ID})(?:v\d{{1,2}})?"
)
_IN_BRACKETS = re.compile(rf"\s*[(\[]\s*{_WRITTEN}(?:\s*[,;]\s*{_WRITTEN})*\s*[)\]]", re.IGNORECASE)


def without_ids(text: str) -> str:
    """The text without brackets that hold nothing but arXiv ids: they say where it stands, and nothing of what it says."""
    return _IN_BRACKETS.sub("", text).strip()


def _plain_id(identifier: str) -> str:
    # `cs.CL/0112017` and `cs/0112017` are one paper.
    archive, slash, number = identifier.rpartition("/")
    return f"{archive.split('.')[0].lower()}{slash}{number}"


ANCHOR_START = re.compile(r"\W*(?:arxiv\s?[:.]|(?:https?://)?arxiv\.org/|\d{4}\.\d{4,5}\b)", re.IGNORECASE)
_WRITTEN_ID = re.compile(
    rf"(?:(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv\s?[:.]\s?)?({_NEW_ID}|{_OLD_ID})(?:v\d+)?(?:\.pdf)?"
    r"|arxiv\s?:\s?([^\s()]+)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\(([^()]*?)((?:19|20)\d\d)\s*\)")


def anchor_line(item: Line, name: str) -> AnchorLine:
    """`arXiv:ID (YEAR) — Title`, or the same in another order; the id is "" where the line has none."""
    written = _WRITTEN_ID.search(item.text)
    rest = item.text[: written.start()] + " " + item.text[written.end() :] if written else item.text
    year = _YEAR.search(rest)
    title = rest[: year.start()] + " " + rest[year.end() :] if year else rest
    return AnchorLine(
        arxiv_id=_plain_id(written[1]) if written and written[1] else written[2] if written else "",
        year=int(year[2]) if year else None,
        title=bare(title.strip(" \t—–-−‐‑‒:;,.*_[]")),
        place=Place(file=name, line=item.number),
    )
