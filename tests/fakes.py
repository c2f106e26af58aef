"""Small real implementations of the seams, fed with answers and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from retest.errors import SourceUnreachable
from retest.judges import Scope
from retest.models import Answer, Claim, Evidence, Hit, Judgement, Outcome, Paper, Place, Query, Seed, Verdict
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

    def __init__(self, answers: Mapping[str, Answer] | None = None, prompts: Mapping[str, str] | None = None) -> None:
        self.answers = dict(answers or {})
        self.prompts = dict(prompts or {"script": "1"})
        self.asked: list[tuple[str, str]] = []

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


class ShelfSource:
    """A source over a few papers; `broken` makes every request fail, `lost` those for a word."""

    name = "arxiv"

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
