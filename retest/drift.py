"""Holds the essays against the notes they lean on: a hedge dropped, a number told otherwise, a question called open that a source answers.

An essay may say less than its note, and in other words; only what changes the sense of the very words
it repeats is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from retest.fidelity import hedged, is_hedged, sentences
from retest.models import Anchoring, Claim, Finding, FindingKind, Paper, Place, Seed, Sentence
from retest.terms import Number, coverage, numbers, profile, stem, stems, weight, words

_NOT_QUITE = re.compile(
    r"\bnot (?:necessarily|always|entirely|only|all|every)\s+(?:\w+ly\s+)?(?P<what>[\w'’-]+)", re.IGNORECASE
)
_NOT_WITHIN = 3
"""Words between `not` and what it denies: `not on which performs best`."""
_LABELS = frozenset(map(stem, ("baseline", "random", "chance", "control", "untrained", "untuned", "human")))
"""Words that say what one of two compared numbers is the number of."""
_LABEL_REACH = 4


def drift_findings(seed: Seed, claims: Sequence[Claim]) -> list[Finding]:
    """Where this seed's essay, or its wording of a note, tells a note otherwise than it is written, or than other seeds do."""
    carried = _carried(seed, claims)
    return [found for claim in carried for found in (*_essay(seed, claim, carried), *_variants(seed, claim))]


def _carried(seed: Seed, claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if any(place.file == seed.file for place in claim.places)]


def _essay(seed: Seed, claim: Claim, carried: Sequence[Claim]) -> Iterator[Finding]:
    shared = {sentence for other in carried if other.id != claim.id for sentence in other.leaning}
    told = [(sentence, _without_titles(sentence.text, carried)) for sentence in claim.leaning]
    others = [(sentence, text) for sentence, text in told if sentence.place.file != seed.file]
    for sentence, text in told:
        if sentence.place.file == seed.file:
            yield from _hedge_dropped(claim, sentence, text, others)
            yield from _label_dropped(claim, sentence, text, others)
            if sentence not in shared:
                yield from _other_numbers(claim, sentence, text)


def _without_titles(text: str, claims: Sequence[Claim]) -> str:
    """A sentence without the titles of the notes that it cites, which are questions of their own."""
    for claim in claims:
        text = text.replace(claim.title, " ")
    return re.sub(r"\s+(?=[.,;:])", "", " ".join(text.replace("*", "").split()))


# --- hedges ----------------------------------------------------------------------------------------


def _hedge_dropped(
    claim: Claim, sentence: Sentence, text: str, others: Sequence[tuple[Sentence, str]]
) -> Iterator[Finding]:
    for match in _NOT_QUITE.finditer(claim.text):
        what = stem(match["what"].casefold())
        if _denies(text, what) and not _NOT_QUITE.search(text):
            keeping = _place_of(next((s for s, said in others if _NOT_QUITE.search(said)), None))
            told = f"says “not {_denied(text, what)}” where the note says “{match.group()}”"
            yield _finding(sentence.place, f"{told} ({_line(claim.places[0])}{keeping}): “{text.strip()}”")
    if is_hedged(text):
        return
    for source in sentences(claim.text):
        for hedge, about in hedged(source):
            if len(about) >= 4 and coverage({w: weight(w) for w in about}, stems(text)) >= 0.75:
                keeping = _place_of(next((s for s, said in others if is_hedged(said)), None))
                told = f"drops the note's “{hedge}” ({_line(claim.places[0])}{keeping})"
                yield _finding(sentence.place, f"{told}: “{text.strip()}” against “{source}”")


def _denies(text: str, what: str) -> bool:
    return bool(_denied(text, what))


def _denied(text: str, what: str) -> str:
    """The words from after a `not` to the one with this stem; empty where the text does not deny it."""
    run = words(text)
    for at, word in enumerate(run):
        if word == "not" and (near := [stem(w) for w in run[at + 1 : at + 2 + _NOT_WITHIN]]) and what in near:
            return " ".join(run[at + 1 : at + 2 + near.index(what)])
    return ""


# --- numbers ---------------------------------------------------------------------------------------


