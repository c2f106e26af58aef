"""Titles: how two are compared, where an essay cites one, and what stands for one where a claim has none.

Captures differ in quotes, dashes, white space and emphasis, so titles are compared folded; a citation's place is
always told in the text as written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retest.seeds.lines import bare

_SAME = str.maketrans("‘’‚‛′`“”„‟″«»‐‑‒–—―−", '\'\'\'\'\'\'"""""""-------')
_UNSEEN = frozenset("*\u00ad\u200b\u200c\u200d\u2060\ufeff")


def fold(text: str) -> str:
    """Text as titles and notes are compared: quotes and dashes made plain, white space single, emphasis dropped."""
    return _folded(text)[0].strip()


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the offset in `text` where it came from."""
    chars: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(text):
        if char in _UNSEEN or (char == "_" and not _is_inside_word(text, at)):
            continue
        for plain in unicodedata.normalize("NFKC", char).translate(_SAME):
            white = plain.isspace()
            if white and chars and chars[-1] == " ":
                continue
            chars.append(" " if white else plain)
            origin.append(at)
    return "".join(chars), origin


def _is_inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()


class Citation(NamedTuple):
    """Where a paragraph cites the notes numbered `notes` (more than one only where two share a title)."""

    start: int
    end: int
    notes: frozenset[int]


def citations_in(text: str, titles: Sequence[str]) -> list[Citation]:
    """The note titles that stand in the text, the longest where several fit, in order.

    A title of a few letters must stand apart as words; a longer one may be glued to its neighbours, as links
    are when a capture strips them.
    """
    folded, origin = _folded(text)
    wanted: dict[str, set[int]] = {}
    for number, title in enumerate(titles):
        wanted.setdefault(fold(title), set()).add(number)
    spans = [(at, at + len(title), title) for title in wanted if title for at in _occurrences(folded, title)]
    found: list[Citation] = []
    end = 0
    for start, stop, title in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            found.append(Citation(origin[start], origin[stop - 1] + 1, frozenset(wanted[title])))
            end = stop
    return found


def _occurrences(text: str, title: str) -> Iterator[int]:
    at = text.find(title)
    while at >= 0:
        end = at + len(title)
        apart = not (text[at - 1 : at].isalnum() or (title[-1].isalnum() and text[end : end + 1].isalnum()))
        if apart or len(title) >= 20:
            yield at
        at = text.find(title, at + 1)


def clip(text: str, limit: int) -> str:
    """The text, or its first words and an ellipsis, at most `limit` characters."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words = cut if text[limit - 1].isspace() else cut.rpartition(" ")[0] or cut
    return words.rstrip(" ,;:.-–—(") + "…"


def short_title(text: str) -> str:
    """A title for a claim that has none: its first words, at most 80 characters."""
    return clip(bare(text).rstrip(" ."), 80)
