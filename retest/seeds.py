"""Reads inquiring-line documents: question, gloss, essay, notes, research prompt, next lines.

Three forms are understood. Two captures of the site: blank-line separated under the kicker `INQUIRING LINE`,
and compact, with neither kicker nor blank lines. And the plain form a person writes: a heading with the question
over a list of `- claim (NAME, ~2024)`. Each may carry Markdown marks.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

from retest.errors import InputError
from retest.models import AnchorLine, Bullet, Note, Period, Place, ResearchPrompt, Seed, Sentence

SUFFIXES = (".txt", ".md")
SIZE_LIMIT = 5_000_000
PLAIN_FORM = '"- text (NAME, ~2024)"'

# --- files -----------------------------------------------------------------------------------------


def find_seeds(paths: Sequence[Path]) -> list[Path]:
    """The seed files that `paths` name, each once, in the order given.

    A folder stands for the `.txt` and `.md` files in it and below, sorted. Hidden files and folders are passed
    over, and so is a `README`, which in a folder of seeds speaks about them; named itself, it is read.
    Raises InputError for a path that does not exist, a folder without seeds, a file of another kind.
    """
    found = [seed for path in paths for seed in (_seeds_in(path) if path.is_dir() else [_seed_file(path)])]
    once: dict[Path, Path] = {}
    for path in found:
        once.setdefault(path.resolve(), path)
    return list(once.values())


def _seed_file(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; give seeds (.txt or .md) or a folder of them")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f'{path}: not a seed: its name ends in "{path.suffix}"; give a .txt or .md file')
    return path


def _seeds_in(folder: Path) -> list[Path]:
    found: list[Path] = []

    def refuse(error: OSError) -> NoReturn:
        raise InputError(f"{error.filename}: the folder cannot be read ({error.strerror}); check its permissions")

    for here, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(here, name) for name in files if _is_seed_name(name)]
    if not found:
        raise InputError(f"no .txt or .md seed in {folder}; put seeds there, or name another folder or file")
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _is_seed_name(name: str) -> bool:
    path = Path(name)
    return path.suffix.lower() in SUFFIXES and path.stem.lower() != "readme" and not name.startswith(".")


def display_name(path: Path, cwd: Path) -> str:
    """How reports name a seed: relative to `cwd` where it lies beneath, else its bare name, always with `/`."""
    inside = Path(os.path.normpath(cwd / path))
    for place, root in ((inside, cwd), (inside.resolve(), cwd.resolve())):
        if place.is_relative_to(root):
            return place.relative_to(root).as_posix()
    return path.name


def read_seed(path: Path, name: str) -> Seed:
    """The seed in the file; `name` is what messages and reports call it. Raises InputError with the remedy."""
    return parse_seed(_decoded(_bytes_of(path, name), name), name)


def _bytes_of(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{name}: not a file; give seeds (.txt or .md) or a folder of them")
        _check_size(path.stat().st_size, name)
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror}); check the file and its permissions") from error
    _check_size(len(data), name)  # it may have grown
    return data


def _check_size(size: int, name: str) -> None:
    if size > SIZE_LIMIT:
        raise InputError(
            f"{name}: {size / 1e6:.1f} MB is too large for a seed (the limit is {SIZE_LIMIT / 1e6:.0f} MB); "
            "give one inquiring line per file"
        )


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: line 1: the file is UTF-16; save it as UTF-8")
    nul = data.find(b"\0")
    if nul >= 0:
        where = f"line {data.count(10, 0, nul) + 1}"
        raise InputError(f"{name}: {where}: a binary file (NUL at byte {nul}); give a seed as text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}: line {line}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


# Device names of Windows, and the reports that a run itself writes beside the seeds' reports.
_RESERVED = {"con", "prn", "aux", "nul", "readme", "changes"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(10)}


def _stem(file: str) -> str:
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    bare = name.rsplit(".", 1)[0] if "." in name[1:] else name
    plain = unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9_-]+", "-", plain).strip("-_")[:100] or "seed"
    return f"{stem}-seed" if stem in _RESERVED else stem


def unique_stems(seeds: Sequence[Seed]) -> list[Seed]:
    """The same seeds; where two would write the same report, the later one's stem gets a hash of its path."""
    taken = {seed.stem for seed in seeds}
    seen: set[str] = set()
    result = []
    for seed in seeds:
        stem, salt = seed.stem, 0
        while stem in seen or (salt and stem in taken):
            digest = hashlib.sha256(f"{seed.file}{salt or ''}".encode()).hexdigest()
            stem, salt = f"{seed.stem}-{digest[:6]}", salt + 1
        seen.add(stem)
        result.append(seed if stem == seed.stem else seed.model_copy(update={"stem": stem}))
    return result


