"""The judge without a language model: hand-written cues, weighed by a small model trained offline.

It is right or it abstains. `scripts/train_embedded.py` makes `data/embedded_judge.json`; how well it does,
and at what, stands in `docs/embedded-judge.md`. It prints `supports`, `relaxes` and `neutral`; `overturns` no cue
told from `relaxes`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from retest.judges import Scope
from retest.judges.cues import (
    ClaimReading,
    PaperReading,
    bearing,
    likeness_in_meaning,
    nearness,
    read_claim,
    read_paper,
    sentence_features,
    vocabulary,
)
from retest.models import Abstained, Answer, Claim, Evidence, Judgement, Outcome, Paper, Seed, TextKind, Value, Verdict
from retest.terms import names, numbers, profile, sentence_spans, stem, stems, telling, words

CODE_VERSION = "8"
"""Raised whenever this file or `cues.py` answers otherwise for the same weights."""


# --- what was learned offline ----------------------------------------------------------------------


class Linear(Value):
    """A weighted sum of features; what is missing counts as 0."""

    bias: float
    weights: dict[str, float]

    def score(self, features: Mapping[str, float]) -> float:
        """Log-odds."""
        return self.bias + sum(self.weights.get(name, 0.0) * value for name, value in features.items())


class Thresholds(Value):
    """How sure an answer must be to be printed, as probabilities; all set on claims that the weights had not seen."""

    neutral: float
    """Bearing less likely than this: `neutral`."""
    supports: float | None
    """Bearing on the claim and agreeing, from here on: `supports`. None: never sure enough."""
    relaxes: float | None
    """Bearing on the claim and moving it, from here on: `relaxes`."""


class Weights(Value):
    """Everything learned."""

    schema_name: str
    sentence: Linear
    """Which sentence decides."""
    bears: Linear
    """Whether the paper bears on the claim."""
    agrees: Linear
    """Given that it bears: supports, rather than moves, it."""
    thresholds: dict[TextKind, Thresholds]


@cache
def _file() -> str:
    return files("retest").joinpath("data/embedded_judge.json").read_text(encoding="utf-8")


@cache
def shipped() -> Weights:
    """The weights that ship with the package."""
    return Weights.model_validate_json(_file())


# --- reading a pair --------------------------------------------------------------------------------


def deciding_order(claim: ClaimReading, paper: PaperReading, sentence: Linear) -> list[int]:
    """Indices of the paper's sentences, the most deciding first."""
    total = len(paper.sentences)
    scores = [sentence.score(sentence_features(claim, s, i, total)) for i, s in enumerate(paper.sentences)]
    return sorted(range(total), key=lambda index: (-scores[index], index))


class Odds(Value):
    """What the weights say of a pair, as log-odds."""

    order: tuple[int, ...]
    """The paper's sentences, the most deciding first."""
    bears: float
    agrees: float

    @property
    def bearing(self) -> float:
        """How likely the paper bears on the claim, 0 to 1."""
        return _probability(self.bears)

    @property
    def supporting(self) -> float:
        """How likely it bears and agrees."""
        return self.bearing * _probability(self.agrees)

    @property
    def moving(self) -> float:
        """How likely it bears and does not agree."""
        return self.bearing * _probability(-self.agrees)


