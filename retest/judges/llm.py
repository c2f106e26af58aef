"""The judge with a language model behind it: it asks, and code decides what an answer may amount to."""

from __future__ import annotations

import asyncio
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Literal, TypeVar

from retest.errors import JudgeUnreachable
from retest.judges import Judge, Scope
from retest.judges.endpoint import Endpoint, Reply, Usage
from retest.models import (
    Abstained,
    Answer,
    Claim,
    Evidence,
    Judgement,
    NotJudged,
    Outcome,
    Paper,
    Seed,
    Stance,
    Verdict,
    Voice,
)
from retest.quotes import Located, locate
from retest.templates import cut, fence, load, sentences

log = logging.getLogger(__name__)

JUDGE, SECOND_LOOK, SCOPE, QUESTIONS = "judge-v2", "second-look-v1", "scope-v2", "questions-v1"
LONGEST_REASON, LONGEST_QUESTION, LONGEST_LIMITATION, LONGEST_RATIONALE = 240, 300, 300, 500
BATCH = 6
"""Candidates per request."""
ANCHORS_SHOWN, EVIDENCE_SHOWN, CLAIMS_SHOWN = 2, 10, 12
SHORTEST_SPAN = 6
"""Words. Fewer are a phrase that may say the opposite of its sentence."""

_NEGATION = re.compile(
    r"\b(?:not|no|none|nothing|nobody|nor|never|neither|cannot|without|unless|unlike|hardly|barely|rarely|seldom|only"
    r"|fail\w*|lacks?|myth|misconception|misbelief|contrary|refut\w*|rebut\w*|disprov\w*|debunk\w*|reject\w*|deny|denies"
    r"|doubt\w*|false\w*|mistaken\w*|wrong\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<![\d.])(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?(?!\d)", re.IGNORECASE)
_WRITTEN_ID = re.compile(r"\barxiv\b(?!\s*:?\s*\x00)", re.IGNORECASE)
"""What remains where every id has become a NUL: the word before an id that is written otherwise."""
_CITED = re.compile(
    r"[A-Z][a-zÀ-ɏ'’]+(?:,? (?:and|&) [A-Z][a-zÀ-ɏ'’]+)?,? \(?(?:19|20)\d\d[a-z]?\b"  # Smith and Jones (2025); Smith, 2025
)
_MONTH = re.compile(
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|In|Since|By|Of|From|Until|Before|After)"
    r" \(?(?:19|20)\d\d\b"
)
_ARXIV_ADDRESS = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/", re.IGNORECASE)
_ADDRESS = re.compile(
    r"://|\bwww\.|\b10\.\d{4,}/|\bet al\b|\w\.(?:com|org|net|edu|gov)\b|[\w-]\.[a-z]{2,}/\w",
    re.IGNORECASE,
)

T = TypeVar("T")
Bearing = Literal["yes", "no", "unsure"]
Found = Literal["agrees", "narrower", "lifts the limit", "contradicts", "unrelated"]
Three = Literal["yes", "no", "unsure"]


# --- what the model is asked for: the sentence and the reason first, so that the labels follow from them ----


class Reading(Reply):
    """The model's reading of one candidate."""

    candidate: int
    sentence: int
    span: str = ""
    reason: str
    bears: Bearing
    same_setting: bool
    finding: Found
    voice: Voice
    strength: int


class Readings(Reply):
    """The model's answer to a request for several candidates."""

    MOST_ITEMS = BATCH

    answers: list[Reading]


class SecondLook(Reply):
    """The model's answer after arguing against an overturn."""

    objection: str
    same_setting: Three
    asserted: Three
    contradicts_core: Three
    sentence: int
    reason: str


class Scoping(Reply):
    """The model's words for a verdict."""

    rationale: str
    durability: Literal["durable", "perishable"]
    durable_question: str
    perishable_limitation: str


class Questions(Reply):
    """The model's research questions for a seed."""

    first: str
    second: str


# --- the judge ----------------------------------------------------------------------------------------------