# --- folding ---------------------------------------------------------------------------------------

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


# --- lines -----------------------------------------------------------------------------------------


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


def _lines(text: str) -> list[Line]:
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [_line(number, raw) for number, raw in enumerate(_CONTROLS.sub(" ", plain).split("\n"), start=1)]
    return lines[_front_matter_length(plain.split("\n")) :]


def _line(number: int, raw: str) -> Line:
    text = _LINK.sub(r"\1", raw.strip())
    if not text or _RULE.fullmatch(text):
        return Line(number, "", "blank")
    if heading := _HEADING.fullmatch(text):
        inner = _unmarked(_without_closing_hashes(heading[1]))
        return Line(number, inner, "heading" if inner else "blank")
    if item := _ITEM.fullmatch(text):
        return Line(number, _unmarked(item[1]), "item", raw[0].isspace())
    marked = _EMPHASIS.fullmatch(text)
    bold = marked is not None and len(marked[1]) == 2
    return Line(number, _unmarked(text), "heading" if bold else "text", raw[0].isspace())


def _without_closing_hashes(text: str) -> str:
    opened = text.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else text


_NESTED = 4  # more emphasis than a person nests, and a bound on what a hostile line can cost


def _unmarked(text: str) -> str:
    """Without the emphasis that encloses the whole of it."""
    for _ in range(_NESTED):
        if marked := _EMPHASIS.fullmatch(text):
            text = marked[2].strip()
    return text


def _bare(text: str) -> str:
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


# --- the document ----------------------------------------------------------------------------------

_KICKER = "INQUIRING LINE"
_SOURCES = re.compile(r"sources?\W*(?:(\d{1,6})\W*)?(?:notes?\W*)?", re.IGNORECASE)
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


def parse_seed(text: str, name: str) -> Seed:
    """The seed that `text` holds; `name` is the file as reports print it. Raises InputError: line, want, remedy."""
    parts = _parts(_lines(text), name)
    return _site_seed(parts, name) if parts.sources else _plain_seed(parts, name)


def _refuse(name: str, line: int, problem: str) -> NoReturn:
    raise InputError(f"{name}: line {line}: {problem}")


def _parts(lines: Sequence[Line], name: str) -> Parts:
    head: list[Line] = []
    notes: list[Line] = []
    prompt: list[Line] = []
    following: list[Line] = []
    sources = heading = None
    current = head
    for line in lines:
        announced = _SOURCES.fullmatch(line.text) if line.kind in ("text", "heading") else None
        if announced and current is following and sources and announced[1]:
            _refuse(name, line.number, "a second document begins above this line; give one inquiring line per file")
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
        rest = _unmarked(line.text.removeprefix(_KICKER).strip())
        if rest:
            return [line._replace(text=rest), *lines[at + 1 :]]
    return []


def _site_seed(parts: Parts, name: str) -> Seed:
    assert parts.sources is not None
    question, rest = _question(parts.head, parts.sources.number, name)
    notes = _notes(parts, name)
    titles = [note.title for note in notes]
    body = _paragraphs(rest)
    gloss = body.pop(0).text if body and not _citations(body[0].text, titles) else ""
    told = [sentence for paragraph in body for sentence in _sentences(paragraph, titles, name)]
    return Seed(
        file=name,
        stem=_stem(name),
        question=question,
        gloss=gloss,
        essay=tuple(sentence for sentence, _ in told),
        notes=tuple(
            note.model_copy(update={"leaning": tuple(sentence for sentence, cited in told if at in cited)})
            for at, note in enumerate(notes)
        ),
        prompt=_research_prompt(parts.prompt_heading, parts.prompt, name),
        next_lines=_next_lines(parts.next_lines),
    )


def _question(head: Sequence[Line], before: int, name: str) -> tuple[str, Sequence[Line]]:
    """The first line, or the first lines where an editor wrapped the question; and what follows."""
    if not head:
        _refuse(name, before, "no question before this line; begin the document with its question")
    if head[0].kind == "item":
        _refuse(name, head[0].number, "no question above the list; begin with a heading that asks it")
    first = _group(head)
    wrapped = [at for at, line in enumerate(first) if line.text.endswith("?")] == [len(first) - 1]
    taken = len(first) if head[0].kind == "text" and wrapped and len(first) < len(head) else 1
    if sum(len(line.text) for line in first[:taken]) > 300:
        taken = 1
    return _bare(" ".join(line.text for line in head[:taken])), head[taken:]


