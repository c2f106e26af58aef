"""The essay's paragraphs and sentences, each with the line where it begins and the notes that it cites.

A title in the text ends with a question mark of its own; telling that from the end of a sentence is most of the work.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from retest.models import Place, Sentence
from retest.seeds.lines import Line
from retest.seeds.titles import Citation, citations_in


class Paragraph(NamedTuple):
    """Lines joined with spaces; `starts` holds the offset where each begins, `numbers` its line number."""

    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]

    def line_at(self, offset: int) -> int:
        return self.numbers[bisect_right(self.starts, offset) - 1]


# No editor wraps later than this: a longer line is a paragraph of its own, as both captures write them.
_WRAPPED = 160
_FINISHED = re.compile(r"""[.!?…:]["'”’)\]*_]*$""")


def paragraphs(lines: Sequence[Line]) -> list[Paragraph]:
    """The lines' paragraphs: a blank line ends one, and so does a line after which no editor wrapped."""
    grouped: list[list[Line]] = []
    previous: Line | None = None
    for line in lines:
        if line.kind != "blank":
            if previous and continues(previous, line):
                grouped[-1].append(line)
            else:
                grouped.append([line])
        previous = line
    return [_paragraph(group) for group in grouped]


def continues(previous: Line, line: Line) -> bool:
    """Did an editor wrap the text between these two lines?"""
    if line.kind != "text" or previous.kind not in ("text", "item") or len(previous.text) > _WRAPPED:
        return False
    finished = _FINISHED.search(previous.text) and not _ends_with_abbreviation(previous.text)
    return not (finished and _starts_sentence(line.text))


def _paragraph(lines: Sequence[Line]) -> Paragraph:
    starts, end = [], 0
    for line in lines:
        starts.append(end)
        end += len(line.text) + 1
    return Paragraph(" ".join(line.text for line in lines), tuple(starts), tuple(line.number for line in lines))


_CLOSING = re.compile(r"""[.!?…"'”’)\]»*_]+""")
_STOP = re.compile(r"[.!?…]")
_START = re.compile(r"""["'“‘«(\[*_]*(\w)""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"'*_])(?:e\.g|i\.e|vs|cf|al|viz|approx|ca|resp|incl|esp|fig|figs|sec|secs|eq|eqs|ch|vol|pp|app"
    r"|dr|mr|mrs|ms|prof|st|jr|dept|[A-Za-z])\.$",
    re.IGNORECASE,
)


def _starts_sentence(text: str) -> bool:
    first = _START.match(text)
    return first is not None and not first[1].islower()


def _ends_with_abbreviation(text: str) -> bool:
    return _ABBREVIATION.search(text[-12:]) is not None


def sentences(paragraph: Paragraph, titles: Sequence[str], name: str) -> list[tuple[Sentence, frozenset[int]]]:
    """The paragraph's sentences as written, each with the numbers of the notes that it cites."""
    text = paragraph.text
    citations = citations_in(text, titles)
    result = []
    for start, end in pairwise([0, *_sentence_ends(text, citations), len(text)]):
        written = text[start:end].strip()
        if written:
            start += len(text[start:end]) - len(text[start:end].lstrip())
            cited = frozenset(n for citation in citations if start <= citation.start < end for n in citation.notes)
            place = Place(file=name, line=paragraph.line_at(start))
            result.append((Sentence(place=place, text=written), cited))
    return result


class Stop(NamedTuple):
    """A full stop, question or exclamation mark with the quotes and brackets that close after it."""

    start: int
    end: int


def _stops(text: str) -> Iterator[Stop]:
    for run in _CLOSING.finditer(text):
        mark = _STOP.search(text, run.start(), run.end())
        if mark and (run.end() == len(text) or text[run.end()].isspace()):
            yield Stop(mark.start(), run.end())


def _sentence_ends(text: str, citations: Sequence[Citation]) -> list[int]:
    starts = [citation.start for citation in citations]
    ends: list[int] = []
    for stop in _stops(text):
        nearest = bisect_right(starts, stop.start) - 1
        citation = citations[nearest] if nearest >= 0 and stop.start < citations[nearest].end else None
        if citation is None:
            ended = _ends_sentence(text, stop)
        elif _STOP.search(text, citation.end, stop.end):
            ended = _starts_sentence(_after(text, stop.end))
        else:
            begun = ends[-1] if ends else 0
            ended = stop.end >= citation.end and _ends_with_citation(text, begun, citation, stop.end, starts)
        if ended:
            ends.append(stop.end)
    return ends


def _after(text: str, offset: int) -> str:
    """The first characters of what follows, white space left out."""
    return text[offset : offset + 40].lstrip()


def _ends_sentence(text: str, stop: Stop) -> bool:
    following = _after(text, stop.end)
    if not _starts_sentence(following):
        return False
    before = text[max(0, stop.start - 12) : stop.start + 1]
    if re.search(r"\b[Nn]o\.$", before) and following[0].isdigit():
        return False
    return text[stop.start : stop.end] != "." or not _ends_with_abbreviation(before)


def _ends_with_citation(text: str, begun: int, citation: Citation, end: int, starts: Sequence[int]) -> bool:
    """Is the title's own question mark all that ends the sentence?

    Not where the title opens it, where a bracket goes on, or where the next title follows at once.
    """
    following = _after(text, end)
    opens = not text[begun : citation.start].strip(" \t\"'“‘([*_")
    next_title = bisect_right(starts, citation.start)
    in_row = next_title < len(starts) and not text[end : starts[next_title]].strip()
    return not opens and not in_row and not following.startswith(("(", "[")) and _starts_sentence(following)
