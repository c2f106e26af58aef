"""Finds the paper that a claim summarises, or says why none can be called its own.

A wrong anchor is worse than none: it dates the claim wrongly and holds it against another's words.
So a search makes a paper the anchor only when it accounts for enough of the claim and for clearly
more than the next one does; an anchor line of the seed needs less, for a person has named it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from retest.claims import is_within
from retest.models import Anchor, Anchored, Claim, Paper, Query, Unanchored
from retest.terms import (
    STOP_WORDS,
    coverage,
    likeness,
    names,
    numbers,
    profile,
    sentence_spans,
    stem,
    stems,
    telling,
    weight,
)

WEIGHTS = {
    "text": 3.4,  # the summary's words, in the paper
    "question": 2.4,  # the note's title's words, in the paper
    "title": 4.8,  # the paper's title's words, in the note or a sentence that leans on it
    "titles": 1.5,  # both titles' likeness
    "likeness": 2.5,  # note and paper as a whole
    "pairs": 1.1,  # the note's neighbouring words, in the paper
    "names": 2.2,
    "numbers": 2.4,
    "run": 1.8,  # the longest run of words that both have
    "rare words": 4.0,  # the note's words, in the paper, those that few rivals have counting most
    "rare pairs": 3.1,
    "sentence": 2.4,  # the sentence of the note that the paper accounts for best
    "own": 4.2,  # the summary's words in what the paper finds itself, its reports of others left out
    "part": 2.5,  # the rare pairs of that part of the note which the paper accounts for best
    "cut off": 1.8,  # the paper's text breaks off, so what it lacks says less
    "years": -0.3,  # its age: who comments on a finding is newer than who found it
}
"""Conditional log-odds by which the right paper stands out from its rivals, fitted on 77 claims with papers of
the real corpus (`benchmarks/anchors.py`); in cross-validation it came first for 73 of them."""
FIT_TELLS, LEAD_TELLS, NOBODY_FITS = 0.37, 0.40, -5.9
"""How the best fit and its lead over the next one make log-odds that it is right, fitted on the same claims
with their papers and, at a third of the weight, without them."""
SEARCH_BAR = 0.0
"""Least log-odds of an anchor. In cross-validation 66 of the 67 anchors above it were right."""
CLEAR_LEAD = 4.0
"""The lead of a paper whose rivals do not matter, since the note names it."""
FURTHER_BAR = 8.0
"""Least fit of a second anchor, which must also bear a name of the note that the first one lacks."""
LINE_BAR = 15.0
"""Least fit of a paper that the seed's own anchor lines name, when no other claim of the seed fits it better."""
COINED_WEIGHT, COINED_BEARERS, COINED_PART = 5.0, 4, 0.55
POOL = 200
"""Papers asked for in one request. Of 107 claims with a paper, 105 have it among the first 100, 106 among 200."""
TELLING_NAME = 5.0
"""Names of less weight (`LLMs`, `RLHF`) tell no paper from another."""


def anchor_query(claim: Claim, as_of: date) -> Query:
    """One query for the paper behind a claim: its names, its question's words, its phrases, its most telling words."""
    note = f"{claim.title}. {claim.text}"
    words = (*telling(claim.title, 5), *_telling_phrases(note, 5), *telling(note, 30))
    terms = dict.fromkeys((*telling_names(claim), *(word for word in words if not word.isdigit())))
    latest = min(as_of, date(claim.stated.last, 12, 31)) if claim.stated else as_of
    return Query(terms=tuple(terms), before=latest, limit=POOL)


def telling_names(claim: Claim) -> tuple[str, ...]:
    """Names its source is likely to bear: the stated ones, then those in its text; common ones left out."""
    found = dict.fromkeys((*claim.names, *names(claim.text), *names(claim.title)))
    return tuple(name for name in found if _name_weight(name) > TELLING_NAME)


_NEIGHBOURS = re.compile(r"(?=(?<![^\W_])([^\W_]+(?:['’][^\W_]+)?)[ -]([^\W_]+(?:['’][^\W_]+)?))")


def _telling_phrases(text: str, limit: int) -> tuple[str, ...]:
    """The text's most telling pairs of neighbouring words."""
    found = {
        f"{first} {second}": weight(stem(first)) + weight(stem(second))
        for first, second in _NEIGHBOURS.findall(text.casefold())
        if first not in STOP_WORDS and second not in STOP_WORDS and not (first + second).isdigit()
    }
    return tuple(sorted(found, key=lambda phrase: (-found[phrase], phrase))[:limit])


