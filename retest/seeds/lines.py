"""Lines of a document without their Markdown marks, and the refusal that names one of them.

Every capture comes down to blank lines, text, headings and list items here. Emphasis inside a line stays where it is
written, for sentences are kept so; `bare` drops it where something is printed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, NoReturn

from retest.errors import InputError


class Line(NamedTuple):
    """A line without its Markdown marks; `number` counts from 1."""

    number: int
    text: str
    kind: Literal["blank", "text", "heading", "item"]
    indented: bool = False


_HEADING = re.compile(r"#{1,6}\s+(.*)")
_ITEM = re.compile(r"(?:[-*+•‣▪–—]|\d{1,3}[.)])\s+(\S.*)")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_)(?=\S)((?:(?!\1).)+)(?<=\S)\1")
_LINK = re.compile(r"!?\[([^\[\]]+)\]\((?:[^()\s]|\([^()\s]*\))*\)")
# Control characters would reach terminals, and bidirectional overrides would make a report read otherwise than it is.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def lines_of(text: str) -> list[Line]:
    """The document's lines; numbers count from the head of the file, front matter included, though it is left out."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [_line(number, raw) for number, raw in enumerate(_CONTROLS.sub(" ", plain).split("\n"), start=1)]
    return lines[_front_matter_length(plain.split("\n")) :]


def _line(number: int, raw: str) -> Line:
    text = _LINK.sub(r"\1", raw.strip())
    if not text or _RULE.fullmatch(text):
        return Line(number, "", "blank")
    if heading := _HEADING.fullmatch(text):
        inner = unmarked(_without_closing_hashes(heading[1]))
        return Line(number, inner, "heading" if inner else "blank")
    if item := _ITEM.fullmatch(text):
        return Line(number, unmarked(item[1]), "item", raw[0].isspace())
    marked = _EMPHASIS.fullmatch(text)
    bold = marked is not None and len(marked[1]) == 2
    return Line(number, unmarked(text), "heading" if bold else "text", raw[0].isspace())


def _without_closing_hashes(text: str) -> str:
    opened = text.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else text


_NESTED = 4  # more emphasis than a person nests, and a bound on what a hostile line can cost


def unmarked(text: str) -> str:
    """Without the emphasis that encloses the whole of it."""
    for _ in range(_NESTED):
        if marked := _EMPHASIS.fullmatch(text):
            text = marked[2].strip()
    return text


def bare(text: str) -> str:
    """Without any emphasis, as a question or a title is printed."""
    for _ in range(_NESTED):
        text = _EMPHASIS.sub(_freed, text)
    return " ".join(text.split())


def _freed(marked: re.Match[str]) -> str:
    inside = "_" in marked[1] and (
        marked.string[marked.start() - 1 : marked.start()].isalnum() or marked.string[marked.end() :][:1].isalnum()
    )
    return marked[0] if inside else marked[2]


def _front_matter_length(raw: Sequence[str]) -> int:
    """How many lines a YAML block between two `---` takes at the head of a Markdown file."""
    if not raw or raw[0].strip() != "---":
        return 0
    for at, line in enumerate(raw[1:], start=1):
        if line.strip() == "---":
            return at + 1
        if not re.match(r"\s*(?:[\w-]+:(?:\s|$)|-\s|#|$)", line):
            return 0
    return 0


def items_in(lines: Sequence[Line]) -> list[Line]:
    """The list items, each with the lines that continue it."""
    items: list[list[Line]] = []
    open_item = False
    for line in lines:
        if line.kind == "item":
            items.append([line])
        elif line.kind == "text" and open_item:
            items[-1].append(line)
        open_item = line.kind == "item" or (open_item and line.kind == "text")
    return [item[0]._replace(text=" ".join(line.text for line in item)) for item in items]


def refuse(name: str, line: int, problem: str) -> NoReturn:
    """Raises InputError for the line of the file called `name`; `problem` is the sentence with its remedy."""
    raise InputError(f"{name}: line {line}: {problem}")
