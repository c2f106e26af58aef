"""A document cut at its headings, and the parts that need nothing but the cut: the question and the next lines.

A heading is known by its words, whatever its marks. The captures differ in which headings they keep, so any of them
may be missing; what that means is for the form that is read to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from retest.seeds.lines import Line, bare, refuse, unmarked

_KICKER = "INQUIRING LINE"
SOURCES = re.compile(r"sources?\W*(?:(\d{1,6})\W*)?(?:notes?\W*)?", re.IGNORECASE)
_PROMPT = re.compile(r"research prompt(?: for your llm.{0,20})?\W*", re.IGNORECASE)
_NEXT = re.compile(r"next inquiring lines?\W*(.*)", re.IGNORECASE)


class Parts(NamedTuple):
    """A document cut at its headings; a heading that is missing is None."""

    head: list[Line]
    sources: Line | None
    notes: list[Line]
    prompt_heading: Line | None
    prompt: list[Line]
    next_lines: list[Line]


def parts_of(lines: Sequence[Line], name: str) -> Parts:
    """The lines under the heading that each stands below. Raises InputError where a second document begins."""
    head: list[Line] = []
    notes: list[Line] = []
    prompt: list[Line] = []
    following: list[Line] = []
    sources = heading = None
    current = head
    for line in lines:
        announced = SOURCES.fullmatch(line.text) if line.kind in ("text", "heading") else None
        if announced and current is following and sources and announced[1]:
            refuse(name, line.number, "a second document begins above this line; give one inquiring line per file")
        if announced and sources is None and current is not following:
            sources, current = line, notes
        elif _PROMPT.fullmatch(line.text) and heading is None and current is not following:
            heading, current = line, prompt
        elif (onward := _NEXT.fullmatch(line.text)) and current is not following:
            current = following
            current.append(line._replace(text=onward[1]))
        else:
            current.append(line)
    return Parts(_without_kicker(head), sources, notes, heading, prompt, following)


def _without_kicker(lines: Sequence[Line]) -> list[Line]:
    for at, line in enumerate(lines):
        # Some captures glue the kicker to the line after it.
        rest = unmarked(line.text.removeprefix(_KICKER).strip())
        if rest:
            return [line._replace(text=rest), *lines[at + 1 :]]
    return []


def question_of(head: Sequence[Line], before: int, name: str) -> tuple[str, Sequence[Line]]:
    """The first line, or the first lines where an editor wrapped the question; and what follows."""
    if not head:
        refuse(name, before, "no question before this line; begin the document with its question")
    if head[0].kind == "item":
        refuse(name, head[0].number, "no question above the list; begin with a heading that asks it")
    first = _group(head)
    wrapped = [at for at, line in enumerate(first) if line.text.endswith("?")] == [len(first) - 1]
    taken = len(first) if head[0].kind == "text" and wrapped and len(first) < len(head) else 1
    if sum(len(line.text) for line in first[:taken]) > 300:
        taken = 1
    return bare(" ".join(line.text for line in head[:taken])), head[taken:]


def _group(lines: Sequence[Line]) -> list[Line]:
    """The lines up to the first that is not plain text, the first line counted whatever it is."""
    end = next((at for at, line in enumerate(lines) if at and line.kind != "text"), len(lines))
    return list(lines[:end])


def next_lines(lines: Sequence[Line]) -> tuple[str, ...]:
    """The questions that the document leads on to, as printed."""
    texts = (bare(line.text.removeprefix(_KICKER).strip()) for line in lines)
    return tuple(text for text in texts if text and text != _KICKER)