# --- how well papers fit a claim -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """A text read once."""

    run: tuple[str, ...]
    stems: frozenset[str]
    pairs: frozenset[str]
    """Neighbouring stems, a space between them."""
    numbers: frozenset[tuple[float, str]]


@lru_cache(maxsize=20_000)
def _read(text: str) -> _Text:
    run = tuple(stems(text))
    stated = frozenset((number.value, number.unit) for number in numbers(text))
    return _Text(run, frozenset(run), frozenset(map(" ".join, pairwise(run))), stated)


def fits(claim: Claim, papers: Sequence[Paper]) -> list[tuple[float, Paper]]:
    """How well each paper fits the claim, best first: log-odds against the other papers of this list only."""
    rivals = _Rivals(claim, papers)
    scored = [(sum(WEIGHTS[k] * v for k, v in likenesses(claim, p, rivals).items()), p) for p in papers]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].arxiv_id))


class _Rivals:
    """How many papers of a list have each word and each pair of the note: what few have tells the most."""

    def __init__(self, claim: Claim, papers: Sequence[Paper]) -> None:
        self.note = _read(f"{claim.title}. {claim.text}")
        having: Counter[str] = Counter()
        having_pairs: Counter[str] = Counter()
        for text in map(_whole, papers):
            having.update(self.note.stems & text.stems)
            having_pairs.update(self.note.pairs & text.pairs)
        self.words = {word: math.log((len(papers) + 1) / (count + 0.5)) for word, count in having.items()}
        self.pairs = {pair: math.log((len(papers) + 1) / (count + 0.5)) for pair, count in having_pairs.items()}


def _whole(paper: Paper) -> _Text:
    return _read(f"{paper.title}. {paper.text}")


def likenesses(claim: Claim, paper: Paper, rivals: _Rivals) -> dict[str, float]:
    """What speaks for a paper, each 0 to 1 except its years since 2023."""
    note_text, paper_text = f"{claim.title}. {claim.text}", f"{paper.title}. {paper.text}"
    note, record = rivals.note, _whole(paper)
    told = [_read(sentence.text) for sentence in claim.leaning]
    titles = _titles(paper.title)
    return {
        "text": coverage(profile(claim.text), record.stems),
        "question": coverage(profile(claim.title), record.stems),
        "title": max(coverage(profile(t), note.stems.union(*(t.stems for t in told))) for t in titles),
        "titles": max(likeness(profile(claim.title), profile(t)) for t in titles),
        "likeness": likeness(profile(note_text), profile(paper_text)),
        "pairs": coverage({pair: sum(map(weight, pair.split())) for pair in note.pairs}, record.pairs),
        "names": _names_borne(claim, paper),
        "numbers": _numbers_stated(claim, record),
        "run": min(max(_common_run(text.run, record.run) for text in (note, *told)), 5) / 5,
        "rare words": coverage(rivals.words, record.stems),
        "rare pairs": coverage(rivals.pairs, record.pairs),
        "sentence": max((coverage(profile(s), record.stems) for s in _sentences(claim.text)), default=0.0),
        "own": coverage(profile(claim.text), _own(paper.text).stems | _read(paper.title).stems),
        "part": max(coverage(_rare(part, rivals), record.pairs) for part in _parts(claim.text)),
        "cut off": float(paper.text_kind == "abstract" and not paper.text.rstrip().endswith((".", "!", "?"))),
        "years": (paper.published - date(2023, 1, 1)).days / 365,
    }


def _titles(title: str) -> tuple[str, ...]:
    """The title, and where it is long enough what follows its colon: notes seldom repeat a catchword before it."""
    rest = title.partition(":")[2]
    return (title, rest) if len(stems(rest)) >= 4 else (title,)


def _rare(part: str, rivals: _Rivals) -> dict[str, float]:
    return {pair: rivals.pairs[pair] for pair in _read(part).pairs if pair in rivals.pairs}


@lru_cache(maxsize=2_000)
def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(part for part in re.split(r"[.;:!?—]\s|,\s", text) if len(stems(part)) >= 4)
    return parts or (text,)


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