def _group(lines: Sequence[Line]) -> list[Line]:
    """The lines up to the first that is not plain text, the first line counted whatever it is."""
    end = next((at for at, line in enumerate(lines) if at and line.kind != "text"), len(lines))
    return list(lines[:end])


def _next_lines(lines: Sequence[Line]) -> tuple[str, ...]:
    texts = (_bare(line.text.removeprefix(_KICKER).strip()) for line in lines)
    return tuple(text for text in texts if text and text != _KICKER)


# --- the essay -------------------------------------------------------------------------------------


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


def _paragraphs(lines: Sequence[Line]) -> list[Paragraph]:
    grouped: list[list[Line]] = []
    previous: Line | None = None
    for line in lines:
        if line.kind != "blank":
            if previous and _continues(previous, line):
                grouped[-1].append(line)
            else:
                grouped.append([line])
        previous = line
    return [_paragraph(group) for group in grouped]


def _continues(previous: Line, line: Line) -> bool:
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


class Citation(NamedTuple):
    """Where a paragraph cites the notes numbered `notes` (more than one only where two share a title)."""

    start: int
    end: int
    notes: frozenset[int]


def _citations(text: str, titles: Sequence[str]) -> list[Citation]:
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


def _sentences(paragraph: Paragraph, titles: Sequence[str], name: str) -> list[tuple[Sentence, frozenset[int]]]:
    """The paragraph's sentences as written, each with the numbers of the notes that it cites."""
    text = paragraph.text
    citations = _citations(text, titles)
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


# --- the notes -------------------------------------------------------------------------------------

Pair = tuple[Line, str]


def _notes(parts: Parts, name: str) -> list[Note]:
    heading = parts.sources
    assert heading is not None
    lines = [line for line in parts.notes if line.kind != "blank"]
    if not lines:
        _refuse(
            name,
            heading.number,
            f'no note under "Sources"; write each as a title line with its summary below, or as {PLAIN_FORM}',
        )
    if all(line.kind == "item" or line.indented for line in lines) and lines[0].kind == "item":
        return _counted([_plain_note(item, name) for item in _items(parts.notes)], heading, name)
    readings = [reading for reading in _readings(parts.notes) if reading]
    if not readings:
        _refuse_notes(lines, name)
    stated = _stated_number(heading)
    pairs = next((reading for reading in readings if len(reading) == stated), readings[0])
    notes = [
        Note(title=_bare(title.text), text=text, place=Place(file=name, line=title.number)) for title, text in pairs
    ]
    return _counted(notes, heading, name)


def _stated_number(heading: Line) -> int | None:
    announced = _SOURCES.fullmatch(heading.text)
    return int(announced[1]) if announced and announced[1] else None


