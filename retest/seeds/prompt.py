"""The research prompt that some documents carry: role, dated bullets, anchor papers, tasks.

Its headings are sentences that may or may not be there; what stands under none of them is read by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retest.models import Bullet, Place, ResearchPrompt
from retest.seeds.arxiv_ids import ANCHOR_START, anchor_line
from retest.seeds.dated import dated_claim
from retest.seeds.essay import continues, paragraphs
from retest.seeds.lines import Line, bare, items_in, unmarked

_TASK = re.compile(r"\(?\d\)\s*(\S.*)")


def research_prompt(heading: Line | None, lines: Sequence[Line], name: str) -> ResearchPrompt | None:
    """The prompt in its parts; None where the heading is missing or stands over nothing."""
    if heading is None or not any(line.kind == "item" or "you are" in line.text.lower() for line in lines):
        return None
    claims, anchors, tasks = _prompt_sections(lines)
    stated = [item for item in items_in(claims) if ANCHOR_START.match(item.text)] + items_in(anchors)
    return ResearchPrompt(
        role=_role(claims),
        bullets=tuple(_bullet(item, name) for item in items_in(claims) if not ANCHOR_START.match(item.text)),
        anchor_lines=tuple(anchor_line(item, name) for item in stated),
        tasks=_tasks(tasks),
        place=Place(file=name, line=heading.number),
    )


def _prompt_sections(lines: Sequence[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    claims: list[Line] = []
    anchors: list[Line] = []
    tasks: list[Line] = []
    current = claims
    for line in lines:
        opening = bare(line.text).lower() if line.kind != "item" else ""
        if opening.startswith("anchor papers"):
            current = anchors
        elif opening.startswith("your task"):
            current = tasks
        elif current is not tasks and re.match(r"\(1\)", opening):
            current = tasks
            current.append(line)
        elif not opening.startswith(("findings span", "what a curated library")):
            current.append(line)
        else:
            current.append(Line(line.number, "", "blank"))
    return claims, anchors, tasks


def _role(lines: Sequence[Line]) -> str:
    """`You are …`, without the question that follows it on the line."""
    texts = [paragraph.text for paragraph in paragraphs([line for line in lines if line.kind != "item"])]
    role = next((text for text in texts if text.lower().startswith("you are")), "")
    return role.partition("The question:")[0].strip()


def _bullet(item: Line, name: str) -> Bullet:
    dated = dated_claim(item.text)
    text = dated.text or item.text
    return Bullet(text=text, names=dated.names, stated=dated.stated, place=Place(file=name, line=item.number))


def _tasks(lines: Sequence[Line]) -> tuple[str, ...]:
    """The numbered tasks without their numbers; the demand that closes the prompt is not one of them."""
    tasks: list[list[str]] = []
    previous: Line | None = None
    for line in lines:
        numbered = _TASK.fullmatch(line.text) if line.kind != "blank" else None
        if numbered or (line.kind == "item" and not line.indented):
            tasks.append([unmarked(numbered[1] if numbered else line.text)])
        elif tasks and previous and (line.kind == "item" or continues(previous, line)):
            tasks[-1].append(line.text)
        previous = line
    return tuple(" ".join(texts) for texts in tasks)
