"""Makes untrusted words safe in Markdown: titles, quotes and summaries are data, never markup.

Entity-encodes `& < > @ #`, escapes the rest of Markdown's punctuation where it can begin something, and
breaks bare addresses, so that no title mentions a person, closes an issue, or opens a link or a tag.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from retest.errors import RetestError

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_MARKS = re.compile(r"([\\`*_\[\]|~$^{}=])")
_AT_START = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+:>]|#)")
_ADDRESS = re.compile(r"(?i)(www|https?|ftp)(?=\.|:)")
_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")


def plain(text: str) -> str:
    """The text on one line, without characters that cannot be seen."""
    return re.sub(r"\s+", " ", _UNSEEN.sub("", unicodedata.normalize("NFC", text))).strip()


def md(text: str) -> str:
    """The text for a paragraph, list item, quotation, heading or table cell; it renders as it reads."""
    text = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKS.sub(r"\\\1", text)
    text = text.replace("#", "&#35;").replace("@", "&#64;").replace("!\\[", "&#33;\\[")
    text = _ADDRESS.sub(lambda match: f"{match[0][0]}&#{ord(match[0][1])};{match[0][2:]}", text)
    return _AT_START.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", text)


def code(text: str) -> str:
    """The text as a code span, whatever backticks it holds."""
    shown = plain(text)
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def paper_url(arxiv_id: str) -> str:
    """The abstract page's address, built from a checked id and never from a feed."""
    if not _ID.fullmatch(arxiv_id):
        raise RetestError(f"{arxiv_id!r} is not an arXiv id; it cannot be cited")
    return f"https://arxiv.org/abs/{arxiv_id}"


def paper_link(arxiv_id: str, title: str | None = None) -> str:
    """A Markdown link to a paper, under its title or its id."""
    return f"[{md(title) if title else f'arXiv:{arxiv_id}'}]({paper_url(arxiv_id)})"


def byline(authors: Sequence[str]) -> str:
    """The authors as a reader wants them in a line."""
    if not authors:
        return "authors not in the record"
    return md(
        authors[0] if len(authors) == 1 else " and ".join(authors) if len(authors) == 2 else f"{authors[0]} et al."
    )


def heading_anchor(heading: str) -> str:
    """The fragment under which GitHub files a heading."""
    kept = re.sub(r"[^\w\- ]", "", plain(heading).lower())
    return "#" + kept.replace(" ", "-")


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 claim`, `3 claims`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """The text with a full stop, unless a quotation has brought one."""
    return text if text.endswith((".", "!", "?", ".”", "!”", "?”")) else f"{text}."
