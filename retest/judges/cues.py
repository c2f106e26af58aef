"""What can be read off a claim and a paper by their words alone: cues, directions, nearness, the words themselves.

Every figure here is a *feature*: a name with a number, which `embedded.py` weighs. The groups of cue
words were written by hand and kept where they told newer papers apart on claims of both gold sets; how much the
words themselves tell was learned from labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from retest.lexicon import directions, lexicon, signature
from retest.models import Claim, Paper
from retest.terms import (
    coverage,
    likeness,
    names,
    numbers,
    profile,
    sentence_spans,
    stem,
    stems,
    telling,
    words,
)

# Phrases are compared stem by stem, so one form of each word is enough.
CUES: dict[str, str] = {
    "method": """propose, introduce, we present, develop, design, novel, our method, our approach, our framework,
        new method, framework, pipeline, algorithm, technique, we build, training recipe, we devise, plug and play,
        module""",
    "remedy": """mitigate, alleviate, address, overcome, eliminate, resolve, remedy, restore, recover, bridge,
        close the gap, narrow the gap, enable, unlock, prevent, tackle, solve, without sacrificing, counteract, repair,
        avoid, suppress, no longer, fix, circumvent, bypass, steer, remove, halve, lift, defense, protect, correct""",
    "lifts": """can, enable, restore, steer, retain, reach, turn, stabilize, recover, mitigate, reduce, close, match,
        eliminate, preserve, without, overcome, yet, robust, design, surpass, prevent, avoid, substantially improve""",
    "study": """we find, we study, investigate, evaluate, analyze, examine, systematic, empirical, results show, reveal,
        evidence, observe, we test, measure, audit, characterize, experiment, controlled, probe, analysis, finding,
        the authors find, compare, case study, assess, trial, participant, ablation""",
    "gauges": """investigate, measure, quantify, empirical, evidence, audit, diagnose, real world, study of, evaluate,
        assess, probe, reveal, uncover, expose, test, examine, survey, benchmark, analysis, failure""",
    "benchmark": "benchmark, evaluation suite, leaderboard, test suite, testbed, evaluation framework, task suite",
    "survey": """survey, taxonomy, overview, position paper, perspective, roadmap, review of, literature review,
        systematic review, this review""",
    "persistence": """even, still, remain, persist, continue to, consistent, across models, frontier model,
        even the best, confirm, replicate, corroborate, pervasive, universal, widespread, substantial room, best model,
        across all, all models, strongest model, state of the art models, most capable, far from, current models,
        regardless, across families, systematically""",
    "holds": """fail to, do not, chance, still, harm, real world, also, likewise, similarly, indeed, same,
        consistent with, in line with, again, confirm, even, remain, persist, all, every, across, none, struggle, risk,
        pervasive, systematically, further, corroborate, universal""",
    "contrary": """contrary to, challenge the, contradict, refute, myth, revisit, rethink, reconsider, not necessarily,
        illusion, misconception, overstate, overestimate, counterintuitive, surprisingly, conventional wisdom,
        common belief, prevailing, widely assume, widely held, mirage, artifact, confound, debunk, no evidence,
        call into question, rather than, in contrast to, opposite, reverse, unnecessary, not inherent, disprove,
        unlike prior, but not, dispute, counterexample, need not, misleading, spurious, false, assumption""",
    "condition": """depend on, only when, only if, only for, conditional, vary, varies, heterogeneous, mixed, dependent,
        trade off, tradeoff, nuanced, boundary, regime, sometimes, not always, partial, selective, unless, whereas,
        while, in some, certain, under, specific, when, if, moderate, differ, uneven, threshold, limited to, scale with,
        diminish, not uniform, sensitive to, interaction, more nuanced, not all, some, asymmetric, context""",
    "narrows": """only when, only if, depends on, vary, varies, differ, whereas, while, certain, specific, in some,
        partial, not uniform, regime, threshold, sensitive, mixed, conditional, heterogeneous, asymmetric, but, however,
        shift, interaction, limited to, scale, moderate, trade off, when, unless, if, role""",
    "nuance": """limits of, beyond, understand, role of, sensitive, shape, break, rethink, revisit, illusion, myth,
        not all, really, paradox, debate, trade off, boundary, mirage, panacea, necessarily, matter, when, conditional,
        reassess, demystify, closer look, hidden, question, curse, cost of, price of, tax, pitfalls, not enough, is not,
        is all, need, reconsider, fallacy, reality, critical""",
    "concession": "however, but, although, despite, yet, nevertheless, though, nonetheless",
    "bad": """fail, failure, struggle, degrade, decline, drop, collapse, worse, harm, hurt, suffer, limited, limitation,
        poor, weak, unreliable, unable, cannot, inadequate, insufficient, brittle, fragile, vulnerable, lack, bias,
        error, hallucination, deteriorate, underperform, below, chance, fall short, challenging, bottleneck, undermine,
        loss, decrease, impair, inconsistent, miscalibrated, overconfident, difficult, unstable, wrong, incorrect,
        threat, risk, shortcut, superficial, distort, exploit, forget, erode, weaken, lose, miss, problem, attack,
        costly, reduction, shallow, ineffective, unfaithful, unsafe, slow, gap, flaw, deficit, trap, narrow,
        homogenize, homogeneity, sycophancy, misalign, insecure, fall, overthink, waste""",
    "good": """improve, outperform, surpass, exceed, achieve, effective, gain, boost, enhance, success, succeed, robust,
        reliable, match, competitive, on par, better, superior, strong, accurate, benefit, enable, advance, win, gold,
        efficient, comparable, generalize, capable, best, powerful, high quality, solve, excel, faithful, useful,
        helpful, outstanding, perfect, optimal, faster, sufficient, suffice, promising, safe, stable, diverse, preserve,
        retain, help, faithfully, beat, recover, free, lift, calibrated""",
    "negation": """not, no, never, neither, nor, cannot, without, hardly, rarely, little, unlikely, barely, none,
        far from, don't, doesn't, isn't, fail to, lack of, less, fewer, absence of, reduce, lower, decrease, mitigate,
        prevent, avoid, alleviate, eliminate, overcome, suppress, minimize""",
    "report": """prior work, previous work, previous study, prior study, prior research, previous research, recent work,
        recent study, recent research, has been shown, have been shown, have shown, has shown, have demonstrated,
        has demonstrated, it has been, existing work, existing study, existing research, literature, it is commonly,
        is widely, are widely, it is well known, known to, et al, have argued, is often, has emerged, have emerged,
        have achieved, has achieved, increasingly, has become, have become, often assume, it is believed, traditionally,
        existing method, existing approach, conventional, it remains unclear, remains unclear""",
    "own": "we, our, this paper, this work, this study, the authors, result, experiment, here, this article",
    "comparison": "compared to, compared with, than, relative to, outperform, exceed, versus, baseline, vs",
    "human": "participant, human, people, user, student, developer, survey respondent, expert, teacher, worker",
    "newer": """gpt 4o, gpt 5, o1, o3, o4, deepseek r1, gemini 2, gemini 3, claude 3, claude 4, claude opus,
        claude sonnet, reasoning model, llama 3, qwen3, qwen2, frontier, large reasoning, deepseek v3, grok,
        test time""",
}
# Which way a quantity goes, whether that is good or bad: `agreement` compares it around shared words.
UP = """increase, improve, higher, more, boost, gain, expand, amplify, raise, better, outperform, surpass, exceed,
    enhance, preserve, retain, enable, stronger, grow, large, greater, succeed, achieve, can, match, help, benefit,
    generalize, suffice, robust, reliable, solve, effective, win, reach, recover, superior, faithful, accurate, strong,
    high, advance, beat, comparable, on par, competitive, lift, capable, useful, restore, good, best, stable, express,
    learn, discover"""
DOWN = """reduce, lower, less, drop, decline, shrink, collapse, lose, degrade, fail, fall, worse, harm, hurt, weak,
    decrease, narrow, limit, suppress, cannot, fewer, worsen, erode, underperform, suffer, diminish, impair, poor,
    struggle, unable, lack, loss, bias, hardly, rarely, brittle, fragile, unreliable, vulnerable, inconsistent,
    unfaithful, insufficient, inadequate, little, small, far from, low, below, gap, deteriorate, homogenize, constrain,
    miss, wrong, incorrect, error, shallow, superficial, slow, forget, insecure, ineffective, marginal, negligible,
    waste, overconfident"""
TURNS = "not, no, never, neither, nor, without, cannot, don't, doesn't, isn't, avoid, prevent, mitigate, alleviate, eliminate, overcome"

REACH_OF_NEGATION = 3
"""Words after a negation that it turns."""
SHORT = 4
"""Sentences up to which a text is as short as a digest: less of it can be shared."""
BEGINNING = 4
"""Words by which a sentence begins."""
NEARNESS_DIGITS = 5
"""Kept of a cosine: in what is beyond, processors differ."""
LEAD = 2
"""Sentences by which a paper is weighed, beside the whole."""
_CROSSED = ("method", "remedy", "persistence", "contrary", "good", "bad")


# --- a passage -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """A passage read once."""

    text: str
    tokens: tuple[str, ...]
    """Stems of all its words, stop words too."""
    cues: Mapping[str, int]
    valence: float
    """-1 (only bad news) to 1 (only good news), negations turned."""
    directions: tuple[int, ...]
    """For each token 1 (up), -1 (down) or 0."""
    profile: dict[str, float]
    """Its telling stems with weights."""
    numbers: int


@lru_cache(maxsize=20_000)
def read(text: str) -> Reading:
    """A passage's cues, valence and directions."""
    tokens = tuple(stem(word) for word in words(text))
    found = _found(tokens)
    cues: dict[str, int] = {}
    for _, _, group in found:
        if group in CUES:
            cues[group] = cues.get(group, 0) + 1
    negated = _reached(found, "negation")
    signs = [
        (-1 if at in negated else 1) * (1 if group == "good" else -1)
        for at, _, group in found
        if group in ("good", "bad")
    ]
    return Reading(
        text=text,
        tokens=tokens,
        cues=cues,
        valence=sum(signs) / (len(signs) + 1),
        directions=_directions(tokens, found),
        profile=profile(text),
        numbers=len(numbers(text)),
    )


