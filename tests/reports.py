"""Reports to render, made by hand: small, and as unkind as the world is."""

from __future__ import annotations

from datetime import date

from retest.models import Fidelity, Finding, Place, Search
from retest.report import (
    AnchorRecord,
    ClaimRecord,
    EvidenceRecord,
    JudgeRecord,
    Leaning,
    Partial,
    Report,
    SeedRecord,
    UnplacedRecord,
)

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1)) {0} \\ `x`",
    "=HYPERLINK(1) & $x^2$ #12 @you \u202edesrever\x1b[31m",
    "::error::gone\n::set-output name=x::y",
)
DAY = date(2026, 8, 31)
SINCE = date(2026, 2, 28)


def evidence(arxiv_id: str, stance: str, published: str, **more: object) -> EvidenceRecord:
    """A paper's stance, in short."""
    fields = {
        "title": f"Paper {arxiv_id}",
        "authors": ("Ada van der Berg", "Bo Li", "The Large Team"),
        "voice": "asserted",
        "strength": 2,
        "quote": "It does.",
        "start": 0,
        "end": 8,
        "text_kind": "digest",
        "reason": "It says so.",
        "recent": published >= SINCE.isoformat(),
    }
    return EvidenceRecord.model_validate(
        fields | {"arxiv_id": arxiv_id, "stance": stance, "published": published} | more
    )


def anchor(arxiv_id: str, **more: object) -> AnchorRecord:
    """A claim's own paper, in short."""
    fields = {"title": f"Anchor {arxiv_id}", "authors": ("Ada Lovelace",), "published": "2024-03-01", "score": 0.9}
    return AnchorRecord.model_validate(fields | {"arxiv_id": arxiv_id} | more)


def record(claim_id: str, state: str, *bearing: EvidenceRecord, line: int = 10, **more: object) -> ClaimRecord:
    """A claim of `seeds/a.md`, in short."""
    fields = {
        "id": claim_id,
        "aliases": (),
        "title": f"Does {claim_id} hold?",
        "text": f"Telling of {claim_id}.",
        "seeds": (Place(file="seeds/a.md", line=line),),
        "leaning": (Leaning(file="seeds/a.md", line=line - 7, sentence=f"An essay leans on {claim_id}."),),
        "stated_date": None,
        "effective_date": "2024-03-01",
        "dated_by": "anchor",
        "anchor": anchor("2403.00001"),
        "further_anchors": (),
        "unanchored_reason": None,
        "findings": (),
        "fidelity": Fidelity(status="faithful"),
        "durability": "durable" if state == "upheld" else "perishable",
        "state": state,
        "confidence": 0.7,
        "absence": "nothing newer found" if state == "untested" else None,
        "durable_question": "What stays open?",
        "perishable_limitation": "Small models.",
        "rationale": "One paper bears on it.",
        "evidence": bearing,
        "contested_at_birth": (),
        "unplaced": (),
        "searched": Search(queries=("holds, does",), found=4, judged=2),
        "changed_on": "2026-08-01",
    }
    return ClaimRecord.model_validate(fields | more)


def report(*records: ClaimRecord, **more: object) -> Report:
    """A report of one essay over these claims."""
    fields = {
        "schema": "retest-verdicts-1",
        "as_of": DAY,
        "since": SINCE,
        "source": "catalogue",
        "judge": JudgeRecord(kind="embedded", model="scripted", prompts={"script": "1"}),
        "claims": records,
        "seeds": (
            SeedRecord(
                file="seeds/a.md",
                stem="a",
                question="What lasts?",
                gloss="An essay.",
                claims=tuple(item.id for item in records),
                findings=(),
                new_work=tuple(e.arxiv_id for item in records for e in item.evidence if e.recent),
                questions=("What if?", "What if not?"),
            ),
        ),
        "partial": (),
    }
    return Report.model_validate(fields | more)


def small_report() -> Report:
    """One claim in each state that matters."""
    year = Finding(kind="year", message="stated as 2022, posted in 2024", file="seeds/a.md", line=31)
    bare = Finding(kind="unanchored", message="no paper could be found for it", file="seeds/a.md", line=40)
    return report(
        record("scale", "overturned", evidence("2607.00001", "overturns", "2026-07-01", strength=3), findings=(year,)),
        record("trust", "contested", evidence("2606.00002", "supports", "2026-06-01"),
               evidence("2606.00003", "overturns", "2026-06-02"), line=20),
        record("depth", "relaxed", evidence("2501.00004", "relaxes", "2025-01-05"), line=30, changed_on="2025-02-01"),
        record("width", "untested", line=40, anchor=None, unanchored_reason="nothing near", dated_by="undated",
               findings=(bare,)),
        record("taste", "upheld", evidence("2502.00005", "supports", "2025-02-05"), line=50),
    )  # fmt: skip


def hostile_report() -> Report:
    """Every field that holds words of others holds bad ones."""
    words = " ".join(HOSTILE)
    paper = evidence("2607.00001", "overturns", "2026-07-01", title=words, authors=(words,), quote=words, reason=words)
    near = UnplacedRecord(
        arxiv_id="2607.00009", title=words, authors=(words,), published=DAY, quote=words, reason=words
    )
    worst = record(
        "worst", "overturned", paper, title=words, text=words, rationale=words, durable_question=words,
        perishable_limitation=words, anchor=anchor("2403.00001", title=words, authors=(words,)), unplaced=(near,),
        leaning=(Leaning(file="seeds/a b#c.md", line=3, sentence=words),), contested_at_birth=(paper,),
        findings=(Finding(kind="numbers", message=words, file="seeds/a b#c.md", line=9),),
        fidelity=Fidelity(status="misstated", notes=(words,)), searched=Search(queries=(words,), found=1, judged=1),
    )  # fmt: skip
    whole = report(worst, partial=(Partial(claim="worst", reason=words),))
    seed = whole.seeds[0].model_copy(update={"question": words, "gloss": words, "questions": (words, words)})
    return whole.model_copy(update={"seeds": (seed,)})
