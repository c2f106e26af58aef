"""Small real implementations of the seams, fed with answers and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from retest.errors import SourceUnreachable
from retest.judges import Scope
from retest.models import (
    Answer,
    Claim,
    Evidence,
    Fidelity,
    Hit,
    Judgement,
    Outcome,
    Paper,
    Place,
    Query,
    Search,
    Seed,
    Verdict,
)
from retest.report import SCHEMA, ClaimRecord, EvidenceRecord, JudgeRecord, Report
from retest.sources.store import Store


def paper(arxiv_id: str, title: str, text: str, published: str, **more: object) -> Paper:
    """A paper, in short."""
    fields = {"authors": ("A. Author",), "text_kind": "digest"} | more
    return Paper.model_validate({"arxiv_id": arxiv_id, "title": title, "text": text, "published": published} | fields)


def claim(title: str, text: str, **more: object) -> Claim:
    """A claim at line 1 of `a.md`, in short."""
    fields = {"id": "claim", "places": (Place(file="a.md", line=1),)} | more
    return Claim.model_validate({"title": title, "text": text} | fields)


class ScriptedJudge:
    """Answers as told by paper id, neutral otherwise; `asked` lists every pair it was asked about."""

    kind = "embedded"
    model = "scripted"
    upholds = True

    def __init__(self, answers: Mapping[str, Answer] | None = None, prompts: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers or {})
        self.prompts = dict(prompts or {"script": "1"})
        self.asked: list[tuple[str, str]] = []
        self.closed = 0

    async def weigh(self, claim: Claim, anchors: Sequence[Paper], papers: Sequence[Paper]) -> list[Answer]:
        self.asked += [(claim.id, paper.arxiv_id) for paper in papers]
        return [self.answers.get(paper.arxiv_id, Judgement(stance="neutral")) for paper in papers]

    async def scope(self, claim: Claim, verdict: Verdict, evidence: Sequence[Evidence]) -> Scope:
        return Scope(
            durability="durable" if verdict.state == "upheld" else "perishable",
            durable_question=f"Still open: {claim.title}",
            perishable_limitation="The models of its time.",
            rationale=f"{len(evidence)} papers bear on it.",
        )

    async def ask(self, seed: Seed, outcomes: Sequence[Outcome]) -> tuple[str, str]:
        return "What if it moved?", "What if it did not?"

    async def aclose(self) -> None:
        self.closed += 1


class ShelfSource:
    """A source over a few papers; `broken` makes every request fail, `lost` those for a word."""

    name = "arxiv"
    until: date | None = None

    def __init__(self, papers: Sequence[Paper], broken: bool = False, lost: str = "") -> None:
        self.store = Store(None)
        self.store.add(papers)
        self.broken, self.lost = broken, lost
        self.requests = 0
        self.queries: list[Query] = []

    def lookup(self, arxiv_ids: Sequence[str]) -> dict[str, Paper]:
        self._count(" ".join(arxiv_ids))
        return self.store.get(arxiv_ids)

    def search(self, query: Query) -> list[Hit]:
        self.queries.append(query)
        self._count(" ".join(query.terms))
        return self.store.find(query)

    def find(self, query: Query) -> list[Hit]:
        return self.store.find(query)

    def _count(self, asked: str) -> None:
        self.requests += 1
        if self.broken or (self.lost and self.lost in asked):
            raise SourceUnreachable("arXiv did not answer (429); ask again later")


AS_OF = date(2026, 8, 31)
SINCE = date(2026, 2, 28)


def record_of(state: str = "relaxed", **more: object) -> ClaimRecord:
    """A claim's record, `small-ponds`, in short; `evidence` as pairs of id and stance, or whole records."""
    evidence = more.pop("evidence", ())
    fields: dict[str, object] = {
        "id": "small-ponds",
        "aliases": (),
        "title": "Do small ponds freeze first?",
        "text": "Small ponds freeze first.",
        "seeds": (Place(file="a.md", line=5),),
        "leaning": (),
        "stated_date": None,
        "effective_date": "2025-01-02",
        "dated_by": "anchor",
        "anchor": None,
        "further_anchors": (),
        "unanchored_reason": "no paper shares its words",
        "findings": (),
        "fidelity": Fidelity(status="unchecked"),
        "durability": "durable" if state == "upheld" else "perishable",
        "state": state,
        "confidence": 0.5,
        "absence": None,
        "durable_question": "Which ponds freeze first?",
        "perishable_limitation": "Ponds without salt.",
        "rationale": "",
        "evidence": tuple(e if isinstance(e, EvidenceRecord) else evidence_of(*e) for e in evidence),  # type: ignore[attr-defined]
        "contested_at_birth": (),
        "unplaced": (),
        "searched": Search(queries=(), found=0, judged=0),
        "changed_on": "2026-01-31",
    }
    return ClaimRecord.model_validate(fields | more)


def evidence_of(arxiv_id: str, stance: str = "relaxes", strength: int = 2, **more: object) -> EvidenceRecord:
    """One piece of asserted evidence, in short."""
    fields = {
        "arxiv_id": arxiv_id, "title": f"Paper {arxiv_id}", "authors": (), "published": "2026-06-20", "stance": stance,
        "voice": "asserted", "strength": strength, "quote": "It is so.", "start": 0, "end": 9, "text_kind": "digest",
        "reason": "It says so.", "recent": True,
    }  # fmt: skip
    return EvidenceRecord.model_validate(fields | more)


def report_of(*records: ClaimRecord, state: str = "relaxed", as_of: date = date(2026, 6, 30), **more: object) -> Report:
    """A report of these claims, or of one."""
    fields: dict[str, object] = {
        "schema": SCHEMA,
        "as_of": as_of,
        "since": "2026-01-01",
        "source": "arxiv",
        "judge": JudgeRecord(kind="embedded", model="embedded-1", prompts={"weights": "1"}),
        "claims": records or (record_of(state),),
        "seeds": (),
        "partial": (),
    }
    return Report.model_validate(fields | more)