def _found(tokens: Sequence[str]) -> list[tuple[int, int, str]]:
    """Every cue phrase: where it starts, how many words it has, its group."""
    table = _phrases()
    return [
        (at, len(parts), group)
        for at, token in enumerate(tokens)
        for parts, group in table.get(token, ())
        if len(parts) == 1 or tuple(tokens[at : at + len(parts)]) == parts
    ]


@cache
def _phrases() -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """Cue phrases as stems with their group, under their first stem."""
    table: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for group, text in (CUES | {"up": UP, "down": DOWN, "turn": TURNS}).items():
        for phrase in text.split(","):
            parts = tuple(stem(word) for word in words(phrase))
            table.setdefault(parts[0], set()).add((parts, group))
    return {first: tuple(sorted(rows)) for first, rows in table.items()}


def _reached(found: Iterable[tuple[int, int, str]], group: str) -> set[int]:
    """Positions that the negations of `group` turn."""
    return {
        after
        for at, length, name in found
        if name == group
        for after in range(at + length, at + length + REACH_OF_NEGATION)
    }


def _directions(tokens: Sequence[str], found: Sequence[tuple[int, int, str]]) -> tuple[int, ...]:
    turned = _reached(found, "turn")
    signs = [0] * len(tokens)
    for at, _, group in found:
        if group in ("up", "down"):
            signs[at] = (1 if group == "up" else -1) * (-1 if at in turned else 1)
    return tuple(signs)