_REPORT = re.compile(
    r"\b(?:recent(?:ly)?|prior|previous(?:ly)?|existing|earlier|past) (?:work|stud|research|find|report|eviden|litera|paper)"
    r"|et al|ha(?:s|ve) (?:been )?(?:shown|demonstrated|reported|argued|observed|claimed|found)|well[- ]known"
    r"|widely (?:believed|reported|used|assumed)|(?:common|conventional|popular) (?:belief|wisdom|view)|\bprevailing",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def _own(text: str) -> _Text:
    """A paper's text without the sentences that tell of others' work."""
    return _read(" ".join(s for s in _sentences(text) if not _REPORT.search(s)))


def _common_run(left: Sequence[str], right: Sequence[str]) -> int:
    """Length of the longest run of words that both have."""
    places: dict[str, list[int]] = {}
    for at, word in enumerate(right):
        places.setdefault(word, []).append(at)
    longest, ending = 0, dict[int, int]()
    for word in left:
        ending = {at: ending.get(at - 1, 0) + 1 for at in places.get(word, ())}
        longest = max(longest, *ending.values()) if ending else longest
    return longest


def _names_borne(claim: Claim, paper: Paper) -> float:
    """The share of the claim's names in the paper, by weight; a half where it has none, which says nothing."""
    named = telling_names(claim)
    if not named:
        return 0.5
    return sum(_name_weight(n) for n in named if _bears(paper, n)) / sum(map(_name_weight, named))


def _name_weight(name: str) -> float:
    return max((weight(stem) for stem in stems(name)), default=0.0)


def _bears(paper: Paper, name: str) -> bool:
    return set(stems(name)) <= _whole(paper).stems


def _numbers_stated(claim: Claim, paper: _Text) -> float:
    """The share of the claim's numbers in the paper; 0.3, their mean, where it has none."""
    wanted = _read(claim.text).numbers
    return len(wanted & paper.numbers) / len(wanted) if wanted else 0.3


# --- choosing ---------------------------------------------------------------------------------------


def choose(claim: Claim, papers: Iterable[Paper]) -> Anchored | Unanchored:
    """The claim's anchors among papers that a search brought."""
    scored = fits(claim, list(papers))
    if not scored:
        return Unanchored(reason="the source has no paper that shares its words")
    first = _commented_on(scored)
    best, paper = scored[0][0], scored[first][1]  # how well a comment fits speaks for the paper it is about
    lead = best - max((fit for at, (fit, _) in enumerate(scored) if at not in (0, first)), default=best)
    odds = _odds(best, lead)
    if odds >= SEARCH_BAR:
        return Anchored(anchors=(_anchor(paper, odds, "search"), *_further(claim, paper, scored)))
    if called := bearer_of_its_name(claim, scored):
        return Anchored(anchors=(_anchor(called, SEARCH_BAR, "search"),))
    coined = _coined(claim, scored)
    if coined:
        return Anchored(anchors=tuple(_anchor(paper, SEARCH_BAR, "search") for paper in coined))
    return Unanchored(reason=_why_not(scored, lead))


def _odds(fit: float, lead: float) -> float:
    """Log-odds that the best paper is the claim's own, from its fit and its lead over the next one."""
    return FIT_TELLS * fit + LEAD_TELLS * lead + NOBODY_FITS


def _commented_on(scored: Sequence[tuple[float, Paper]]) -> int:
    """Place of the paper whose whole title the best one's repeats, as a comment on it does; else the best's, 0."""
    best = scored[0][1]
    for at, (_, paper) in enumerate(scored[:20]):
        title = _read(paper.title).stems
        if len(title) >= 4 and title < _read(best.title).stems and paper.published <= best.published:
            return at
    return 0


def _why_not(scored: Sequence[tuple[float, Paper]], lead: float) -> str:
    best, paper = scored[0]
    nearest = f"arXiv:{paper.arxiv_id}"
    if len(scored) > 1 and lead < 0.5 and _odds(best, CLEAR_LEAD) > SEARCH_BAR:
        return f"{nearest} and arXiv:{scored[1][1].arxiv_id} fit it about equally well"
    return f"the nearest paper, {nearest}, accounts for too little of what it says"


def _further(claim: Claim, first: Paper, scored: Sequence[tuple[float, Paper]]) -> Iterable[Anchor]:
    """Papers for the names that the first anchor lacks: a note may summarise several."""
    lacking = [name for name in telling_names(claim) if not _bears(first, name)]
    for value, paper in scored:
        borne = [name for name in lacking if name in paper.title or f"({name})" in paper.text]
        if value >= FURTHER_BAR and borne and paper is not first:
            yield _anchor(paper, _odds(value, CLEAR_LEAD), "search")
            lacking = [name for name in lacking if name not in borne]


def bearer_of_its_name(claim: Claim, scored: Sequence[tuple[float, Paper]]) -> Paper | None:
    """The one paper that a name stated for the claim, `(LIMA, ~2023)`, is the catchword of: `LIMA: ...`, of those years."""
    stated = {name.casefold() for name in claim.names if _name_weight(name) > TELLING_NAME}
    called = [
        paper
        for fit, paper in scored
        if fit >= FURTHER_BAR and ":" in paper.title and paper.title.partition(":")[0].casefold() in stated
    ]
    return called[0] if len(called) == 1 and claim.stated and is_within(called[0].published, claim.stated) else None


def _coined(claim: Claim, scored: Sequence[tuple[float, Paper]]) -> list[Paper]:
    """Papers whose catchword, the words before a title's colon, the note repeats: `Utility Engineering: ...`.

    A note about several papers fits none of them as a whole. The catchword must be rare among the rivals,
    and the paper must account for the better half of a part of the note.
    """
    note = _read(f"{claim.title}. {claim.text}").run
    found = []
    for _, paper in scored:
        catchword = _read(paper.title.partition(":")[0]) if ":" in paper.title else _read("")
        if (
            len(catchword.run) < 2
            or not _stands_in(catchword.run, note)
            or sum(map(weight, catchword.run)) < COINED_WEIGHT
        ):
            continue
        bearers = sum(catchword.pairs <= _whole(rival).pairs for _, rival in scored)
        if bearers <= COINED_BEARERS and _best_part(claim, paper) >= COINED_PART:
            found.append(paper)
    return found


def _stands_in(run: Sequence[str], text: Sequence[str]) -> bool:
    return any(tuple(text[at : at + len(run)]) == tuple(run) for at in range(len(text)))


def _best_part(claim: Claim, paper: Paper) -> float:
    return max(coverage(profile(part), _whole(paper).stems) for part in _parts(claim.text))


def named_by_seed(claims: Sequence[Claim], papers: Mapping[str, Paper]) -> dict[str, Anchored]:
    """Anchors that the seeds themselves name, by claim id.

    An id written in a note is that note's. An anchor line stands for the whole seed, so it goes to
    the claim among those of the seed which it fits best, and to none when it fits none.
    `papers` holds what the ids resolved to; what did not resolve is no anchor.
    """
    found: dict[str, dict[str, Anchor]] = {}
    fit = {claim.id: {p.arxiv_id: value for value, p in fits(claim, _named(claim, papers))} for claim in claims}
    for claim in claims:
        for paper in (papers[i] for i in claim.arxiv_ids if i in papers):
            odds = _named_odds(fit[claim.id][paper.arxiv_id])
            found.setdefault(claim.id, {})[paper.arxiv_id] = _anchor(paper, odds, "id in the note")
    lines = sorted({line.arxiv_id for claim in claims for line in claim.anchor_lines} & set(papers))
    for paper in (papers[i] for i in lines):
        rivals = [c for c in claims if any(line.arxiv_id == paper.arxiv_id for line in c.anchor_lines)]
        value, owner = max(((fit[c.id][paper.arxiv_id], c) for c in rivals), key=lambda pair: (pair[0], pair[1].id))
        if value >= LINE_BAR:
            anchor = _anchor(paper, _named_odds(value), "anchor line")
            found.setdefault(owner.id, {}).setdefault(paper.arxiv_id, anchor)
    return {
        claim_id: Anchored(anchors=tuple(sorted(anchors.values(), key=lambda a: (-a.score, a.paper.arxiv_id))))
        for claim_id, anchors in found.items()
    }


def _named(claim: Claim, papers: Mapping[str, Paper]) -> list[Paper]:
    """The papers that a claim, or a seed that carries it, names."""
    ids = dict.fromkeys((*claim.arxiv_ids, *(line.arxiv_id for line in claim.anchor_lines)))
    return [papers[i] for i in ids if i in papers]


def _named_odds(fit: float) -> float:
    return fit - LINE_BAR  # that a person has named it is evidence in itself


def _anchor(paper: Paper, odds: float, found_by: str) -> Anchor:
    score = round(1 / (1 + math.exp(-odds)), 3)
    return Anchor.model_validate({"paper": paper, "score": score, "found_by": found_by})