def _label_dropped(
    claim: Claim, sentence: Sentence, text: str, others: Sequence[tuple[Sentence, str]]
) -> Iterator[Finding]:
    """Two numbers side by side, one of which the note calls a baseline's, without a word of it."""
    own, given = numbers(claim.text), numbers(text)
    for number in own:
        label = _label(claim.text, number)
        partner = next((n for n in own if n != number and n.unit == number.unit and _in(n, given)), None)
        if label and partner and _in(number, given) and not label & set(stems(text)):
            keeping = _place_of(next((s for s, said in others if label & set(stems(said))), None))
            pair = " and ".join(
                claim.text[n.start : n.end].strip() for n in sorted((number, partner), key=lambda n: n.start)
            )
            told = f"sets {pair} side by side without saying that the note gives {claim.text[number.start : number.end].strip()} to"
            name = _label_words(claim.text, number)
            yield _finding(sentence.place, f"{told} the {name} ({_line(claim.places[0])}{keeping}): “{text.strip()}”")


def _in(number: Number, others: Sequence[Number]) -> bool:
    return any((number.value, number.unit) == (other.value, other.unit) for other in others)


def _label(text: str, number: Number) -> set[str]:
    return set(stems(_label_words(text, number)))


def _label_words(text: str, number: Number) -> str:
    """The label right before a number, `random baseline` in `vs random baseline 42.6%`, or right after it."""
    before = words(re.split(r"[.,;:()]\s|\b(?:vs|versus|against|than|to)\b", text[: number.start])[-1])[-_LABEL_REACH:]
    after = words(re.split(r"[.,;:()]|\b(?:vs|versus|against|than|to)\b", text[number.end :])[0])[:_LABEL_REACH]
    for near in (before, after):
        named = [word for word in near if stem(word) in _LABELS]
        if named:
            return " ".join(named)
    return ""


def _other_numbers(claim: Claim, sentence: Sentence, text: str) -> Iterator[Finding]:
    """A number that the note has otherwise: same unit, same thing counted, another value."""
    known = [n for told in (claim.text, claim.title, *(v.text for v in claim.variants)) for n in numbers(told)]
    for number in numbers(text):
        if _in(number, known):
            continue
        counted = _next_stem(text, number)
        rival = next(
            (
                n
                for n in numbers(claim.text)
                if n.unit == number.unit and counted and counted == _next_stem(claim.text, n)
            ),
            None,
        )
        if rival and not _in(rival, numbers(text)):
            said, written = text[number.start : number.end].strip(), claim.text[rival.start : rival.end].strip()
            yield _finding(
                sentence.place,
                f"says {said} where the note says {written} ({_line(claim.places[0])}): “{text.strip()}”",
            )


def _next_stem(text: str, number: Number) -> str:
    following = stems(" ".join(text[number.end :].split()[:2]))
    return following[0] if following else ""


# --- other wordings of a note ----------------------------------------------------------------------


def _variants(seed: Seed, claim: Claim) -> Iterator[Finding]:
    """The same note in other words: its numbers differ, or it is hedged elsewhere and flat in this seed."""
    told = [(_first_place(claim), claim.text), *((variant.place, variant.text) for variant in claim.variants)]
    for place, text in (pair for pair in told if pair[0].file == seed.file):
        for other, wording in (pair for pair in told if pair[0].file != seed.file):
            yield from _numbers_differ(place, text, other, wording)
            hedge = _lost_hedge(text, wording)
            if hedge:
                where = f"flat here and with “{hedge}” at {_line(other)}"
                yield _finding(place, f"the same note is told {where}: “{text}” and “{wording}”")


def _first_place(claim: Claim) -> Place:
    """Where the claim's own wording stands: a place of it that is no variant's."""
    others = {variant.place for variant in claim.variants}
    return next((place for place in claim.places if place not in others), claim.places[0])


def _numbers_differ(place: Place, text: str, other: Place, wording: str) -> Iterator[Finding]:
    own, given = numbers(text), numbers(wording)
    for number in own:
        counted = _next_stem(text, number)
        rival = next(
            (n for n in given if n.unit == number.unit and counted and counted == _next_stem(wording, n)), None
        )
        if rival and not _in(number, given) and not _in(rival, own):
            said, elsewhere = text[number.start : number.end].strip(), wording[rival.start : rival.end].strip()
            yield _finding(place, f"the same note says {said} here and {elsewhere} at {_line(other)}")