@lru_cache(maxsize=40_000)
def _tendencies(text: str, reach: int) -> dict[str, float]:
    """For each telling word of a sentence, which way the words around it point; `reach` words to each side."""
    reading = read(text)
    charged = [(at, sign) for at, sign in enumerate(reading.directions) if sign]
    found: dict[str, list[float]] = {}
    for at, token in enumerate(reading.tokens):
        if token in reading.profile and not reading.directions[at]:
            pull = sum(sign / (1 + abs(at - other) / 2) for other, sign in charged if abs(at - other) <= reach)
            if pull:
                found.setdefault(token, []).append(pull)
    return {token: sum(pulls) / len(pulls) for token, pulls in found.items()}


# --- a claim and a paper ---------------------------------------------------------------------------


@dataclass(frozen=True)
class ClaimReading:
    """A claim, read, with what its anchors add."""

    claim: Claim
    title: Reading
    text: Reading
    wanted: dict[str, float]
    """Profile of title and text."""
    heavy: tuple[str, ...]
    """Its most telling stems."""
    names: frozenset[str]
    own_names: frozenset[str]
    """What its anchors call themselves, from before the colon of their titles."""
    anchors: tuple[dict[str, float], ...]
    anchor_titles: tuple[dict[str, float], ...]
    pairs: frozenset[tuple[str, str]]
    meaning: Any
    """The direction of title and text in the embedding, a row of 256 numbers."""
    title_meaning: Any
    anchor_meaning: Any
    """The mean of the anchors' directions; the number 0 without one, and then nothing asks for it."""
    tendencies: dict[int, dict[str, float]] = field(default_factory=dict)
    """By reach, see `_tendencies`."""


