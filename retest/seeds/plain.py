"""The plain form that a person writes: a question over a list of dated claims, with no "Sources" heading.

Prose between them is read as gloss and essay; items that begin with an arXiv id, or stand under a heading that speaks
of anchors, name the papers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from retest.models import Place, ResearchPrompt, Seed
from retest.seeds.arxiv_ids import ANCHOR_START, anchor_line
from retest.seeds.dated import PLAIN_FORM, dated_claim, plain_note
from retest.seeds.essay import paragraphs, sentences
from retest.seeds.lines import Line, items_in, refuse
from retest.seeds.names import stem_of
from retest.seeds.parts import Parts, next_lines, question_of


def plain_seed(parts: Parts, name: str) -> Seed:
    """The seed of a document without sources. Raises InputError where it lists no dated claim."""
    lines = parts.head
    if not lines:
        refuse(name, 1, f"the file holds no seed; begin with a question and list the claims as {PLAIN_FORM}")
    anchors = [item for section in _sections(lines) for item in _anchors_of(section)]
    claims = [item for section in _sections(lines) for item in _claims_of(section)]
    if not claims or parts.prompt_heading:
        _refuse_plain(parts, claims, name)
    question, rest = question_of(lines, claims[0].number, name)
    body = paragraphs(_prose(rest))
    asked = re.search(r"\bThe question:\s*(.+)", question)
    place = Place(file=name, line=anchors[0].number if anchors else lines[0].number)
    stated = tuple(anchor_line(item, name) for item in anchors)
    return Seed(
        file=name,
        stem=stem_of(name),
        question=asked[1] if asked else question,
        gloss=body[0].text if body else "",
        essay=tuple(sentence for paragraph in body[1:] for sentence, _ in sentences(paragraph, (), name)),
        notes=tuple(plain_note(item, name) for item in claims),
        prompt=ResearchPrompt(role="", bullets=(), anchor_lines=stated, tasks=(), place=place) if stated else None,
        next_lines=next_lines(parts.next_lines),
    )


def _refuse_plain(parts: Parts, claims: Sequence[Line], name: str) -> NoReturn:
    items = items_in(parts.head)
    if items and not claims and not parts.prompt_heading:
        refuse(
            name,
            items[0].number,
            f'no item of the list states a year; write the claims as {PLAIN_FORM}, or notes under a "Sources" heading',
        )
    written = [line.number for line in parts.head if line.kind != "blank"]
    refuse(name, written[-1], f'no "Sources" heading after the essay; add one, or list the claims as {PLAIN_FORM}')


def _sections(lines: Sequence[Line]) -> list[list[Line]]:
    sections: list[list[Line]] = [[]]
    for line in lines:
        if line.kind == "heading":
            sections.append([])
        sections[-1].append(line)
    return sections


def _anchors_of(section: Sequence[Line]) -> list[Line]:
    titled = bool(section) and section[0].kind == "heading" and section[0].text.lower().startswith("anchor")
    return [item for item in items_in(section) if titled or ANCHOR_START.match(item.text)]


def _claims_of(section: Sequence[Line]) -> list[Line]:
    """The section's items, if at least one of them is dated: any other list is no list of claims."""
    anchors = {item.number for item in _anchors_of(section)}
    items = [item for item in items_in(section) if item.number not in anchors]
    return items if any(dated_claim(item.text).stated for item in items) else []


def _prose(lines: Iterable[Line]) -> list[Line]:
    """What is neither a list nor a heading."""
    prose: list[Line] = []
    in_item = False
    for line in lines:
        in_item = line.kind == "item" or (in_item and line.kind == "text")
        if line.kind != "heading" and not in_item:
            prose.append(line)
    return prose
