"""Locates a quoted passage in a text, character for character after folding both sides alike.

Folded on both sides: Unicode compatibility forms (NFKD: ligatures, full-width forms, superscripts),
accents, letter case, soft hyphens and other invisible format characters, the many dashes, quotes and
apostrophes, a hyphen at a line's end, runs of white space, TeX's spacing (`~`, `\\,`, `\\ `, `\\;`,
`\\:`, `\\!`), `$` around TeX maths, and a backslash before `%`, `&`, `#` and `_`. What is printed is the original text at the span.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Literal

from retest.models import Quote, Value

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_QUOTES = {ord(c): "'" for c in "‘’‚‛′`´"} | {ord(c): '"' for c in "“”„‟″«»"}
_FOLDS = _DASHES | _QUOTES
_TEX_SPACING = re.compile(r"\\[,;:! ]|~")
_TEX_ESCAPE = re.compile(r"\\(?=[%&#_])|\$")
_LINE_BREAK = re.compile(r"(?<=\w)-[ \t]*\r?\n\s*(?=[a-z])")


_LONGEST_COMPARED = 2000
"""Characters: to tell where a quote differs costs the product of both lengths."""


class Located(Value):
    """Found: the span in the original text."""

    kind: Literal["found"] = "found"
    quote: Quote


class Differs(Value):
    """Not found: the text agrees with the quote up to `agreed`, then reads `reads`."""

    kind: Literal["differs"] = "differs"
    agreed: str
    reads: str


class Uncheckable(Value):
    """There is no text to look in, or nothing to look for."""

    kind: Literal["cannot check"] = "cannot check"
    reason: str


Locating = Located | Differs | Uncheckable


def locate(quote: str, text: str) -> Locating:
    """Where `quote` stands in `text`: found, differs here, or cannot check."""
    if not text.strip():
        return Uncheckable(reason="the paper's record has no text")
    needle, _ = _fold(quote)
    needle = needle.strip()
    if not any(character.isalnum() for character in needle):
        return Uncheckable(reason="the quote is empty")
    haystack, origin = _fold(text)
    at = haystack.find(needle)
    while at >= 0 and not (_stands_alone(haystack, at, at + len(needle)) and _is_whole(origin, at, at + len(needle))):
        at = haystack.find(needle, at + 1)
    if at < 0:
        return _where_it_differs(needle, haystack)
    start, end = origin[at], origin[at + len(needle) - 1] + 1
    while end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1  # an accent written as a character of its own belongs to its letter
    start, end = start - (text[:start].endswith("$")), end + text[end:].startswith("$")  # of the formula at the edge
    return Located(quote=Quote(text=text[start:end], start=start, end=end))


def _fold(text: str) -> tuple[str, list[int]]:
    """The folded text, with the index in `text` that each of its characters comes from."""
    folded: list[str] = []
    origin: list[int] = []
    dropped = _dropped_spans(text)
    for index, character in enumerate(text):
        if index in dropped:
            piece = dropped[index]
        else:
            piece = unicodedata.normalize("NFKD", character.translate(_FOLDS)).translate(_FOLDS).casefold()
        for part in piece:
            if unicodedata.category(part) in ("Cf", "Mn"):
                continue
            if part.isspace():
                if folded and folded[-1] == " ":
                    continue
                part = " "
            folded.append(part)
            origin.append(index)
    return "".join(folded), origin


def _dropped_spans(text: str) -> dict[int, str]:
    """Indices whose character stands for nothing, or for a space: TeX's spacing, broken words."""
    replaced: dict[int, str] = {}
    for pattern, stands_for in ((_TEX_ESCAPE, ""), (_LINE_BREAK, ""), (_TEX_SPACING, " ")):
        for match in pattern.finditer(text):
            replaced |= dict.fromkeys(range(match.start(), match.end()), "")
            if stands_for:
                replaced[match.start()] = stands_for
    return replaced


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A passage that begins or ends inside a word or a number (`5` in `95%`) is not that passage."""
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    tail = text[end + 1] if end + 1 < len(text) else " "
    if (before.isalnum() and text[start].isalnum()) or (after.isalnum() and text[end - 1].isalnum()):
        return False
    if before == "-" and text[start].isdigit() and not (start > 1 and text[start - 2].isalnum()):
        return False  # a minus sign is part of its number; a hyphen, as in `top-5`, is not
    cuts_decimal = after in ".," and text[end - 1].isdigit() and tail.isdigit()
    starts_inside = before in ".," and text[start].isdigit() and start > 1 and text[start - 2].isdigit()
    return not (cuts_decimal or starts_inside)


def _is_whole(origin: list[int], start: int, end: int) -> bool:
    """A passage cannot begin or end inside one character: `½` folds to `1⁄2`, yet it holds no `1`."""
    begins = start == 0 or origin[start - 1] != origin[start]
    return begins and (end == len(origin) or origin[end - 1] != origin[end])


def _where_it_differs(needle: str, haystack: str) -> Differs:
    """The longest beginning of the quote that the text has; none where the first word is already another."""
    needle, haystack = needle[:_LONGEST_COMPARED], haystack[:_LONGEST_COMPARED]
    low, high = 0, len(needle)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needle[:middle] in haystack else (low, middle - 1)
    if " " not in needle[:low].strip():  # a few letters stand somewhere in every text
        match = SequenceMatcher(None, haystack, needle, autojunk=False).find_longest_match()
        start = max(match.a - match.b, 0)
        start = haystack.rfind(" ", 0, start + 1) + 1
        return Differs(agreed="", reads=haystack[start : start + 60].strip())
    end = haystack.find(needle[:low]) + low
    return Differs(agreed=needle[:low].strip()[-80:], reads=haystack[end : end + 60].strip())