@dataclass(frozen=True)
class PaperReading:
    """A paper's title and sentences, read."""

    title: Reading
    sentences: tuple[Reading, ...]
    whole: dict[str, float]
    """Profile of title and text."""
    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]
    meaning: Any
    """The direction of title and text in the embedding."""


def read_claim(claim: Claim, anchors: Sequence[Paper]) -> ClaimReading:
    """A claim's parts, read."""
    both = f"{claim.title} {claim.text}"
    return ClaimReading(
        claim=claim,
        title=read(claim.title),
        text=read(claim.text),
        wanted=profile(both),
        heavy=tuple(stem(word) for word in telling(both, 6)),
        names=frozenset(name.casefold() for name in names(claim.text)),
        own_names=frozenset(name.casefold() for paper in anchors for name in names(paper.title.split(":")[0])),
        anchors=tuple(profile(f"{paper.title} {paper.text}") for paper in anchors),
        anchor_titles=tuple(profile(paper.title) for paper in anchors),
        pairs=_pairs(both),
        meaning=meaning_of(both),
        title_meaning=meaning_of(claim.title),
        anchor_meaning=sum(meaning_of(f"{paper.title} {paper.text}") for paper in anchors) / max(len(anchors), 1),
        tendencies={reach: _claim_tendencies(claim.text, reach) for reach in (3, 12)},
    )


def _claim_tendencies(text: str, reach: int) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for start, end in sentence_spans(text):
        for token, pull in _tendencies(text[start:end], reach).items():
            found.setdefault(token, []).append(pull)
    return {token: sum(pulls) / len(pulls) for token, pulls in found.items()}


@lru_cache(maxsize=5_000)
def read_paper(title: str, text: str) -> PaperReading:
    """A paper's parts, read; `text` is the abstract or the digest."""
    return PaperReading(
        title=read(title),
        sentences=tuple(read(text[start:end]) for start, end in sentence_spans(text)),
        whole=profile(f"{title} {text}"),
        names=frozenset(name.casefold() for name in names(f"{title}. {text}")),
        pairs=_pairs(f"{title} {text}"),
        meaning=meaning_of(f"{title} {text}"),
    )


