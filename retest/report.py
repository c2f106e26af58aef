"""Assembles a run's outcomes into the report that every output file is rendered from: `verdicts.json` is its dump."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import Field

from retest.ledger import digest
from retest.models import (
    Absence,
    Cause,
    Durability,
    Evidence,
    Fidelity,
    Finding,
    FoundBy,
    Outcome,
    Paper,
    Place,
    Search,
    Seed,
    Stance,
    State,
    TextKind,
    Unplaced,
    Value,
    Voice,
)

SCHEMA = "retest-verdicts-1"


class JudgeRecord(Value):
    """Who judged: a changed hash makes another judge of it."""

    kind: str
    model: str
    prompts: dict[str, str]


def judge_mark(judge: JudgeRecord) -> str:
    """A short name for a judge with its prompts."""
    return digest(judge.model_dump(mode="json"))[:8]


class AnchorRecord(Value):
    """A paper that a claim summarises."""

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    published: date
    score: float
    found_by: FoundBy = "search"


class EvidenceRecord(Value):
    """A paper's stance with its quote: characters `start` to `end` of the paper's text."""

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    published: date
    stance: Stance
    voice: Voice
    strength: int
    quote: str
    start: int
    end: int
    text_kind: TextKind
    reason: str
    recent: bool
    version: int = 1
    """Of the paper that was read."""


class UnplacedRecord(Value):
    """A paper near the claim that the judge could not place."""

    arxiv_id: str
    title: str
    authors: tuple[str, ...]
    published: date
    quote: str
    reason: str


class Leaning(Value):
    """An essay sentence that cites the claim."""

    file: str
    line: int
    sentence: str


class Pending(Value):
    """A change that awaits its confirmation: one paper of less than full strength does not turn a verdict."""

    state: State
    durability: Durability
    since: date
    """The day of the audit that found it first."""
    cause: Cause | None = None
    papers: tuple[str, ...] = ()
    """What brought it about then: on the night that confirms it nothing is new any more."""


class AckRecord(Value):
    """A person's word on the claim."""

    decision: str
    note: str
    on: date
    state: str = ""
    """The claim's when the word was given."""


class ClaimRecord(Value):
    """Everything known about one claim."""

    id: str
    aliases: tuple[str, ...]
    title: str
    text: str
    seeds: tuple[Place, ...]
    leaning: tuple[Leaning, ...]
    stated_date: str | None
    effective_date: date
    dated_by: str
    anchor: AnchorRecord | None
    further_anchors: tuple[AnchorRecord, ...]
    unanchored_reason: str | None
    findings: tuple[Finding, ...]
    fidelity: Fidelity
    durability: Durability
    state: State
    confidence: float
    absence: Absence | None
    durable_question: str
    perishable_limitation: str
    rationale: str
    evidence: tuple[EvidenceRecord, ...]
    contested_at_birth: tuple[EvidenceRecord, ...]
    unplaced: tuple[UnplacedRecord, ...]
    searched: Search
    withdrawn: tuple[str, ...] = ()
    """Ids that an earlier run cited and that have been withdrawn since."""
    changed_on: date
    changed_by: Cause | None = None
    pending: Pending | None = None
    ack: AckRecord | None = None
    audited: date | None = None
    """The day of the audit that last looked at it, where that is not this report's."""
    source: str = ""
    judge: str = ""
    """Whose verdict it is, where it is not that of this report's: a hash of the judge's record."""


class SeedRecord(Value):
    """One document: its claims in the order in which it cites them."""

    file: str
    stem: str
    question: str
    gloss: str
    claims: tuple[str, ...]
    findings: tuple[Finding, ...]
    new_work: tuple[str, ...]
    """Evidence of the recent window, the strongest first."""
    questions: tuple[str, str]
    audited: date | None = None
    """The day to which an earlier run audited it, where this one was asked about other seeds only."""


class Partial(Value):
    """A claim, or a seed, that this run could not finish."""

    claim: str
    reason: str


class Report(Value):
    """One run."""

    schema_name: str = Field(default=SCHEMA, alias="schema")
    as_of: date
    since: date
    source: str
    judge: JudgeRecord
    claims: tuple[ClaimRecord, ...]
    seeds: tuple[SeedRecord, ...]
    partial: tuple[Partial, ...]
    source_until: date | None = None
    """The day of the source's newest record, where that is more than a week before the audit's."""

    def claim(self, claim_id: str) -> ClaimRecord:
        """The claim with this id."""
        return next(claim for claim in self.claims if claim.id == claim_id)

    def to_json(self) -> str:
        """The text of `verdicts.json`."""
        return self.model_dump_json(by_alias=True, indent=2, ensure_ascii=False) + "\n"


