"""The telling words of a text: stems with their weight, names, and numbers with their unit."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import snowballstemmer

from retest.models import Value

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_TOKEN = re.compile(r"[^\W\d_][\w]*(?:[-.+][\w]+)*")
_NAME_SHAPE = re.compile(r"[^\W_a-z].*[A-Z0-9]|[a-z]+[A-Z]|o\d\b|.*-[A-Z]")
_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<scale>[KMBkmb]\b|\s(?:thousand|million|billion)\b)?"
    r"(?P<unit>\s?(?:%|\\%|percent(?:age)?(?:\spoints?)?\b|pp\b|[x×](?!\w)|times\b|-?fold\b))?"
)
_STEMMING = threading.Lock()
_SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9}

STOP_WORDS = frozenset(
    """a about above after again against all also although am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each either et al few for from further get had
    has have having he her here hers him his how however i if in into is it its itself just like many may me might more
    most much must my neither no nor not of off on once one only or other our out over own per rather same she should
    since so some such than that the their them then there these they this those through thus to too toward towards
    two under until up upon us use used using very via was we well were what when where whether which while who whom
    why will with within without would yet you your""".split()  # noqa: SIM905 -- a list of 150 strings is no better to read
)


class Number(Value):
    """A number of a text in a comparable form."""

    value: float
    unit: str
    """`%`, `x` (times, -fold) or empty."""
    start: int
    end: int


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The word's English stem (Snowball)."""
    with _STEMMING:  # a Snowball stemmer keeps its word in itself: two threads at once spoil it
        return str(_stemmer().stemWord(word))


@cache
def _stemmer() -> snowballstemmer.basestemmer.BaseStemmer:
    return snowballstemmer.stemmer("english")


def words(text: str) -> list[str]:
    """The words of a text in order, lower case; a hyphen separates words."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """Stems of the words that are neither stop words nor single letters, in order."""
    return list(_stems(text))


@lru_cache(maxsize=8192)  # a paper is read for every claim that it stands near
def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(text) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit()))


def names(text: str) -> tuple[str, ...]:
    """Names by their shape (`MAGPIE`, `IFScale`, `Llama-3`), in order, once each."""
    found = (match.group() for match in _TOKEN.finditer(text))
    return tuple(dict.fromkeys(name for name in found if _NAME_SHAPE.match(name)))


def numbers(text: str) -> list[Number]:
    """The numbers of a text, `4M` as 4000000, `3-fold` as 3 x."""
    found = [_number(match) for match in _NUMBER.finditer(text)]
    for index, (first, second) in enumerate(pairwise(found)):
        if text[first.end : second.start] in ("-", "–") and not first.unit:  # a range shares its unit: 88-91%
            found[index] = first.model_copy(update={"unit": second.unit})
    return found


def _number(match: re.Match[str]) -> Number:
    value = float(match["value"].replace(",", ""))
    value *= _SCALES.get((match["scale"] or "").strip().casefold(), 1)
    unit = (match["unit"] or "").strip().casefold()
    if unit:
        unit = "%" if "%" in unit or unit.startswith(("percent", "pp")) else "x"
    return Number(value=value, unit=unit, start=match.start(), end=match.end())


@cache
def _frequencies() -> tuple[int, dict[str, int]]:
    """Number of records counted, and in how many of them each stem stands (`scripts/word_frequencies.py`)."""
    lines = files("retest").joinpath("data/word_frequencies.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    _, total = next(rows)
    return int(total), {stem: int(count) for stem, count in rows}


@lru_cache(maxsize=200_000)
def weight(stem: str) -> float:
    """How telling a stem is: its inverse document frequency among arXiv records, 0 (everywhere) to about 9.5."""
    total, counts = _frequencies()
    return math.log(total / counts.get(stem, 12))


def profile(text: str) -> dict[str, float]:
    """Each stem of a text with its weight."""
    return {stem: weight(stem) for stem in stems(text)}


def coverage(wanted: dict[str, float], given: Iterable[str]) -> float:
    """The share of `wanted`'s weight whose stems stand in `given`, 0 to 1."""
    total = sum(wanted.values())
    present = set(given)
    return sum(value for stem, value in wanted.items() if stem in present) / total if total else 0.0


def likeness(left: dict[str, float], right: dict[str, float]) -> float:
    """Cosine of two profiles, 0 to 1."""
    shared = sum(value * value for stem, value in left.items() if stem in right)
    norm = math.sqrt(sum(v * v for v in left.values()) * sum(v * v for v in right.values()))
    return shared / norm if norm else 0.0


def telling(text: str, limit: int) -> tuple[str, ...]:
    """The most telling words of a text as they are written, the heaviest first, one per stem."""
    by_stem: dict[str, str] = {}
    for word in words(text):
        if word not in STOP_WORDS and len(word) > 1:
            by_stem.setdefault(stem(word), word)
    ranked = sorted(by_stem, key=lambda s: (-weight(s), s))
    return tuple(by_stem[s] for s in ranked[:limit])


_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9$\\])")
_LONGEST_ABBREVIATION = 16
"""More than any has: looking back further makes a hostile text cost the square of its length."""
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|al|etc|resp|Fig|Eq|Sec|No|approx|w\.r\.t)|\b[A-Z])\.$")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of a paper's text."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if _ABBREVIATION.search(text[max(start, match.start() - _LONGEST_ABBREVIATION) : match.start()]):
            continue
        spans.append((start, match.start() + len(match.group().rstrip())))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text.rstrip())))
    return spans