@lru_cache(maxsize=20_000)
def meaning_of(text: str) -> Any:
    """A text's direction in the embedding of the package, a float32 row of length 1; zeros where no word is known."""
    return directions(lexicon().vector(signature("", text)))


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Neighbouring telling stems."""
    return frozenset(pairwise(stems(text)))


# --- features --------------------------------------------------------------------------------------


def sentence_features(claim: ClaimReading, sentence: Reading, index: int, total: int) -> dict[str, float]:
    """What tells the sentence that decides from the others; how it begins (`we find`) counts besides its words."""
    features = {f"sentence:{group}": float(min(count, 2)) for group, count in sentence.cues.items()}
    features |= {f"sentence word:{token}": 1.0 for token in sentence.tokens}
    features |= {f"sentence begins:{first} {second}": 1.0 for first, second in pairwise(sentence.tokens[:BEGINNING])}
    return features | {
        "sentence:coverage": 10 * coverage(claim.wanted, sentence.profile),
        "sentence:likeness": 5 * likeness(claim.wanted, sentence.profile),
        "sentence:position": index / max(total - 1, 1),
        "sentence:first": float(index == 0),
        "sentence:last": float(index == total - 1),
        "sentence:numbers": float(min(sentence.numbers, 2)),
        "sentence:length": min(len(sentence.tokens), 50) / 25,
    }


def nearness(claim: ClaimReading, paper: PaperReading) -> dict[str, float]:
    """Words, names and word pairs that the claim or its anchors share with the paper."""
    title = claim.title.profile
    return {
        "near:claim in paper": coverage(claim.wanted, paper.whole),
        "near:title in paper": coverage(title, paper.whole),
        "near:claim in title": coverage(claim.wanted, paper.title.profile),
        "near:title in title": coverage(title, paper.title.profile),
        "near:paper title in claim": coverage(paper.title.profile, claim.wanted),
        "near:likeness": likeness(claim.wanted, paper.whole),
        "near:title likeness": likeness(title, paper.title.profile),
        "near:best sentence": max((coverage(claim.wanted, s.profile) for s in paper.sentences), default=0.0),
        "near:heavy words": float(sum(word in paper.whole for word in claim.heavy)),
        "near:names": float(min(len(claim.names & paper.names), 2)),
        "near:anchor named": float(bool(claim.own_names & paper.names)),
        "near:anchor likeness": max((likeness(anchor, paper.whole) for anchor in claim.anchors), default=0.0),
        "near:anchor title": max(
            (likeness(anchor, paper.title.profile) for anchor in claim.anchor_titles), default=0.0
        ),
        "near:anchor title in paper": max(
            (coverage(anchor, paper.whole) for anchor in claim.anchor_titles), default=0.0
        ),
        "near:no anchor": float(not claim.anchors),
        "near:pairs": math.log1p(len(claim.pairs & paper.pairs)),
        "near:claim length": float(len(claim.wanted)),
        "near:paper length": math.log1p(len(paper.whole)),
        "near:paper is short": float(len(paper.sentences) <= SHORT),
    }


def likeness_in_meaning(claim: ClaimReading, paper: PaperReading, deciding: Reading) -> dict[str, float]:
    """Nearness of claim, anchor and paper where they say the same in other words: cosines, of several anchors their mean."""
    sentence, title = meaning_of(deciding.text), meaning_of(paper.title.text)
    cosines = {
        "meaning:claim and paper": claim.meaning @ paper.meaning,
        "meaning:claim and sentence": claim.meaning @ sentence,
        "meaning:claim and title": claim.meaning @ title,
        "meaning:titles": claim.title_meaning @ title,
    }
    if claim.anchors:
        cosines["meaning:anchor and paper"] = claim.anchor_meaning @ paper.meaning
        cosines["meaning:anchor and sentence"] = claim.anchor_meaning @ sentence
    return {name: round(float(cosine), NEARNESS_DIGITS) for name, cosine in cosines.items()}


def vocabulary(claim: ClaimReading, paper: PaperReading, deciding: Reading) -> dict[str, float]:
    """The words themselves, by where they stand; of the deciding sentence the pairs of neighbours too."""
    parts = {
        "lead word": deciding.tokens,
        "lead pair": (f"{first} {second}" for first, second in pairwise(deciding.tokens)),
        "title word": paper.title.tokens,
        "paper word": (token for sentence in paper.sentences for token in sentence.tokens),
        "claim word": (*claim.title.tokens, *claim.text.tokens),
    }
    return {f"{part}:{token}": 1.0 for part, tokens in parts.items() for token in tokens}


def bearing(claim: ClaimReading, paper: PaperReading, order: Sequence[int]) -> dict[str, float]:
    """The paper's kind and outcome, and whether it points the claim's way.

    `order`: indices of the paper's sentences, the most deciding first.
    """
    lead = [paper.sentences[index] for index in order[:LEAD]]
    limit = _tells_of_a_limit(claim)
    whole_rates, lead_rates = _rates(paper.sentences), _rates(lead)
    features = {"claim:limit": limit}
    for group in CUES:
        features[f"paper:{group}"] = whole_rates.get(group, 0.0)
        features[f"lead:{group}"] = lead_rates.get(group, 0.0)
        features[f"title:{group}"] = float(min(paper.title.cues.get(group, 0), 2))
    for group in _CROSSED:
        for part in ("paper", "lead", "title"):
            features[f"limit x {part}:{group}"] = limit * features[f"{part}:{group}"]
    good = sum(sentence.valence for sentence in lead) / max(len(lead), 1)
    return features | {
        "lead:valence": good,
        "lead:numbers": min(sum(sentence.numbers for sentence in lead), 4) / 4,
        "title:valence": paper.title.valence,
        "title:question": float(paper.title.text.rstrip().endswith("?")),
        "title:colon": float(":" in paper.title.text),
        "same way:lead": -limit * good,
        "same way:title": -limit * paper.title.valence,
        "agrees:closely, first": agreement(claim, lead[:1], 3),
        "agrees:closely": agreement(claim, [paper.sentences[index] for index in order[:3]], 3),
        "agrees:loosely, first": agreement(claim, lead[:1], 12),
        "agrees:loosely": agreement(claim, paper.sentences, 12),
        "background:near": max((coverage(claim.wanted, s.profile) for s in paper.sentences[:2]), default=0.0),
        "background:however": float(any("concession" in s.cues for s in paper.sentences[1:4])),
    }


def _tells_of_a_limit(claim: ClaimReading) -> float:
    """1: the claim tells of a limit or harm; -1: of a success."""
    return max(-1.0, min(1.0, -(claim.title.valence + 2 * claim.text.valence) / 2))


def _rates(sentences: Sequence[Reading]) -> dict[str, float]:
    """Cues per sentence, damped."""
    totals: dict[str, int] = {}
    for sentence in sentences:
        for group, count in sentence.cues.items():
            totals[group] = totals.get(group, 0) + count
    return {group: math.log1p(2 * count / len(sentences)) for group, count in totals.items()}


def agreement(claim: ClaimReading, sentences: Iterable[Reading], reach: int) -> float:
    """Do the words around what claim and sentences share point the same way? -1 to 1, 0 where nothing tells."""
    wanted = claim.tendencies[reach]
    same = total = 0.0
    for sentence in sentences:
        for token, pull in _tendencies(sentence.text, reach).items():
            if token in wanted:
                share = sentence.profile[token]
                same += share if (wanted[token] > 0) == (pull > 0) else -share
                total += share
    return same / (total + 3)