def _probability(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def features_of(claim: ClaimReading, paper: PaperReading, order: Sequence[int]) -> dict[str, float]:
    """Everything that is weighed; `order`: the paper's sentences, the most deciding first."""
    deciding = paper.sentences[order[0]]
    return (
        nearness(claim, paper)
        | likeness_in_meaning(claim, paper, deciding)
        | bearing(claim, paper, order)
        | vocabulary(claim, paper, deciding)
    )


def weigh_pair(claim: ClaimReading, paper: PaperReading, weights: Weights) -> Odds:
    """One pair through the weights."""
    order = deciding_order(claim, paper, weights.sentence)
    features = features_of(claim, paper, order)
    return Odds(order=tuple(order), bears=weights.bears.score(features), agrees=weights.agrees.score(features))


def stance_of(odds: Odds, limits: Thresholds) -> Literal["supports", "relaxes", "neutral"] | None:
    """What log-odds amount to, of the two directions the likelier; None: cannot tell."""
    if odds.bearing < limits.neutral:
        return "neutral"
    if odds.agrees >= 0:
        return "supports" if limits.supports is not None and odds.supporting >= limits.supports else None
    return "relaxes" if limits.relaxes is not None and odds.moving >= limits.relaxes else None


# --- the judge -------------------------------------------------------------------------------------


class EmbeddedJudge:
    """Weighs by cues and learned weights; calls no model, and the same pair always gets the same answer."""

    kind: Literal["embedded"] = "embedded"
    model = "embedded-2"
    upholds = False  # of 13 claims of three golds that its support alone called upheld, 9 had been narrowed

    def __init__(self, weights: Weights | None = None) -> None:
        """`weights`: the shipped ones where none are given."""
        self._weights = weights or shipped()
        text = _file() if weights is None else weights.model_dump_json()
        digest = hashlib.sha256(f"{CODE_VERSION}\n{text}".encode()).hexdigest()
        self._prompts = {"weights": digest[:12]}

    @property
    def prompts(self) -> Mapping[str, str]:
        """Hash of the weights with the code's version."""
        return self._prompts

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        """One answer per paper, in order; each depends on its own pair alone."""
        reading = read_claim(claim, anchors)
        return [self._answer(reading, paper) for paper in papers]

    def _answer(self, claim: ClaimReading, paper: Paper) -> Answer:
        reading = read_paper(paper.title, paper.text)
        if not reading.sentences:
            return Abstained(reason="the record has no text to read")
        odds = weigh_pair(claim, reading, self._weights)
        limits = self._weights.thresholds[paper.text_kind]
        index, voice = _deciding(reading, odds.order)
        start, end = sentence_spans(paper.text)[index]
        quote = paper.text[start:end]
        stance = stance_of(odds, limits)
        if stance is None:
            return Abstained(reason=_why_abstained(odds), quote=quote, nearness=round(odds.bears, 3))
        if stance == "neutral":
            return Judgement(stance="neutral", voice=voice, quote=quote, reason=_FAR)
        reason = _reason(claim, reading, index, stance)
        return Judgement(stance=stance, voice=voice, quote=quote, reason=reason)

    async def scope(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
        """Words for a verdict, from the claim's own words and the evidence's."""
        return words_for(claim, verdict, evidence)

    async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
        """Two research questions from what moved."""
        return questions(seed, outcomes)

    async def aclose(self) -> None:
        """It holds nothing open."""


_FAR = "By its cues, shares too little with the claim to bear on it."
_OTHERS = re.compile(
    r"\b(?:(?:prior|previous|earlier|existing|past|recent|other)\s+(?:\w+\s+)?(?:work|works|studies|study|research|papers|literature|efforts)\b"
    r"|(?:has|have|had)\s+(?:\w+\s+)?(?:been\s+)?(?:shown|demonstrated|argued|reported|suggested|claimed|observed|found)\b"
    r"|(?:is|are)\s+(?:widely|commonly|often|generally)\s+\w+ed\b|it\s+is\s+(?:well\s+)?(?:known|believed|thought)\b|\bet\s+al\b)",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(r"\b(?:hypothesi[sz]e[sd]?|conjectured?|speculated?)\b", re.IGNORECASE)
_OWN = re.compile(
    r"\b(?:we|our|ours|this\s+(?:paper|work|study|article|survey)|the\s+authors|in\s+this\s+\w+|unlike|contrary|compared|than|outperform\w*)\b",
    re.IGNORECASE,
)


def is_reported(sentence: str) -> bool:
    """The sentence tells what others found, or what is only supposed, and no finding of the paper's own."""
    return bool(_SUPPOSED.search(sentence)) or (bool(_OTHERS.search(sentence)) and not _OWN.search(sentence))


def _deciding(paper: PaperReading, order: Sequence[int]) -> tuple[int, Literal["asserted", "reported"]]:
    """The sentence to quote: the most deciding one, and whether the paper says it of itself."""
    first = order[0]
    return first, "reported" if is_reported(paper.sentences[first].text) else "asserted"


_LIKELY = 0.5
"""From here on an abstention says that the paper bears on the claim."""


def _why_abstained(odds: Odds) -> str:
    """What could not be told, with the side it leans to: for a person to read, counted for nothing."""
    if odds.bearing < _LIKELY:
        return "shares the claim's topic, but its words do not show whether it bears on the claim"
    if odds.agrees > 0:
        return "bears on the claim; its words lean to agreement, too weakly to count"
    return "bears on the claim, but its words do not show which way it points"


# --- reasons ---------------------------------------------------------------------------------------

_NAMED = 2
"""Cues that a reason names at most."""
_DISPUTES = re.compile(
    r"\b(?:contrary to|contradict\w*|refut\w*|myth|debunk\w*|misconception|mirage|illusion|overestimat\w*|overstat\w*"
    r"|challeng\w+ the|not necessarily|no evidence|call\w* into question|disprov\w*|need not|unnecessary|rethink\w*|revisit\w*)\b",
    re.IGNORECASE,
)
_CONDITIONS = re.compile(
    r"\b(?:only (?:when|if|for|in|on|under|after)|depend\w* (?:\w+ )?on|var(?:y|ies)\b|whereas|partial(?:ly)?|sensitive to"
    r"|mixed|conditional\w*|limited to|trade-?offs?|unless|not (?:all|always|uniform\w*)|in some|under certain)\b",
    re.IGNORECASE,
)
_REMEDIES = re.compile(
    r"\b(?:mitigat\w+|alleviat\w+|overcom\w+|eliminat\w+|restor\w+|recover\w*|prevent\w*|clos\w+ the gap|unlock\w*|enabl\w+"
    r"|avoid\w*|reduc\w+|surpass\w*|outperform\w*|improv\w+|match(?:es|ed))\b",
    re.IGNORECASE,
)
_PERSISTS = re.compile(
    r"\b(?:even|still|remain\w*|persist\w*|consistent\w*|confirm\w*|replicat\w*|pervasive|across|systematic\w*|same|also)\b",
    re.IGNORECASE,
)


_NOT = re.compile(
    r"\b(?:not|no|never|cannot|without|nor|neither|hardly|rarely|fail(?:s|ed|ing)? to)\b|n['’]t\b", re.IGNORECASE
)
_WORDS_BEFORE = 3
"""How far before a cue a negation turns it."""


def _reason(claim: ClaimReading, paper: PaperReading, index: int, stance: Literal["supports", "relaxes"]) -> str:
    """One sentence that names the cue, and claims no more than cues can."""
    sentence = paper.sentences[index].text
    told = _support_told(claim, sentence) if stance == "supports" else narrowing_told(claim, paper.title.text, sentence)
    shared = shared_words(claim, paper, sentence)
    about = f"; shared words: {', '.join(shared)}" if shared else ""
    return f"By its cues, {told}{about}."


def _support_told(claim: ClaimReading, sentence: str) -> str:
    found = _named(_PERSISTS, sentence, claim)
    return f"reads as finding it still so ({found})" if found else "reads as pointing the claim's way"


def narrowing_told(claim: ClaimReading, title: str, sentence: str) -> str:
    """The plainest cue of title and deciding sentence, the strongest kind first."""
    for cues, told in (
        (_DISPUTES, "reads as a dispute of it ({})"),
        (_CONDITIONS, "reads as a condition on it ({})"),
        (_REMEDIES, "reads as a remedy or an advance ({})"),
    ):
        found = _named(cues, f"{title} · {sentence}", claim)
        if found:
            return told.format(found)
    return "reads as narrowing it"


def _named(cues: re.Pattern[str], text: str, claim: ClaimReading) -> str:
    """The first cues as the text has them, in quotation marks: none that is denied, or that is the claim's own word."""
    found = dict.fromkeys(
        match.group().casefold()
        for match in cues.finditer(text)
        if not _NOT.search(" ".join(text[: match.start()].split()[-_WORDS_BEFORE:]))
        and not claim.wanted.keys() & set(stems(match.group()))
    )
    return ", ".join(f"“{cue}”" for cue in list(found)[:_NAMED])


def shared_words(claim: ClaimReading, paper: PaperReading, sentence: str) -> list[str]:
    """The most telling words that claim and paper share, those of the deciding sentence first."""
    here = profile(sentence)
    written = {stem(word): word for word in reversed(words(f"{claim.claim.title} {claim.claim.text}"))}
    shared = [
        (token not in here, -weight, token)
        for token, weight in claim.wanted.items()
        if token in paper.whole and not token.isdigit()
    ]
    return [written[token] for _, _, token in sorted(shared)[:3]]


# --- words for a verdict ---------------------------------------------------------------------------

_AUXILIARIES = re.compile(
    r"(?:do|does|did|can|could|is|are|was|were|has|have|will|would|should|may|might|must)\b", re.IGNORECASE
)
_COMMON_NAMES = frozenset(("ai", "llm", "llms", "lm", "lms", "even", "i", "ood"))
_CORE_STANDS = 0.8
"""Support of at least this share of the weight of what narrows a claim leaves its core standing; set on gold."""
_LIMIT = re.compile(
    r"\b(?:can(?:not|'t)|fails?|failed|collapses?|degrades?|unable|limits?|limited|harms?|hurts?|no longer"
    r"|drops?|worse|never|does not|do not|struggles?|undermin\w+|prevents?|ignor\w+|corrupts?)\b",
    re.IGNORECASE,
)


def words_for(claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
    """Durability and its words, from the state, the evidence and the claim's own words."""
    return Scope(
        durability=durability(claim, verdict, evidence),
        durable_question=durable_question(claim),
        perishable_limitation=perishable_limitation(claim),
        rationale=_support_alone(evidence) if verdict.state == "untested" and evidence else _rationale(evidence),
    )


def durability(claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Literal["durable", "perishable"]:
    """Upheld claims last, and those that are only supported; overturned and contested ones do not.

    Between them the weight of support decides; where there is no evidence, the claim's own words.
    """
    if verdict.state == "upheld":
        return "durable"
    if verdict.state in ("overturned", "contested"):
        return "perishable"
    if verdict.state == "relaxed":
        support, moved = _weight_of(evidence, "supports"), _weight_of(evidence, "relaxes")
        return "durable" if moved and support >= _CORE_STANDS * moved else "perishable"
    if _weight_of(evidence, "supports"):
        return "durable"
    return "perishable" if things_named(claim.text) or _LIMIT.search(claim.text) else "durable"


def _weight_of(evidence: Sequence[Evidence], stance: str) -> int:
    return sum(item.strength for item in evidence if item.voice == "asserted" and item.stance == stance)


def durable_question(claim: Claim) -> str:
    """The claim's question in the form that stays open: under which conditions, rather than whether."""
    title = claim.title.strip()
    if not title.endswith("?"):
        return f"Under which conditions does it hold that {_lowered(title.rstrip('.'))}?"
    first, _, rest = title.partition(" ")
    if _AUXILIARIES.fullmatch(first):
        return f"Under which conditions {first.casefold()} {rest}"
    return title


def _lowered(text: str) -> str:
    """With a small first letter, unless the first word is a name."""
    first = text.split(" ", 1)[0]
    return text if names(first) or first.isupper() else text[:1].lower() + text[1:]


def perishable_limitation(claim: Claim) -> str:
    """The systems, figures and limits of the claim's text that newer work can move."""
    parts: list[str] = []
    if named := things_named(claim.text):
        parts.append(f"what it names ({', '.join(named)})")
    if measured := figures(claim.text):
        parts.append(f"its figures ({', '.join(measured)})")
    if limit := _LIMIT.search(claim.text):
        parts.append(f"the limit or harm it states (“{limit.group().casefold()}”)")
    if parts:
        return f"Tied to its time: {_joined(parts)}."
    terms = ", ".join(telling(claim.text, 3))
    return f"It names no system, figure or limit; what can date is the setting it was tested in ({terms})."


_HYPHENATED_WORD = re.compile(r"[A-Z][a-z]+(?:-[A-Z][a-z]+)+")


def things_named(text: str) -> tuple[str, ...]:
    """Models, methods and benchmarks by their names, at most four."""
    found = [name.strip("-.") for name in names(text) if name.casefold() not in _COMMON_NAMES]
    return tuple(name for name in found if name[0].isalpha() and not _HYPHENATED_WORD.fullmatch(name))[:4]


def figures(text: str) -> tuple[str, ...]:
    """Numbers as they are written, each with its unit or the words it counts; years left out; at most three."""
    found: list[str] = []
    ended = -1
    for number in numbers(text):
        written = text[number.start : number.end].strip()
        is_range = number.start == ended + 1 and text[ended] in "-–"
        ended = number.end
        if is_range and found:
            found[-1] = f"{found[-1]}–{written}"
        elif number.unit or not written.isdigit():
            found.append(written)
        elif not 1990 <= number.value <= 2035:
            counted = re.match(r"\+?(?:[ -][a-z]+(?:ly|ed|al|er))*[ -][a-z]+", text[number.end :])
            if counted:
                found.append(written + counted.group())
    return tuple(dict.fromkeys(found))[:3]


def _rationale(evidence: Sequence[Evidence]) -> str:
    """How many newer papers say what, and which to read first: the strongest, of equals the newest."""
    asserted = [item for item in evidence if item.voice == "asserted" and item.stance != "neutral"]
    if not asserted:
        return "No newer paper could be shown to bear on it; how long it lasts is read off the claim's own words."
    tellings = (
        ("supports", "support", "supports"),
        ("relaxes", "narrow", "narrows"),
        ("overturns", "contradict", "contradicts"),
    )
    counts = [(sum(item.stance == stance for item in asserted), many, one) for stance, many, one in tellings]
    told = [f"{count} {one if count == 1 else many} it" for count, many, one in counts if count]
    verb = {stance: one for stance, _, one in tellings}[asserted[0].stance]
    first = f"arXiv:{asserted[0].paper.arxiv_id} ({asserted[0].paper.published:%B %Y})"
    if len(asserted) == 1 and asserted[0].strength == 1:
        return f"A single weak sign: by its cues {first} {verb} it. Read that paper before relying on this verdict."
    if len(asserted) == 1:
        return f"One newer paper bears on it: by its cues {first} {verb} it."
    if len(told) == 1:
        many = next(many for count, many, _ in counts if count)
        return f"By their cues {len(asserted)} newer papers {many} it, and none was read the other way; the first is {first}."
    return f"Of {len(asserted)} newer papers that bear on it, {_joined(told)}; the first to read, {first}, {verb} it."


def _support_alone(evidence: Sequence[Evidence]) -> str:
    """Support that makes no verdict."""
    asserted = [item for item in evidence if item.voice == "asserted"]
    if not asserted:
        return _rationale(evidence)
    first = f"arXiv:{asserted[0].paper.arxiv_id} ({asserted[0].paper.published:%B %Y})"
    told = (
        f"{len(asserted)} newer papers support it, the first {first}" if len(asserted) > 1 else f"{first} supports it"
    )
    return f"By cues {told}. But going by cues misses much of what narrows a claim, so this is no verdict."


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


# --- research questions ----------------------------------------------------------------------------

_LONGEST_TITLE = 130


def questions(seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
    """Two questions that take what moved as the new starting point, in the evidence's own terms."""
    moved = sorted(((-_moved(outcome), outcome.claim.id, outcome) for outcome in outcomes), key=lambda row: row[:2])
    ranked = [(outcome, item) for weight, _, outcome in moved if weight for item in _movers(outcome)[:1]]
    ranked += [(outcome, item) for weight, _, outcome in moved[:1] if weight for item in _movers(outcome)[1:2]]
    asked = [ask_of(pair) for ask_of, pair in zip((_regime_question, _repeat_question), ranked, strict=False)]
    asked += [
        _open_question(outcome) for _, _, outcome in moved if outcome.claim.id not in {o.claim.id for o, _ in ranked}
    ]
    asked += [
        f"Which finding behind “{seed.question.strip()}” would change first with the models of today?",
        f"Which setting, left out by the sources of “{seed.question.strip()}”, would test them hardest?",
    ]
    return asked[0], asked[1]


def _movers(outcome: Outcome) -> list[Evidence]:
    """What narrows or overturns the claim, the strongest first."""
    return [item for item in outcome.evidence if item.voice == "asserted" and item.stance in ("relaxes", "overturns")]


def _moved(outcome: Outcome) -> int:
    """How much speaks for a moved regime."""
    return sum(item.strength * (2 if item.stance == "overturns" else 1) for item in _movers(outcome))


def _regime_question(pair: tuple[Outcome, Evidence]) -> str:
    outcome, item = pair
    return f"{durable_question(outcome.claim).rstrip('?')} once the setting of {_cited(item.paper)} is the usual one?"


def _repeat_question(pair: tuple[Outcome, Evidence]) -> str:
    outcome, item = pair
    measured = figures(outcome.claim.text)[:2]
    result = _joined(measured) if measured else "the same answer"
    test = f"the test behind “{outcome.claim.title.strip()}”"
    return f"Would repeating {test} in the setting of {_cited(item.paper)} still give {result}?"


def _open_question(outcome: Outcome) -> str:
    """For a claim that nothing newer moved."""
    return f"{durable_question(outcome.claim).rstrip('?')} for models released after {outcome.effective_date:%B %Y}?"


def _cited(paper: Paper) -> str:
    title = paper.title.strip().rstrip(".")
    if len(title) > _LONGEST_TITLE:
        title = title[:_LONGEST_TITLE].rsplit(" ", 1)[0] + " …"
    return f"“{title}” (arXiv:{paper.arxiv_id}, {paper.published:%B %Y})"
