"""The notes under "Sources": titles told from summaries in every capture, and none of them lost.

Few captures mark which line is which, so the ways to tell them apart are tried from the surest down, and the number in
the heading decides between those that fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NoReturn

from retest.models import Note, Place
from retest.seeds.dated import PLAIN_FORM, plain_note
from retest.seeds.lines import Line, bare, items_in, refuse
from retest.seeds.parts import SOURCES, Parts
from retest.seeds.titles import clip

Pair = tuple[Line, str]


def notes_of(parts: Parts, name: str) -> list[Note]:
    """The notes under the "Sources" heading, which must be there, in order. Raises InputError where one is incomplete."""
    heading = parts.sources
    assert heading is not None
    lines = [line for line in parts.notes if line.kind != "blank"]
    if not lines:
        refuse(
            name,
            heading.number,
            f'no note under "Sources"; write each as a title line with its summary below, or as {PLAIN_FORM}',
        )
    if all(line.kind == "item" or line.indented for line in lines) and lines[0].kind == "item":
        return _counted([plain_note(item, name) for item in items_in(parts.notes)], heading, name)
    readings = [reading for reading in _readings(parts.notes) if reading]
    if not readings:
        _refuse_notes(lines, name)
    stated = _stated_number(heading)
    pairs = next((reading for reading in readings if len(reading) == stated), readings[0])
    notes = [
        Note(title=bare(title.text), text=text, place=Place(file=name, line=title.number)) for title, text in pairs
    ]
    return _counted(notes, heading, name)


def _stated_number(heading: Line) -> int | None:
    announced = SOURCES.fullmatch(heading.text)
    return int(announced[1]) if announced and announced[1] else None


def _counted(notes: list[Note], heading: Line, name: str) -> list[Note]:
    """The notes, if they are as many as the heading says: a lost note is a claim that nobody re-tests."""
    stated = _stated_number(heading)
    if stated is not None and stated != len(notes):
        refuse(
            name,
            heading.number,
            f'"{heading.text}" announces {stated} but {len(notes)} stand below it; '
            "give each note a title line with its summary below, or correct the number",
        )
    return notes


def _readings(lines: Sequence[Line]) -> Iterator[list[Pair] | None]:
    """The ways to tell titles from summaries, the surest first; None where a way does not fit."""
    groups = [list(group) for blank, group in groupby(lines, lambda line: line.kind == "blank") if not blank]
    joined = [group[0]._replace(text=" ".join(line.text for line in group)) for group in groups]
    single = [line for group in groups for line in group]
    if len(joined) > 1 and all(_is_title(line) for line in joined[::2]):
        yield _by_turns(joined)
    if any(line.kind == "heading" for line in single):
        yield _by_titles(single, lambda line: line.kind == "heading")
    yield _by_titles(single, _is_title)
    yield _by_turns(single)
    yield _by_turns(joined)


def _is_title(line: Line) -> bool:
    return line.kind == "heading" or (len(line.text) <= 250 and bare(line.text).rstrip("\"'”’").endswith("?"))


def _by_titles(lines: Sequence[Line], is_title: Callable[[Line], bool]) -> list[Pair] | None:
    """Each title with the lines down to the next one."""
    pairs: list[tuple[Line, list[str]]] = []
    for line in lines:
        if is_title(line):
            pairs.append((line, []))
        elif pairs:
            pairs[-1][1].append(line.text)
        else:
            return None
    return [(title, " ".join(texts)) for title, texts in pairs] if all(texts for _, texts in pairs) else None


def _by_turns(lines: Sequence[Line]) -> list[Pair] | None:
    """Title, summary, title, summary; None where that would make summaries of titles."""
    titles, texts = lines[::2], lines[1::2]
    if len(titles) != len(texts):
        return None
    slipped = any(_is_title(text) and not _is_title(title) for title, text in zip(titles, texts, strict=True))
    shorter = sum(len(line.text) for line in titles) < sum(len(line.text) for line in texts)
    if slipped and (any(map(_is_title, titles)) or not shorter):
        return None
    return [(title, text.text) for title, text in zip(titles, texts, strict=True)]


def _refuse_notes(lines: Sequence[Line], name: str) -> NoReturn:
    """Names the first title without a summary, else the first summary without a title."""
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        if _is_title(line) and (after is None or _is_title(after)):
            refuse(name, line.number, f'the note "{clip(line.text, 60)}" has no summary; write it on the line below')
    untitled = (
        line for before, line in zip([None, *lines], lines, strict=False) if not before or not _is_title(before)
    )
    lone = next((line for line in untitled if not _is_title(line)), lines[-1])
    refuse(name, lone.number, f'no title above "{clip(lone.text, 60)}"; give each note a title line above its summary')