def _counted(notes: list[Note], heading: Line, name: str) -> list[Note]:
    """The notes, if they are as many as the heading says: a lost note is a claim that nobody re-tests."""
    stated = _stated_number(heading)
    if stated is not None and stated != len(notes):
        _refuse(
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
    return line.kind == "heading" or (len(line.text) <= 250 and _bare(line.text).rstrip("\"'”’").endswith("?"))


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
            _refuse(name, line.number, f'the note "{_clip(line.text, 60)}" has no summary; write it on the line below')
    untitled = (
        line for before, line in zip([None, *lines], lines, strict=False) if not before or not _is_title(before)
    )
    lone = next((line for line in untitled if not _is_title(line)), lines[-1])
    _refuse(
        name, lone.number, f'no title above "{_clip(lone.text, 60)}"; give each note a title line above its summary'
    )


# --- dated claims: bullets of a prompt, items of the plain form ------------------------------------

_WHEN = re.compile(
    r"(?:^|[\s,;])((?:[~≈]|c\.\s?|ca\.\s?|circa\s|early\s|mid[- ]|late\s|[A-Z][a-z]{2,8}\.?\s)?\s*"
    r"((?:19|20)\d\d)(?:\s*[-‐‑‒–—/]\s*[~≈]?((?:19|20)?\d\d))?)$"
)
_BRACKET = re.compile(r"\(([^()]{1,200})\)")
_ET_AL = re.compile(r",?\s+et al\.?$")


class Dated(NamedTuple):
    """A claim with what its bracket says."""

    text: str
    names: tuple[str, ...] = ()
    stated: Period | None = None


def _dated(text: str) -> Dated:
    """The claim without its bracket `(NAME, ~YEAR)`.

    The bracket is the last one that ends in a year; before the end of the text it must say `~`, for
    `(43% vs. 42.6% baseline)` or `(Smith 2024)` there is part of the sentence. An arXiv id stays in the text.
    """
    for bracket in reversed(list(_BRACKET.finditer(text))):
        when = _WHEN.search(bracket[1].strip())
        after = text[bracket.end() :]
        if when and (re.fullmatch(r"""[\s.;,*_"”]*""", after) or when[1][0] in "~≈"):
            names = _names(bracket[1].strip()[: when.start()])
            ids = [name for name in names if arxiv_ids_in(name)]
            kept = f" ({', '.join(ids)})" if ids else ""
            claim = (text[: bracket.start()].rstrip() + kept + after.rstrip(" *_")).strip()
            return Dated(claim, tuple(name for name in names if name not in ids), _period(when))
    return Dated(text.strip())


def _names(text: str) -> list[str]:
    parts = re.split(r"\s*[,;&/]\s+|\s+and\s+", text.strip(" ,;"))
    return [name for name in (_ET_AL.sub("", _bare(part)).strip(" .") for part in parts) if name]


def _period(when: re.Match[str]) -> Period:
    first = int(when[2])
    last = first if not when[3] else int(when[3]) if len(when[3]) == 4 else first // 100 * 100 + int(when[3])
    return Period(first=min(first, last), last=max(first, last), text=when[1].strip())


def _items(lines: Sequence[Line]) -> list[Line]:
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


def _clip(text: str, limit: int) -> str:
    """The text, or its first words and an ellipsis, at most `limit` characters."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words = cut if text[limit - 1].isspace() else cut.rpartition(" ")[0] or cut
    return words.rstrip(" ,;:.-–—(") + "…"


def short_title(text: str) -> str:
    """A title for a claim that has none: its first words, at most 80 characters."""
    return _clip(_bare(text).rstrip(" ."), 80)


def _plain_note(item: Line, name: str) -> Note:
    dated = _dated(item.text)
    return Note(
        title=short_title(dated.text) or item.text,
        text=dated.text or item.text,
        place=Place(file=name, line=item.number),
        stated=dated.stated,
        names=dated.names,
    )


# --- arXiv ids -------------------------------------------------------------------------------------

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


def _plain_id(identifier: str) -> str:
    # `cs.CL/0112017` and `cs/0112017` are one paper.
    archive, slash, number = identifier.rpartition("/")
    return f"{archive.split('.')[0].lower()}{slash}{number}"


# --- the research prompt ---------------------------------------------------------------------------

_ANCHOR_START = re.compile(r"\W*(?:arxiv\s?[:.]|(?:https?://)?arxiv\.org/|\d{4}\.\d{4,5}\b)", re.IGNORECASE)
_WRITTEN_ID = re.compile(
    rf"(?:(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv\s?[:.]\s?)?({_NEW_ID}|{_OLD_ID})(?:v\d+)?(?:\.pdf)?"
    r"|arxiv\s?:\s?([^\s()]+)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\(([^()]*?)((?:19|20)\d\d)\s*\)")
_TASK = re.compile(r"\(?\d\)\s*(\S.*)")


def _research_prompt(heading: Line | None, lines: Sequence[Line], name: str) -> ResearchPrompt | None:
    """The prompt in its parts; None where the heading is missing or stands over nothing."""
    if heading is None or not any(line.kind == "item" or "you are" in line.text.lower() for line in lines):
        return None
    claims, anchors, tasks = _prompt_sections(lines)
    stated = [item for item in _items(claims) if _ANCHOR_START.match(item.text)] + _items(anchors)
    return ResearchPrompt(
        role=_role(claims),
        bullets=tuple(_bullet(item, name) for item in _items(claims) if not _ANCHOR_START.match(item.text)),
        anchor_lines=tuple(_anchor_line(item, name) for item in stated),
        tasks=_tasks(tasks),
        place=Place(file=name, line=heading.number),
    )


def _prompt_sections(lines: Sequence[Line]) -> tuple[list[Line], list[Line], list[Line]]:
    claims: list[Line] = []
    anchors: list[Line] = []
    tasks: list[Line] = []
    current = claims
    for line in lines:
        opening = _bare(line.text).lower() if line.kind != "item" else ""
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
    texts = [paragraph.text for paragraph in _paragraphs([line for line in lines if line.kind != "item"])]
    role = next((text for text in texts if text.lower().startswith("you are")), "")
    return role.partition("The question:")[0].strip()


def _bullet(item: Line, name: str) -> Bullet:
    dated = _dated(item.text)
    text = dated.text or item.text
    return Bullet(text=text, names=dated.names, stated=dated.stated, place=Place(file=name, line=item.number))


def _anchor_line(item: Line, name: str) -> AnchorLine:
    """`arXiv:ID (YEAR) — Title`, or the same in another order; the id is "" where the line has none."""
    written = _WRITTEN_ID.search(item.text)
    rest = item.text[: written.start()] + " " + item.text[written.end() :] if written else item.text
    year = _YEAR.search(rest)
    title = rest[: year.start()] + " " + rest[year.end() :] if year else rest
    return AnchorLine(
        arxiv_id=_plain_id(written[1]) if written and written[1] else written[2] if written else "",
        year=int(year[2]) if year else None,
        title=_bare(title.strip(" \t—–-−‐‑‒:;,.*_[]")),
        place=Place(file=name, line=item.number),
    )


def _tasks(lines: Sequence[Line]) -> tuple[str, ...]:
    """The numbered tasks without their numbers; the demand that closes the prompt is not one of them."""
    tasks: list[list[str]] = []
    previous: Line | None = None
    for line in lines:
        numbered = _TASK.fullmatch(line.text) if line.kind != "blank" else None
        if numbered or (line.kind == "item" and not line.indented):
            tasks.append([_unmarked(numbered[1] if numbered else line.text)])
        elif tasks and previous and (line.kind == "item" or _continues(previous, line)):
            tasks[-1].append(line.text)
        previous = line
    return tuple(" ".join(texts) for texts in tasks)


# --- the plain form --------------------------------------------------------------------------------


def _plain_seed(parts: Parts, name: str) -> Seed:
    lines = parts.head
    if not lines:
        _refuse(name, 1, f"the file holds no seed; begin with a question and list the claims as {PLAIN_FORM}")
    anchors = [item for section in _sections(lines) for item in _anchors_of(section)]
    claims = [item for section in _sections(lines) for item in _claims_of(section)]
    if not claims or parts.prompt_heading:
        _refuse_plain(parts, claims, name)
    question, rest = _question(lines, claims[0].number, name)
    body = _paragraphs(_prose(rest))
    asked = re.search(r"\bThe question:\s*(.+)", question)
    place = Place(file=name, line=anchors[0].number if anchors else lines[0].number)
    stated = tuple(_anchor_line(item, name) for item in anchors)
    return Seed(
        file=name,
        stem=_stem(name),
        question=asked[1] if asked else question,
        gloss=body[0].text if body else "",
        essay=tuple(sentence for paragraph in body[1:] for sentence, _ in _sentences(paragraph, (), name)),
        notes=tuple(_plain_note(item, name) for item in claims),
        prompt=ResearchPrompt(role="", bullets=(), anchor_lines=stated, tasks=(), place=place) if stated else None,
        next_lines=_next_lines(parts.next_lines),
    )


def _refuse_plain(parts: Parts, claims: Sequence[Line], name: str) -> NoReturn:
    items = _items(parts.head)
    if items and not claims and not parts.prompt_heading:
        _refuse(
            name,
            items[0].number,
            f'no item of the list states a year; write the claims as {PLAIN_FORM}, or notes under a "Sources" heading',
        )
    written = [line.number for line in parts.head if line.kind != "blank"]
    _refuse(name, written[-1], f'no "Sources" heading after the essay; add one, or list the claims as {PLAIN_FORM}')


def _sections(lines: Sequence[Line]) -> list[list[Line]]:
    sections: list[list[Line]] = [[]]
    for line in lines:
        if line.kind == "heading":
            sections.append([])
        sections[-1].append(line)
    return sections


def _anchors_of(section: Sequence[Line]) -> list[Line]:
    titled = bool(section) and section[0].kind == "heading" and section[0].text.lower().startswith("anchor")
    return [item for item in _items(section) if titled or _ANCHOR_START.match(item.text)]


def _claims_of(section: Sequence[Line]) -> list[Line]:
    """The section's items, if at least one of them is dated: any other list is no list of claims."""
    anchors = {item.number for item in _anchors_of(section)}
    items = [item for item in _items(section) if item.number not in anchors]
    return items if any(_dated(item.text).stated for item in items) else []


def _prose(lines: Iterable[Line]) -> list[Line]:
    """What is neither a list nor a heading."""
    prose: list[Line] = []
    in_item = False
    for line in lines:
        in_item = line.kind == "item" or (in_item and line.kind == "text")
        if line.kind != "heading" and not in_item:
            prose.append(line)
    return prose