def claim_record(outcome: Outcome, since: date, changed_on: date) -> ClaimRecord:
    """An outcome as it is written down."""
    claim, verdict = outcome.claim, outcome.verdict
    anchors = [
        AnchorRecord(score=anchor.score, found_by=anchor.found_by, **_facts(anchor.paper))
        for anchor in (outcome.anchoring.anchors if outcome.anchoring.kind == "anchored" else ())
    ]
    return ClaimRecord(
        id=claim.id,
        aliases=claim.aliases,
        title=claim.title,
        text=claim.text,
        seeds=claim.places,
        leaning=tuple(Leaning(file=s.place.file, line=s.place.line, sentence=s.text) for s in claim.leaning),
        stated_date=claim.period.text if claim.period else None,
        effective_date=outcome.effective_date,
        dated_by=outcome.dated_by,
        anchor=anchors[0] if anchors else None,
        further_anchors=tuple(anchors[1:]),
        unanchored_reason=outcome.anchoring.reason if outcome.anchoring.kind == "unanchored" else None,
        findings=outcome.findings,
        fidelity=outcome.fidelity,
        durability=verdict.durability,
        state=verdict.state,
        confidence=verdict.confidence,
        absence=verdict.absence,
        durable_question=verdict.durable_question,
        perishable_limitation=verdict.perishable_limitation,
        rationale=verdict.rationale,
        evidence=tuple(_evidence(item, since) for item in outcome.evidence),
        contested_at_birth=tuple(_evidence(item, since) for item in outcome.at_birth),
        unplaced=tuple(_unplaced(item) for item in outcome.unplaced),
        searched=outcome.search,
        withdrawn=outcome.withdrawn,
        changed_on=changed_on,
    )


def _facts(paper: Paper) -> dict[str, object]:
    return {name: getattr(paper, name) for name in ("arxiv_id", "title", "authors", "published")}


def _evidence(item: Evidence, since: date) -> EvidenceRecord:
    return EvidenceRecord.model_validate(
        _facts(item.paper)
        | item.model_dump(include={"stance", "voice", "strength", "reason"})
        | {"quote": item.quote.text, "start": item.quote.start, "end": item.quote.end}
        | {"text_kind": item.paper.text_kind, "recent": item.paper.published >= since, "version": item.paper.version}
    )


def _unplaced(item: Unplaced) -> UnplacedRecord:
    quote = item.quote.text if item.quote else ""
    return UnplacedRecord.model_validate(_facts(item.paper) | {"quote": quote, "reason": item.reason})


def claims_of(seed: Seed, records: Sequence[ClaimRecord]) -> tuple[str, ...]:
    """Ids of the claims that a seed carries, in the order of its lines."""
    lines = {place.line: record.id for record in records for place in record.seeds if place.file == seed.file}
    return tuple(lines[line] for line in sorted(lines))


def new_work(records: Sequence[ClaimRecord]) -> tuple[str, ...]:
    """Ids of the recent evidence for these claims: what weighs against first, then the strongest, then the newest."""
    recent = [item for record in records for item in record.evidence if item.recent and item.voice == "asserted"]
    order = {"overturns": 0, "relaxes": 1, "supports": 2}
    recent.sort(key=lambda e: (order[e.stance], -e.strength, -e.published.toordinal(), e.arxiv_id))
    return tuple(dict.fromkeys(item.arxiv_id for item in recent))


def anchors_of(record: ClaimRecord) -> tuple[AnchorRecord, ...]:
    """The papers that the claim summarises, the best first."""
    return (record.anchor, *record.further_anchors) if record.anchor else ()


Cited = AnchorRecord | EvidenceRecord | UnplacedRecord


def cited_papers(report: Report) -> Mapping[str, Cited]:
    """Every paper a report names, by id, sorted."""
    cited: dict[str, Cited] = {}
    for record in report.claims:
        named: tuple[Cited, ...] = (*anchors_of(record), *record.evidence, *record.contested_at_birth, *record.unplaced)
        for paper in named:
            cited.setdefault(paper.arxiv_id, paper)
    return dict(sorted(cited.items()))