class LlmJudge:
    """Weighs with a model behind an OpenAI-compatible endpoint; `fallback` finds the words where the model has none."""

    kind: Literal["llm"] = "llm"
    upholds = True

    def __init__(self, endpoint: Endpoint, fallback: Judge, batch: int = BATCH) -> None:
        """`batch`: candidates per request."""
        self._endpoint = endpoint
        self._fallback = fallback
        self._batch = batch

    def __repr__(self) -> str:
        return f"LlmJudge({self._endpoint!r})"

    @property
    def model(self) -> str:
        """The model's name as it was configured."""
        return self._endpoint.model

    @property
    def prompts(self) -> Mapping[str, str]:
        """Hash of every prompt file that it uses."""
        own = {name: load(name).digest for name in (JUDGE, SECOND_LOOK, SCOPE, QUESTIONS)}
        return dict(sorted((own | self._endpoint.prompts).items()))

    @property
    def endpoint(self) -> Endpoint:
        """Where it asks."""
        return self._endpoint

    @property
    def usage(self) -> Usage:
        """Calls and tokens so far, for the run log."""
        return self._endpoint.usage

    async def aclose(self) -> None:
        """Closes the endpoint's connections."""
        await self._endpoint.aclose()

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        """One answer per paper, in order; what overturns has survived a second look."""
        about = claim_block(claim, anchors)
        readable = [index for index, paper in enumerate(papers) if sentences(paper.text)]
        batches = [readable[at : at + self._batch] for at in range(0, len(readable), self._batch)]
        answered = await _together(self._weigh_batch(about, [papers[index] for index in batch]) for batch in batches)
        answers: list[Answer] = [NotJudged(reason="the paper's record has no text")] * len(papers)
        for batch, batch_answers in zip(batches, answered, strict=True):
            for index, answer in zip(batch, batch_answers, strict=True):
                answers[index] = answer
        return await _together(
            self._looked_at_again(about, paper, answer) for paper, answer in zip(papers, answers, strict=True)
        )

    async def _weigh_batch(self, about: str, papers: Sequence[Paper]) -> list[Answer]:
        system, user = load(JUDGE).fill(
            claim=about,
            candidates="\n\n".join(candidate_block(paper, number) for number, paper in enumerate(papers, 1)),
            numbers=", ".join(str(number) for number in range(1, len(papers) + 1)),
        )
        try:
            readings = await self._endpoint.ask(system, user, Readings)
        except JudgeUnreachable as error:
            return [NotJudged(reason=cut(str(error), LONGEST_REASON))] * len(papers)
        return answers_of(readings, papers)

    async def _looked_at_again(self, about: str, paper: Paper, first: Answer) -> Answer:
        """The first answer, unless it would raise an alarm and the second look does not confirm it."""
        if not (isinstance(first, Judgement) and first.stance == "overturns" and first.voice == "asserted"):
            return first
        system, user = load(SECOND_LOOK).fill(
            claim=about, candidate=candidate_block(paper, 1), sentence=str(_sentence_at(first.quote, paper.text))
        )
        try:
            look = await self._endpoint.ask(system, user, SecondLook)
        except JudgeUnreachable as error:
            return NotJudged(reason=cut(f"it may overturn the claim, and no second look came: {error}", LONGEST_REASON))
        return confirmed(first, look, paper)

    async def scope(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
        """Words for a decided verdict; the fallback's where the model has none that can be printed."""
        plain = await self._fallback.scope(claim, verdict, evidence)
        if verdict.state == "unreachable":
            return plain
        counts = Counter(item.stance for item in evidence if item.voice == "asserted")
        shown = evidence[:EVIDENCE_SHOWN]
        system, user = load(SCOPE).fill(
            claim=claim_block(claim, ()),
            state=verdict.state,
            counts=", ".join(f"{counts[stance]} {stance}" for stance in ("supports", "relaxes", "overturns")),
            evidence="\n\n".join(evidence_block(item) for item in shown) or "None: nothing newer bears on the claim.",
        )
        words = await self._endpoint.ask(system, user, Scoping)
        return narrowed(words, plain, verdict, [item.paper.arxiv_id for item in shown])

    async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
        """Two research questions; the fallback's in the place of one that cannot be printed."""
        plain = await self._fallback.ask(seed, outcomes)
        shown = sorted(outcomes, key=lambda outcome: _STILLNESS[outcome.verdict.state])[:CLAIMS_SHOWN]
        system, user = load(QUESTIONS).fill(
            question=fence("question", [f"Question: {seed.question}", f"Gloss: {seed.gloss}"]),
            claims="\n\n".join(outcome_block(outcome) for outcome in shown) or "None.",
        )
        asked = await self._endpoint.ask(system, user, Questions)
        known = [item.paper.arxiv_id for outcome in shown for item in _telling_evidence(outcome)]
        first = question_or(asked.first, known, plain[0])
        second = question_or(asked.second, known, plain[1])
        return (first, second) if first != second else (first, plain[1])


async def _together(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results in order. Everything is awaited before the first error is raised, so nothing is left running."""
    results = await asyncio.gather(*work, return_exceptions=True)
    done: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


# --- what an answer may amount to ---------------------------------------------------------------------------


def stance_of(bears: Bearing, finding: Found, same_setting: bool) -> Stance | None:
    """The stance that a reading amounts to; None where the model could not tell or said two things.

    A contradiction in another setting leaves room for the claim, so it relaxes and never overturns.
    """
    if bears == "no":
        return "neutral"
    if bears == "unsure" or finding == "unrelated":
        return None
    if finding == "agrees":
        return "supports"
    return "overturns" if finding == "contradicts" and same_setting else "relaxes"


def answers_of(readings: Readings, papers: Sequence[Paper]) -> list[Answer]:
    """One answer per paper; a number the model left out or used twice is not judged, an invented one is dropped."""
    times = Counter(reading.candidate for reading in readings.answers)
    by_number = {reading.candidate: reading for reading in readings.answers}
    answers: list[Answer] = []
    for number, paper in enumerate(papers, 1):
        if times[number] == 1:
            answers.append(answer_of(by_number[number], paper))
        else:
            said = "left this paper out" if not times[number] else "answered twice for this paper"
            answers.append(NotJudged(reason=f"the model {said}"))
    return answers


def answer_of(reading: Reading, paper: Paper) -> Answer:
    """What the model's reading of one paper amounts to."""
    stance = stance_of(reading.bears, reading.finding, reading.same_setting)
    quote = quote_of(reading.sentence, reading.span, paper.text)
    if stance is None:
        return Abstained(reason=_reason(reading.reason, paper, "the text does not say enough to tell"), quote=quote)
    if not quote and stance != "neutral":
        return NotJudged(reason="the model pointed at no sentence of the paper")
    strength = min(max(reading.strength, 1), 3)
    reason = _reason(reading.reason, paper, _PLAIN_REASON[stance])
    return Judgement(stance=stance, voice=reading.voice, strength=strength, quote=quote, reason=reason)


def confirmed(first: Judgement, look: SecondLook, paper: Paper) -> Answer:
    """An overturn after the second look: it stands if all three questions are answered with yes.

    Doubt about the setting or the core leaves a finding that narrows the claim. Doubt whether it is the paper's
    own finding leaves nothing to count.
    """
    reason = _reason(look.reason, paper, first.reason)
    quote = quote_of(look.sentence, "", paper.text) or first.quote
    if look.asserted == "unsure":
        return Abstained(reason=f"It may contradict the claim; the second look could not tell. {reason}", quote=quote)
    if look.asserted == look.same_setting == look.contradicts_core == "yes":
        return first.model_copy(update={"reason": reason, "quote": quote})
    voice: Voice = "reported" if look.asserted == "no" else "asserted"
    return first.model_copy(update={"stance": "relaxes", "voice": voice, "reason": reason, "quote": quote})


def quote_of(sentence: int, span: str, text: str) -> str:
    """The passage that the model points at, in the text's own characters; empty where it points at nothing.

    A sentence by its number is a quote by construction. Words copied out of it replace it only where they
    stand in it, are no mere phrase, and leave no negation behind.
    """
    numbered = {item.number: text[item.start : item.end] for item in sentences(text)}
    whole = numbered.get(sentence, "")
    found = locate(span, whole or text) if len(span.split()) >= SHORTEST_SPAN else None
    if not isinstance(found, Located):
        return whole
    if not whole:  # a number that is none, beside words that stand in the text
        within = [item for item in sentences(text) if item.start < found.quote.end and found.quote.start < item.end]
        whole = text[within[0].start : within[-1].end] if within else found.quote.text
        found = locate(span, whole)
    if not isinstance(found, Located) or _NEGATION.search(whole[: found.quote.start] + " " + whole[found.quote.end :]):
        return whole
    return found.quote.text


def narrowed(words: Scoping, plain: Scope, verdict: Verdict, known: Collection[str]) -> Scope:
    """The model's words as far as they can be printed. What is overturned is perishable, whatever it says."""
    return Scope(
        durability="perishable" if verdict.state == "overturned" else words.durability,
        durable_question=question_or(words.durable_question, known, plain.durable_question),
        perishable_limitation=_words_or(
            words.perishable_limitation, LONGEST_LIMITATION, known, plain.perishable_limitation
        ),
        rationale=_words_or(words.rationale, LONGEST_RATIONALE, known, plain.rationale),
    )


def question_or(words: str, known: Collection[str], instead: str) -> str:
    """The question, if it is one and names no unknown paper."""
    asked = _words_or(words, LONGEST_QUESTION, known, instead)
    return asked if asked.endswith("?") else instead


def only_known_ids(words: str, known: Collection[str], instead: str) -> str:
    """The words, or `instead` where they name a paper that is not among `known`, or an address.

    An id that exists is not enough: it must be one that a paper source returned for this very claim.
    Author-year mentions (`et al.`, `Smith (2025)`) cannot be resolved and count as unknown.
    """
    folded = _ARXIV_ADDRESS.sub("arXiv:", unicodedata.normalize("NFKC", words))
    named = {match.group(1).casefold() for match in _ID.finditer(folded)}
    bare = _ID.sub("\0", folded)
    if named - {arxiv_id.casefold() for arxiv_id in known} or _ADDRESS.search(bare) or _WRITTEN_ID.search(bare):
        return instead
    return instead if _CITED.search(_MONTH.sub("", bare)) else words


def _words_or(words: str, limit: int, known: Collection[str], instead: str) -> str:
    return cut(only_known_ids(cut(words, 4 * limit), known, ""), limit) or instead


_PLAIN_REASON: Mapping[Stance, str] = {
    "supports": "The quoted sentence agrees with the claim.",
    "relaxes": "The quoted sentence narrows the claim or lifts a limit in it.",
    "overturns": "The quoted sentence contradicts the claim.",
    "neutral": "It bears on nothing in the claim.",
}
"""Where the model's own reason cannot be printed."""


def _reason(words: str, paper: Paper, instead: str) -> str:
    return _words_or(words, LONGEST_REASON, [paper.arxiv_id], instead)


def _sentence_at(quote: str, text: str) -> int:
    """The number of the sentence in which a quote begins."""
    at = text.find(quote)
    return next((item.number for item in sentences(text) if item.start <= at < item.end), 1)


# --- what the model is shown --------------------------------------------------------------------------------


def claim_block(claim: Claim, anchors: Sequence[Paper]) -> str:
    """The claim with the papers it summarises, fenced."""
    lines = [f"Title: {claim.title}", f"Claim: {cut(claim.text, 2000)}"]
    if claim.stated:
        lines.append(f"Stated for: {claim.stated.text}")
    for paper in anchors[:ANCHORS_SHOWN]:
        lines.append(f"It summarises a paper of {paper.published}: {cut(paper.title, 300)}")
        lines.append(f"That paper says: {cut(paper.text, 2500)}")
    return fence("claim", lines)


def candidate_block(paper: Paper, number: int) -> str:
    """A candidate with its sentences numbered, fenced."""
    lines = [f"Published: {paper.published} ({paper.text_kind})", f"Title: {cut(paper.title, 300)}"]
    return fence(f"candidate {number}", [*lines, *(f"[{item.number}] {item.shown}" for item in sentences(paper.text))])


def evidence_block(evidence: Evidence) -> str:
    """A piece of evidence with its id, fenced."""
    paper = evidence.paper
    return fence(
        "evidence",
        [
            f"arXiv:{paper.arxiv_id}, published {paper.published}: {cut(paper.title, 300)}",
            f"Stance: {evidence.stance}, {evidence.voice}, strength {evidence.strength} of 3",
            f"Quote: {cut(evidence.quote.text, 600)}",
            f"Reading: {evidence.reason}",
        ],
    )


def outcome_block(outcome: Outcome) -> str:
    """A claim with its verdict and the evidence that settled it, fenced."""
    claim, verdict = outcome.claim, outcome.verdict
    lines = [
        f"Title: {claim.title}",
        f"Claim: {cut(claim.text, 800)}",
        f"State: {verdict.state}, {verdict.durability}",
        f"Perishable: {verdict.perishable_limitation}",
    ]
    for item in _telling_evidence(outcome):
        lines.append(f"arXiv:{item.paper.arxiv_id} ({item.paper.published}) {item.stance}: {cut(item.quote.text, 400)}")
    return fence("claim", lines)


_STILLNESS = {"overturned": 0, "contested": 1, "relaxed": 2, "upheld": 3, "untested": 4, "unreachable": 5}
"""What moved most comes first."""


def _telling_evidence(outcome: Outcome) -> list[Evidence]:
    asserted = [item for item in outcome.evidence if item.voice == "asserted"]
    return sorted(asserted, key=lambda item: (item.stance == "supports", -item.strength))[:3]