def _lost_hedge(flat: str, other: str) -> str:
    """A hedge of one wording whose matter the other tells without any."""
    for sentence in sentences(flat):
        if not is_hedged(sentence):
            for source in sentences(other):
                for hedge, about in hedged(source):
                    if len(about) >= 4 and coverage({w: weight(w) for w in about}, stems(sentence)) >= 0.75:
                        return hedge
    return ""


# --- questions called open -------------------------------------------------------------------------

_OPEN = re.compile(
    r"\b(?:corpus|library|notes?|sources?|papers?)\s(?:(?:do|does|did|has|have|is|are)(?:n['’]t|\snot)|never)\b[^.;]{0,30}"
    r"\b(?:run|test|measure|address|answer|examine|study|studied|ask|show|probe|settle|say)\w*"
    r"|\b(?:nobody|no one|none of (?:the|these) \w+)\s(?:has|have|yet|ever|tests?|measures?|asks?|runs?|answers?)\b"
    r"|\b(?:untested|unmeasured|unanswered|unexamined)\b|\b(?:remains|is still|stays) (?:an )?(?:open|unknown|unclear)\b"
    r"|\bwhether any(?:one|body) has\b|\bopen question\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:that|this|the) (?:exact |very |same )?(?:experiment|question|test|comparison|claim)\b", re.IGNORECASE
)
_SYNONYMS = {stem(a): stem(b) for a, b in (("exist", "present"), ("exists", "present"), ("base", "pretrained"))}
_FINDS = re.compile(
    r"\b(?:find|found|show|observe|demonstrate|reveal|report|exist|present|confirm)\w*\b", re.IGNORECASE
)
ANSWERS = 0.6
"""Least share of a question's telling words in a sentence, with its paper's title, that answers it."""


def answered_findings(seed: Seed, claims: Sequence[Claim], anchorings: Mapping[str, Anchoring]) -> list[Finding]:
    """Sentences of an essay that call a question open which a paper behind one of its own notes answers."""
    carried = _carried(seed, claims)
    found: dict[str, Finding] = {}
    for sentence in seed.essay:
        text = _without_titles(sentence.text, carried)
        if not _OPEN.search(text):
            continue
        question = seed.question if _POINTS_BACK.search(text) else text
        answer = _answer(question, carried, anchorings)
        if answer and answer[1] not in found:
            claim, source, paper = answer
            found[source] = _finding(
                sentence.place,
                f"calls a question open, “{text.strip()}”, that a source of its own answers, arXiv:{paper.arxiv_id} "
                f"(behind the note at {_line(_place_in(claim, seed))}): “{source}”",
                "answered",
            )
    return list(found.values())


def _answer(
    question: str, claims: Sequence[Claim], anchorings: Mapping[str, Anchoring]
) -> tuple[Claim, str, Paper] | None:
    """The sentence of a note's paper that answers a question best, where one does."""
    wanted = _wanted(question)
    best: tuple[float, Claim, str, Paper] | None = None
    for claim in claims:
        anchoring = anchorings.get(claim.id)
        for anchor in anchoring.anchors if anchoring and anchoring.kind == "anchored" else ():
            for source in filter(_FINDS.search, sentences(anchor.paper.text)):
                share = coverage(wanted, _alike(stems(f"{anchor.paper.title} {source}")))
                if share >= ANSWERS and (best is None or share > best[0]):
                    best = (share, claim, source, anchor.paper)
    return best[1:] if best else None


def _wanted(question: str) -> dict[str, float]:
    return profile(" ".join(_alike(stems(question))))


def _alike(found: Sequence[str]) -> list[str]:
    return [_SYNONYMS.get(word, word) for word in found]


# --- words -----------------------------------------------------------------------------------------


def _place_in(claim: Claim, seed: Seed) -> Place:
    return next(place for place in claim.places if place.file == seed.file)


def _place_of(sentence: Sentence | None) -> str:
    return f"; kept at {_line(sentence.place)}" if sentence else ""


def _line(place: Place) -> str:
    return f"{place.file} line {place.line}"


def _finding(place: Place, message: str, kind: FindingKind = "drift") -> Finding:
    return Finding(kind=kind, message=message, file=place.file, line=place.line)
